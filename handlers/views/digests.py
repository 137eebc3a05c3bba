"""Words a digest: one snapshot, the same numbers for both sides, each side's own question first."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol

from handlers.views import Block, Message
from handlers.views.charts import chart, table
from handlers.views.layout import NOTHING, context, header, joined, message, paragraphs, section
from handlers.views.text import escape, line, plural
from handlers.views.times import ago, duration, in_utc

_MOST_SERVICES: Final = 30
_MOST_OPEN: Final = 10
_MOST_NAMES: Final = 8


class Snapshot(Protocol):
    """What is shown; `models.store.digests.Snapshot` is one."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def bridge(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102
    @property
    def computed_at(self) -> datetime: ...  # noqa: D102
    @property
    def numbers(self) -> dict[str, Any]: ...  # noqa: D102


def digest(snapshot: Snapshot, side: str, *, by: str | None = None) -> Message:
    """Return a digest for one side. `by` names the person who asked for it."""
    numbers = snapshot.numbers
    said = headline(numbers, side)
    opening = [header(f"{_title(numbers)} · {snapshot.bridge}"), section(said), context(_period(snapshot, by))]
    closing = [*_open(numbers), *_honesty(numbers)]
    text = f"{_title(numbers)}, {escape(snapshot.bridge)}: {said}"
    if _is_quiet(numbers):
        return message(text, [*opening, *closing])
    fancy = message(text, [*opening, *_timings(numbers), *_charts(numbers), *_table(numbers), *closing])
    plain = message(text, [*opening, *_timings(numbers), *_in_words(numbers), *closing])
    return Message(text=fancy.text, blocks=fancy.blocks, plain_blocks=plain.blocks)


def headline(numbers: Mapping[str, Any], side: str) -> str:
    """Return the one sentence that says what happened; dev hears of its deploys first, ops of incidents."""
    if _is_quiet(numbers):
        return f"A quiet {numbers['length']}: no deploys to production, no changes, no incidents."
    parts = [_deploys_said(numbers), _changes_said(numbers), _incidents_said(numbers)]
    if side == "ops":
        parts = [parts[2], parts[0], parts[1]]
    sentence = ", ".join(part for part in parts if part)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _deploys_said(numbers: Mapping[str, Any]) -> str:
    deploys = numbers["deploys"]
    if deploys["succeeded"] is None:
        return "deploys: – (no sender has told of any yet)"
    failed = f", {deploys['failed']} failed" if deploys["failed"] else ""
    return f"*{plural(deploys['succeeded'], 'deploy')}* to production{failed}"


def _changes_said(numbers: Mapping[str, Any]) -> str:
    return plural(numbers["changes"], "small change") if numbers["changes"] else ""


def _incidents_said(numbers: Mapping[str, Any]) -> str:
    incidents = numbers["incidents"]
    if not (incidents["opened"] or incidents["resolved"] or incidents["open"]):
        return "no incidents"
    still = f", {incidents['open']} still open" if incidents["open"] else ", none open"
    return f"*{plural(incidents['opened'], 'incident')}* opened, {incidents['resolved']} resolved{still}"


def _is_quiet(numbers: Mapping[str, Any]) -> bool:
    incidents, deploys = numbers["incidents"], numbers["deploys"]
    happened = [deploys["failed"], deploys["canceled"], numbers["changes"], incidents["opened"], incidents["resolved"]]
    return deploys["succeeded"] == 0 and not any(happened) and not incidents["open"]


def _title(numbers: Mapping[str, Any]) -> str:
    first, last = (date.fromisoformat(numbers[end]) for end in ("first", "last"))
    if first == last:
        name = f"{first:%A} {_day(first)} {first.year}"
    elif numbers["length"] == "month":
        name = f"{first:%B} {first.year}"
    else:
        name = f"Week {first.isocalendar().week}, {_day(first)} – {_day(last)} {last.year}"
    return f"{name} so far" if numbers["is_running"] else name


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _period(snapshot: Snapshot, by: str | None) -> str:
    asked = f"asked for by {line(by, 60)}" if by else None
    as_of = f"as of {in_utc(snapshot.computed_at)}"
    return joined([escape(snapshot.timezone), as_of, f"snapshot {snapshot.id}" if snapshot.id else None, asked])


def _timings(numbers: Mapping[str, Any]) -> list[Block]:
    incidents = numbers["incidents"]
    if not (incidents["opened"] or incidents["resolved"]):
        return []
    acknowledge = f"*Time to acknowledge*  {_spread(incidents['acknowledge'], 'none was acknowledged')}"
    restore = f"*Time to restore*  {_spread(incidents['restore'], 'none was resolved')}"
    return [section(f"{acknowledge}\n{restore}")]


