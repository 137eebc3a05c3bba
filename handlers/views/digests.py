"""Lays a digest out: one snapshot, the same numbers for both sides, each side's own question first."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from handlers.views import Block, Message
from handlers.views.charts import chart, table
from handlers.views.digest_words import chart_title, headline, is_quiet, label, spread, title
from handlers.views.layout import NOTHING, context, header, joined, message, paragraphs, section
from handlers.views.text import escape, line, plural
from handlers.views.times import ago, moment

# 60 services of 100 characters each leave room for everything else within the 13,000 that Slack takes.
_MOST_SERVICES: Final = 60
_MOST_OF_A_NAME: Final = 40
_MOST_OPEN: Final = 10
_MOST_NAMES: Final = 8

_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "dev": {
        "succeeded": "Deployed",
        "failed": "Failed",
        "canceled": "Canceled",
        "changes": "Small changes",
        "incidents": "Incidents",
    },
    "ops": {
        "incidents": "Incidents",
        "succeeded": "Deployed",
        "failed": "Failed",
        "canceled": "Canceled",
        "changes": "Small changes",
    },
}


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
    name, said = f"{title(numbers)} · {snapshot.bridge}", headline(numbers, side)
    text = f"{escape(name)}: {said}"
    closing = [context(_period(snapshot, by)), *_honesty(numbers)]
    if is_quiet(numbers):
        return message(text, [section(text), *closing])
    opening = [header(name), section(said)]
    moved = [*_charts(numbers), *_table(numbers, side)]
    plain = _in_words(numbers, side)
    incidents = [*_timings(numbers), *_open(numbers)]
    fancy, simple = ([*incidents, *shown] if side == "ops" else [*shown, *incidents] for shown in (moved, plain))
    native = message(text, [*opening, *fancy, *closing])
    fallback = message(text, [*opening, *simple, *closing]).blocks if moved else None
    return Message(text=native.text, blocks=native.blocks, plain_blocks=fallback)


def _period(snapshot: Snapshot, by: str | None) -> str:
    numbers = snapshot.numbers
    dates = " to ".join(dict.fromkeys((numbers["first"], numbers["last"])))
    return joined(
        [
            f"{dates}, {escape(snapshot.timezone)}",
            f"as of {moment(snapshot.computed_at)}",
            f"snapshot {snapshot.id}" if snapshot.id else "preview",
            f"asked for by {line(by, 60)}" if by else None,
        ]
    )


def _timings(numbers: Mapping[str, Any]) -> list[Block]:
    incidents = numbers["incidents"] or {}
    lines = []
    if incidents.get("opened") or incidents.get("acknowledged"):
        why_not = "start unknown" if incidents["acknowledged"] else "none was acknowledged"
        lines.append(f"*Time to acknowledge*  {spread(incidents['acknowledge'], why_not)}")
    if incidents.get("opened") or incidents.get("resolved"):
        why_not = "start unknown" if incidents["resolved"] else "none was resolved"
        lines.append(f"*Time to restore*  {spread(incidents['restore'], why_not)}")
    return [section("\n".join(lines))] if lines else []


def _charts(numbers: Mapping[str, Any]) -> list[Block]:
    history = numbers["history"]
    if not _has_a_past(numbers):
        return []
    labels = [label(one["first"], numbers["length"]) for one in history]
    series = {"Succeeded": [one["succeeded"] for one in history], "Failed": [one["failed"] for one in history]}
    return [chart("bar", chart_title(numbers), labels, series)]


def _has_a_past(numbers: Mapping[str, Any]) -> bool:
    history = numbers["history"]
    return len(history) > 1 and any(one["succeeded"] or one["failed"] for one in history)


def _active(numbers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the services in which anything happened, the busiest first."""
    columns = _COLUMNS["dev"]
    active = [s for s in numbers["services"] if any(s[column] for column in columns)]
    return sorted(active, key=lambda s: -sum(s[column] or 0 for column in columns))


