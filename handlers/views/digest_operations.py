"""How the services ran, beside what was delivered: a line for each, and the worst one's course with its deployments."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from handlers.views import Block
from handlers.views.charts import chart
from handlers.views.digest_parts import Shown
from handlers.views.layout import NOTHING, SEPARATOR, context, joined, paragraphs, section
from handlers.views.text import line, plural, shorten

_MOST: Final = 5
_MOST_OF_A_NAME: Final = 40
_DAY: Final = timedelta(days=1)
_UNITS: Final = {"burn_rate": "Burn rate", "unavailable": "% unavailable", "latency": "Latency, s"}
# Titles of charts have 50 characters.
_MOST_IN_A_TITLE: Final = 20


def operations(numbers: Mapping[str, Any]) -> list[Block]:
    """Return one line for each service that was measured, the worst first."""
    readings = numbers["operations"]
    if not readings:
        return []
    left = len(readings) - _MOST
    more = [f"and {plural(left, 'more service')}"] if left > 0 else []
    return paragraphs(["*Operations*", *map(_reading, readings[:_MOST]), *more])


def _reading(one: Mapping[str, Any]) -> str:
    told = [*_availability(one), *_latency(one)]
    if one["reason"]:
        told.append(line(one["reason"], 120))
    return f"• *{line(one['service'], _MOST_OF_A_NAME)}*  {joined(told)}"


def _availability(one: Mapping[str, Any]) -> list[str]:
    value, target = one["availability"], one["target"]
    if value is None:
        return [f"{NOTHING} available"]
    aim = f" (target {precise(target)}, {'met' if value >= target else 'missed'})" if target is not None else ""
    told = [f"{precise(value)} available{aim}"]
    if one["error_budget_left"] is not None:
        told.append(_budget(one["error_budget_left"]))
    if one["burn_rate"] is not None:
        told.append(f"burn rate {one['burn_rate']:.2g}")
    return told


def _budget(left: float) -> str:
    if left < 0:
        return f"error budget overdrawn by {-left * 100:.0f} %"
    return f"error budget {left * 100:.0f} % left"


def _latency(one: Mapping[str, Any]) -> list[str]:
    value, target = one["latency_s"], one["latency_target_s"]
    if value is None:
        return [f"{NOTHING} latency"] if target is not None else []
    aim = f" (target {_short_time(target)}, {'met' if value <= target else 'missed'})" if target is not None else ""
    return [f"latency {_short_time(value)}{aim}"]


def precise(share: float) -> str:
    """Return an availability with as many nines as it has, never rounded up to all: `99.95 %`."""
    shown = f"{share * 100:.3f}".rstrip("0").rstrip(".")
    return "just under 100 %" if shown == "100" and share < 1 else f"{shown} %"


def _short_time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


def course(snapshot: Shown) -> list[Block]:
    """Return the chart of the service that is worst off, beside what was deployed to it; nothing where all was well."""
    drawn = snapshot.numbers["course"]
    known = [step for step in drawn["steps"] if step["value"] is not None] if drawn else []
    if len(known) < 2 or not _is_worth_a_look(drawn, known):
        return []
    labels = _labels(known, snapshot.timezone)
    series = {_UNITS[drawn["unit"]]: [step["value"] for step in known], "Deploys": [step["deploys"] for step in known]}
    title = f"{shorten(drawn['service'], _MOST_IN_A_TITLE)}: {_UNITS[drawn['unit']].lower()} and deploys"
    return [chart("bar", title, labels, series), context(_alt(drawn["unit"], labels, known))]


def course_in_words(snapshot: Shown) -> list[Block]:
    """Return the same as text."""
    return [
        section(f"*{line(block['title'])}*") if block["type"] == "data_visualization" else block
        for block in course(snapshot)
    ]


def _is_worth_a_look(drawn: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether errors came faster than the target allows in any step; without a target there is none to be kept."""
    return drawn["unit"] != "burn_rate" or any(step["value"] > 1 for step in known)


def _alt(unit: str, labels: Sequence[str], known: Sequence[Mapping[str, Any]]) -> str:
    worst = max(range(len(known)), key=lambda n: float(known[n]["value"]))
    deployed = [label for label, step in zip(labels, known, strict=True) if step["deploys"]]
    landed = f"deploys in the steps to {', '.join(deployed)}" if deployed else "no deploys"
    return f"{_UNITS[unit]}: worst {known[worst]['value']:.3g} in the step to {labels[worst]}{SEPARATOR}{landed}"


def _labels(known: Sequence[Mapping[str, Any]], timezone: str) -> list[str]:
    """Return how each step is marked: its end on the clock there."""
    ends = [datetime.fromisoformat(step["end"]).astimezone(ZoneInfo(timezone)) for step in known]
    length = ends[-1] - ends[0]
    shape = "%H:%M" if length <= _DAY else "%a %Hh" if length <= 7 * _DAY else "%d %b"
    labels = [f"{end:{shape}}" for end in ends]
    # Labels of a chart are unique; where clocks go back one would come twice.
    return [label if label not in labels[:n] else f"{label} ({n})" for n, label in enumerate(labels)]