def _spread(spread: Mapping[str, Any], why_not: str) -> str:
    if spread["median_s"] is None:
        return f"{NOTHING} ({why_not})"
    return f"median {duration(spread['median_s'])} · p90 {duration(spread['p90_s'])} · n = {spread['n']}"


def _charts(numbers: Mapping[str, Any]) -> list[Block]:
    history = numbers["history"]
    if len(history) < 2 or not any(one["succeeded"] or one["failed"] for one in history):
        return []
    names = {"day": "days", "week": "weeks", "month": "months"}
    title = f"Production deploys, last {len(history)} {names[numbers['length']]}"
    labels = [_label(one["first"], numbers["length"]) for one in history]
    series = {"Succeeded": [one["succeeded"] for one in history], "Failed": [one["failed"] for one in history]}
    return [chart("bar", title, labels, series)]


def _label(first: str, length: str) -> str:
    day = date.fromisoformat(first)
    if length == "week":
        return f"W{day.isocalendar().week} {day.isocalendar().year % 100:02d}"
    return f"{day:%b} {day.year}" if length == "month" else _day(day)


def _services(numbers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the services in which anything happened, the busiest first."""
    columns = ("succeeded", "failed", "canceled", "changes", "incidents")
    active = [s for s in numbers["services"] if any(s[column] for column in columns)]
    return sorted(active, key=lambda s: -sum(s[column] or 0 for column in columns))


def _table(numbers: Mapping[str, Any]) -> list[Block]:
    services = _services(numbers)
    if not services:
        return []
    rows = [
        [line(s["name"], 60), s["succeeded"], s["failed"], s["changes"], s["incidents"]]
        for s in services[:_MOST_SERVICES]
    ]
    return [table("By service", ["Service", "Deployed", "Failed", "Changes", "Incidents"], rows), *_more(services)]


def _in_words(numbers: Mapping[str, Any]) -> list[Block]:
    """Return the table and the chart as lines."""
    services = _services(numbers)
    lines = [
        f"• *{line(s['name'], 60)}*  "
        + joined(
            [
                f"{_known(s['succeeded'])} deployed",
                f"{s['failed']} failed" if s["failed"] else None,
                plural(s["changes"], "change") if s["changes"] else None,
                plural(s["incidents"], "incident") if s["incidents"] else None,
            ]
        )
        for s in services[:_MOST_SERVICES]
    ]
    history = " · ".join(_past(one, numbers["length"]) for one in numbers["history"])
    blocks = paragraphs(["*By service*", *lines]) if lines else []
    if len(numbers["history"]) > 1:
        blocks.append(context(f"Production deploys: {history}"))
    return [*blocks, *_more(services)]


def _past(one: Mapping[str, Any], length: str) -> str:
    failed = f" ({one['failed']} failed)" if one["failed"] else ""
    return f"{_label(one['first'], length)}: {one['succeeded']}{failed}"


def _more(services: Sequence[Any]) -> list[Block]:
    left = len(services) - _MOST_SERVICES
    return [context(f"and {plural(left, 'more service')}: `/deploys` lists what went out")] if left > 0 else []


def _known(value: int | None) -> str:
    return NOTHING if value is None else str(value)


def _open(numbers: Mapping[str, Any]) -> list[Block]:
    listed = numbers["open"]
    if not listed:
        return []
    lines = [_open_line(incident) for incident in listed[:_MOST_OPEN]]
    left = len(listed) - _MOST_OPEN
    more = [f"and {left} more: `/incident list`"] if left > 0 else []
    return paragraphs(["*Still open*", *lines, *more])


def _open_line(incident: Mapping[str, Any]) -> str:
    started = incident["started_at"]
    age = f"since {ago(datetime.fromisoformat(started).astimezone(UTC))}" if started else "start unknown"
    where = escape(", ".join(incident["services"])) or "no service"
    return "• " + joined(
        [f"*INC-{incident['id']}* {line(incident['title'], 100)}", incident["severity"], where, incident["status"], age]
    )


def _honesty(numbers: Mapping[str, Any]) -> list[Block]:
    """Return the line that says what these numbers may lack."""
    silent = [line(s["name"], 40) for s in numbers["silent"]]
    unmapped = [line(n["name"], 40) for n in numbers["unmapped"]]
    lacking = [
        "this period still runs" if numbers["is_running"] else None,
        f"silent: {_some(silent)}" if silent else None,
        f"never heard: {_some([line(n, 40) for n in numbers['never_heard']])}" if numbers["never_heard"] else None,
        f"unmapped, not counted: {_some(unmapped)} (`/bridge map`)" if unmapped else None,
    ]
    return [context(f"⚠️ {joined(lacking)}")] if any(lacking) else []


def _some(names: Sequence[str]) -> str:
    left = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {left} more" if left > 0 else "")
