"""The parts of a digest beside its table: the chart, what is open, and the services."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from handlers.views import Block
from handlers.views.asked import ROWS, Asked
from handlers.views.digest_words import label, lengths
from handlers.views.layout import NOTHING, SEPARATOR, button, joined, paragraphs
from handlers.views.text import line, link, plural
from handlers.views.times import ago

_MOST_SERVICES: Final = 8
_MOST_OPEN: Final = 5
MOST_OF_A_NAME: Final = 40


class Shown(Protocol):
    """The snapshot whose parts are shown."""

    @property
    def bridge(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102
    @property
    def numbers(self) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A chart before it is drawn. `alt` says all of it in words."""

    title: str
    labels: list[str]
    series: dict[str, list[float]]
    alt: str


def rows_button(snapshot: Shown, name: str, number: str, scope: str = "") -> Block:
    """Return the button that opens the rows behind a number of this period; `scope` where not all the bridge's."""
    asked = Asked(
        scope=scope or f"bridge:{snapshot.bridge}",
        length=snapshot.numbers["length"],
        first=snapshot.numbers["first"],
        timezone=snapshot.timezone,
        number=number,
    )
    return button(name, ROWS, asked.value())


def chart_of(numbers: Mapping[str, Any], side: str) -> Drawn | None:
    """Return the chart of the periods of which anything is known: dev sees deploys, ops what broke, if anything did."""
    drawn = ("incidents_started", "deploys") if side == "ops" else ("deploys",)
    first = next((key for key in drawn if _has_any(numbers, key)), None)
    if first is None:
        return None
    known = [one for one in numbers["history"] if _is_known(one, first)]
    if len(known) < 2:
        return None
    names = {first: _SERIES[first], "failed_deploys": _SERIES["failed_deploys"]}
    labels = [label(one["first"], numbers["length"]) for one in known]
    title = f"{_TITLES[first]}, last {len(known)} {lengths(numbers)}"
    points = [_point(mark, one, first) for mark, one in zip(labels, known, strict=True)]
    return Drawn(
        title=title,
        labels=labels,
        series={name: [one[key] for one in known] for key, name in names.items()},
        alt=f"{names[first]}: {SEPARATOR.join(points)}",
    )


_SERIES: Final = {"deploys": "Deploys", "incidents_started": "Incidents", "failed_deploys": "Failed deploys"}
_TITLES: Final = {"deploys": "Deploys to production", "incidents_started": "Incidents and failed deploys"}


def _is_known(one: Mapping[str, Any], key: str) -> bool:
    return one[key] is not None and one["failed_deploys"] is not None


def _has_any(numbers: Mapping[str, Any], key: str) -> bool:
    return any((one[key] or one["failed_deploys"]) and _is_known(one, key) for one in numbers["history"])


def _point(mark: str, one: Mapping[str, Any], first: str) -> str:
    failed = one["failed_deploys"]
    noun = f"{failed:,} failed" if first == "deploys" else plural(failed, "failed deploy")
    return f"{mark} {one[first]:,}" + (f" ({noun})" if failed else "")


def since(incident: Mapping[str, Any]) -> str:
    """Return since when an incident is open: `opened 4 days ago`, counting on as it is read."""
    started = incident["started_at"]
    return f"opened {ago(datetime.fromisoformat(started).astimezone(UTC))}" if started else "opened at an unknown time"


def still_open(snapshot: Shown) -> list[Block]:
    """Return the open incidents that are not highlighted."""
    numbers = snapshot.numbers
    told = {one["incident"]["id"] for one in numbers["highlights"] if one["kind"] == "open"}
    others = [incident for incident in numbers["open"] if incident["id"] not in told]
    if not others:
        return []
    listed = others[:_MOST_OPEN]
    left = (numbers["now"]["incidents_open"] or len(numbers["open"])) - len(told) - len(listed)
    lines = ["*Also open*" if told else "*Still open*", *map(_open_line, listed)]
    shown = paragraphs([*lines, *([f"and {left} more"] if left > 0 else [])])
    return _with_button(shown, rows_button(snapshot, "All open ones", "incidents_open")) if left > 0 else shown


def _open_line(incident: Mapping[str, Any]) -> str:
    where = line(", ".join(incident["services"]), 60) or "no service"
    name = link(incident["url"], f"INC-{incident['id']}")
    return "• " + joined(
        [f"*{name}* {line(incident['title'], 80)}", incident["severity"], where, incident["status"], since(incident)]
    )


def services(snapshot: Shown, side: str) -> list[Block]:
    """Return the busiest services, one line each; a bridge of one service has no such list."""
    rows = snapshot.numbers["services"]
    active = [s for s in rows if any(s[count] for count in ("deploys", "attempts_failed", "incidents", "changes"))]
    if len(rows) < 2 or not active:
        return []
    first = ("incidents", "failed") if side == "ops" else ("deploys", "incidents")
    active.sort(key=lambda s: ([-(s[count] or 0) for count in first], -s["changes"], s["name"]))
    left = len(active) - _MOST_SERVICES
    more = [f"and {plural(left, 'more service')}"] if left > 0 else []
    shown = paragraphs(["*By service*", *(service_line(s, side) for s in active[:_MOST_SERVICES]), *more])
    return _with_button(shown, rows_button(snapshot, "All services", "services")) if more else shown


def service_line(service: Mapping[str, Any], side: str) -> str:
    """Return what one service did in a period."""
    deploys = _counted(service["deploys"], "deploy")
    was = service["previous_deploys"]
    if was is not None and service["deploys"] is not None and was != service["deploys"]:
        deploys += f" (before: {was:,})"
    incidents = _counted(service["incidents"], "incident")
    parts = [
        *((incidents, deploys) if side == "ops" else (deploys, incidents)),
        f"{service['failed']} failed" if service["failed"] else None,
        f"{plural(service['attempts_failed'], 'failed attempt')}" if service["attempts_failed"] else None,
        plural(service["changes"], "small change") if service["changes"] else None,
    ]
    return f"• *{line(service['name'], MOST_OF_A_NAME)}*  {joined(parts)}"


def _counted(value: int | None, what: str) -> str:
    return f"{NOTHING} {what}s" if value is None else plural(value, what)


def _with_button(blocks: list[Block], accessory: Block) -> list[Block]:
    return [*blocks[:-1], blocks[-1] | {"accessory": accessory}]