def _table(numbers: Mapping[str, Any], side: str) -> list[Block]:
    services = _active(numbers)
    if not services:
        return []
    columns = _worth_showing(services, side)
    rows = [[s["name"], *(s[column] for column in columns)] for s in services[:_MOST_SERVICES]]
    return [table("By service", ["Service", *columns.values()], rows), *_more(services)]


def _worth_showing(services: Sequence[Mapping[str, Any]], side: str) -> dict[str, str]:
    """Return the side's columns (key and heading); nobody misses an empty one of canceled deploys."""
    has_canceled = any(s["canceled"] for s in services)
    return {key: heading for key, heading in _COLUMNS[side].items() if key != "canceled" or has_canceled}


def _in_words(numbers: Mapping[str, Any], side: str) -> list[Block]:
    """Return the chart and the table as text."""
    services = _active(numbers)
    columns = _worth_showing(services, side)
    lines = [_service_line(s, columns) for s in services[:_MOST_SERVICES]]
    blocks = paragraphs(["*By service*", *lines]) if lines else []
    if _has_a_past(numbers):
        past = " · ".join(_past(one, numbers["length"]) for one in numbers["history"])
        blocks.insert(0, section(f"*{chart_title(numbers)}*\n{past}"))
    return [*blocks, *_more(services)]


def _service_line(service: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    counts = [_counted(service[key], heading.lower()) for key, heading in columns.items()]
    return f"• *{line(service['name'], _MOST_OF_A_NAME)}*  {joined(counts)}"


def _past(one: Mapping[str, Any], length: str) -> str:
    failed = f" ({one['failed']} failed)" if one["failed"] else ""
    return f"{label(one['first'], length)}: {one['succeeded']}{failed}"


def _more(services: Sequence[Any]) -> list[Block]:
    left = len(services) - _MOST_SERVICES
    return [context(f"and {plural(left, 'more service')}: `/deploys` lists what went out")] if left > 0 else []


def _counted(value: int | None, what: str) -> str:
    if value is None:
        return f"{NOTHING} {what}"
    return plural(value, what.removesuffix("s"), what)


def _open(numbers: Mapping[str, Any]) -> list[Block]:
    listed = numbers["open"]
    if not listed:
        return []
    lines = [_open_line(incident) for incident in listed[:_MOST_OPEN]]
    left = numbers["incidents"]["open"] - len(lines)
    more = [f"and {left} more: `/incident list`"] if left > 0 else []
    return paragraphs(["*Still open*", *lines, *more])


def _open_line(incident: Mapping[str, Any]) -> str:
    started = incident["started_at"]
    age = f"since {ago(datetime.fromisoformat(started).astimezone(UTC))}" if started else "start unknown"
    where = line(", ".join(incident["services"]), 60) or "no service"
    return "• " + joined(
        [f"*INC-{incident['id']}* {line(incident['title'], 100)}", incident["severity"], where, incident["status"], age]
    )


def _honesty(numbers: Mapping[str, Any]) -> list[Block]:
    """Return the line that says what these numbers may lack."""
    unknown = [s["name"] for s in numbers["services"] if s["succeeded"] is None]
    lacking = [
        "this period still runs" if numbers["is_running"] else None,
        _named("no deploy was ever told of", unknown),
        _named("silent", [s["name"] for s in numbers["silent"]]),
        _named("never heard", numbers["never_heard"]),
        _named("unmapped, not counted (`/bridge map`)", [n["name"] for n in numbers["unmapped"]]),
    ]
    return [context(f"⚠️ {joined(lacking)}")] if any(lacking) else []


def _named(what: str, names: Sequence[str]) -> str | None:
    left = len(names) - _MOST_NAMES
    more = f" and {left} more" if left > 0 else ""
    listed = ", ".join(line(name, _MOST_OF_A_NAME) for name in names[:_MOST_NAMES])
    return f"{what}: {listed}{more}" if names else None
