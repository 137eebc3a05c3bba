"""The words of a digest: its title, and the one sentence that says what happened."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from handlers.views.layout import NOTHING, SEPARATOR
from handlers.views.text import plural
from handlers.views.times import duration

_CALLED = {"day": "days", "week": "weeks", "month": "months"}


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


def chart_title(numbers: Mapping[str, Any]) -> str:
    """Return what the chart shows."""
    return f"Production deploys, last {len(numbers['history'])} {_CALLED[numbers['length']]}"


def headline(numbers: Mapping[str, Any], side: str) -> str:
    """Return the one sentence that says what happened: dev hears what went out, ops what broke and what moved."""
    if is_quiet(numbers):
        return f"A quiet {numbers['length']}: no deploys to production, no small changes, no incidents."
    incidents, changes = _incidents(numbers), _changes(numbers)
    if side == "ops":
        sentence = f"{incidents}; production took {_comma(_deploys(numbers), changes)}"
    else:
        sentence = _comma(_deploys(numbers, " to production"), changes, incidents)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def is_quiet(numbers: Mapping[str, Any]) -> bool:
    """Say whether nothing happened and nothing is open, as far as anything is known at all."""
    incidents, deploys = numbers["incidents"], numbers["deploys"]
    if incidents is None or deploys["succeeded"] is None:
        return False
    happened = (incidents[word] for word in ("opened", "acknowledged", "resolved", "open"))
    return not any((*deploys.values(), numbers["changes"], *happened))


def _deploys(numbers: Mapping[str, Any], where: str = "") -> str:
    deploys = numbers["deploys"]
    if deploys["succeeded"] is None:
        return f"{NOTHING} deploys{where} (no sender has told of any yet)"
    ended = [f"{deploys[word]} {word}" for word in ("failed", "canceled") if deploys[word]]
    return f"*{plural(deploys['succeeded'], 'deploy')}*{where}" + (f" ({', '.join(ended)} besides)" if ended else "")


def _changes(numbers: Mapping[str, Any]) -> str:
    return plural(numbers["changes"], "small change") if numbers["changes"] else ""


def _incidents(numbers: Mapping[str, Any]) -> str:
    incidents = numbers["incidents"]
    if incidents is None:
        return f"{NOTHING} incidents (no sender was heard yet)"
    still = f"{incidents['open']} still open" if incidents["open"] else ""
    if not (incidents["opened"] or incidents["resolved"]):
        return _comma("no new incidents", still)
    return _comma(
        f"*{plural(incidents['opened'], 'incident')}* opened", f"{incidents['resolved']} resolved", still or "none open"
    )


def spread(spread: Mapping[str, Any], why_not: str) -> str:
    """Return a median with its 90th percentile and how many it was taken over, or why there is none."""
    if spread["median_s"] is None:
        return f"{NOTHING} ({why_not})"
    lengths = [f"{word} {duration(spread[key])}" for word, key in (("median", "median_s"), ("p90", "p90_s"))]
    return SEPARATOR.join([*lengths, f"n = {spread['n']}"])


def _comma(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
