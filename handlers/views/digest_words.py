"""The words of a digest: its title, and the one sentence that says what changed."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from handlers.views.layout import NOTHING
from handlers.views.silence import EVERY_SENDER_SILENT, is_silenced
from handlers.views.text import plural
from handlers.views.times import duration

_BEFORE: Final = {"day": "the day before", "week": "the week before", "month": "the month before"}
_LENGTHS: Final = {"day": "days", "week": "weeks", "month": "months"}


def title(numbers: Mapping[str, Any]) -> str:
    """Return what a period is called: `Sunday 1 March 2026`, `Week 9, 23 Feb – 1 Mar 2026`, `February 2026`."""
    first, last = (date.fromisoformat(numbers[end]) for end in ("first", "last"))
    if numbers["length"] == "day":
        name = f"{first:%A} {first.day} {first:%B %Y}"
    elif numbers["length"] == "month":
        name = f"{first:%B %Y}"
    else:
        name = f"Week {first.isocalendar().week}, {_day(first)} – {_day(last)} {last.year}"
    return f"{name} so far" if numbers["is_running"] else name


def label(first: str, length: str) -> str:
    """Return how a period is marked on an axis, at most 20 characters."""
    day = date.fromisoformat(first)
    if length == "week":
        return f"W{day.isocalendar().week}"
    return f"{day:%b %Y}" if length == "month" else _day(day)


def lengths(numbers: Mapping[str, Any]) -> str:
    """Return `days`, `weeks` or `months`."""
    return _LENGTHS[numbers["length"]]


def before(numbers: Mapping[str, Any]) -> str:
    """Return `the week before`."""
    return _BEFORE[numbers["length"]]


def headline(numbers: Mapping[str, Any], side: str) -> str:
    """Return the one sentence that says what changed: dev hears of what went out first, ops of what broke."""
    if is_quiet(numbers):
        was = numbers["previous"]["deploys"]
        ago = f" ({was:,} {before(numbers)})" if was else ""
        return f"A quiet {numbers['length']}: no deploys to production{ago}, no small changes, no incidents."
    is_ops = side == "ops"
    deploys, incidents = _deploys(numbers, in_full=not is_ops), _incidents(numbers, in_full=is_ops)
    if is_ops:
        clauses = [incidents, *_moved(numbers, "mttr", "time to restore"), deploys, *_failed(numbers)]
    else:
        clauses = [deploys, *_fail_rate(numbers), *_moved(numbers, "lead_time", "lead time"), incidents]
    sentence = "; ".join(clauses)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def is_quiet(numbers: Mapping[str, Any]) -> bool:
    """Say whether nothing happened, nothing is open and nothing moved, as far as anything is known at all."""
    now = numbers["now"]
    if now["incidents_started"] is None or now["deploys"] is None:
        return False
    counts = ("deploys", "deploy_attempts_failed", "incidents_started", "incidents_open", "mtta_n", "mttr_n", "changes")
    return not any(now[count] for count in counts) and not numbers["corrections"]


def _deploys(numbers: Mapping[str, Any], *, in_full: bool) -> str:
    now = numbers["now"]
    if now["deploys"] is None:
        why = EVERY_SENDER_SILENT if is_silenced(now, "deploys") else "no sender was heard of any"
        return f"{NOTHING} deploys ({why})"
    ended = now["deploy_attempts_failed"]
    besides = f"{plural(ended, 'attempt')} failed before production" if ended else ""
    # What came before stands in brackets while the period runs: two of them would read as one.
    besides = besides and (f", {besides}" if numbers["is_running"] else f" ({besides})")
    changes = f", {plural(now['changes'], 'small change')}" if now["changes"] else ""
    said = f"*{plural(now['deploys'], 'deploy')}*" if now["deploys"] else "no deploys"
    return f"{said}{_than_before(numbers, 'deploys', in_full=in_full)}{besides}{changes}"


def _incidents(numbers: Mapping[str, Any], *, in_full: bool) -> str:
    now = numbers["now"]
    if now["incidents_started"] is None:
        why = EVERY_SENDER_SILENT if is_silenced(now, "incidents_started") else "no sender was heard"
        return f"{NOTHING} incidents ({why})"
    still = f", {now['incidents_open']} open now" if now["incidents_open"] else ""
    said = f"*{plural(now['incidents_started'], 'incident')}*" if now["incidents_started"] else "no new incidents"
    return f"{said}{_than_before(numbers, 'incidents_started', in_full=in_full)}{still}"


def _than_before(numbers: Mapping[str, Any], key: str, *, in_full: bool) -> str:
    """Return `, 3 more than the week before`. A period that still runs has no equal to be measured against."""
    now, was = numbers["now"][key], numbers["previous"][key]
    if was is None or not (now or was):
        return ""
    if numbers["is_running"]:
        return f" so far ({was:,} in all of {before(numbers)})"
    if now == was:
        return f", as many as {before(numbers)}"
    than = f" than {before(numbers)}" if in_full else ""
    return f", {abs(now - was):,} {'more' if now > was else 'fewer'}{than}"


def _fail_rate(numbers: Mapping[str, Any]) -> Iterator[str]:
    """Say how the change fail rate moved: `change fail rate up from 1 of 9 to 3 of 12`."""
    told, moved = _failures(numbers)
    if moved:
        yield f"change fail rate {moved} to {told}"
    elif told:
        yield f"{told} failed"


def _failed(numbers: Mapping[str, Any]) -> Iterator[str]:
    """Say how many deployments failed: `3 of 12 failed, up from 1 of 9`."""
    told, moved = _failures(numbers)
    if told:
        yield f"{told} failed, {moved}" if moved else f"{told} failed"


def _failures(numbers: Mapping[str, Any]) -> tuple[str, str]:
    """Return `3 of 12` and `up from 1 of 9`; empty where nothing failed in either period, or where it did not move."""
    (k, n), (was_k, was_n) = ((one["cfr_failed"], one["cfr_denominator"]) for one in _both(numbers))
    if not n or not (k or was_k):
        return "", ""
    if not was_n or numbers["is_running"] or k * was_n == was_k * n:
        return (f"{k} of {n}" if k else ""), ""
    return f"{k} of {n}", f"{'up' if k * was_n > was_k * n else 'down'} from {was_k} of {was_n}"


def _moved(numbers: Mapping[str, Any], key: str, what: str) -> Iterator[str]:
    """Say how a median moved, where both periods know it and it moved by more than a tenth."""
    now, was = (one[f"{key}_median_s"] for one in _both(numbers))
    if numbers["is_running"] or now is None or was is None or abs(now - was) <= max(now, was) / 10:
        return
    way = "up" if now > was else "down"
    yield f"{what} {way} from {duration(was)} to {duration(now)}"


def _both(numbers: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return numbers["now"], numbers["previous"]


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
