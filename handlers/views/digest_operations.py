"""How the services ran, beside what was delivered: a line for each, and the worst one's course with its deployments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from handlers.views import Block
from handlers.views.charts import chart
from handlers.views.layout import NOTHING, SEPARATOR, context, joined, paragraphs, section
from handlers.views.text import line, plural, shorten

_MOST: Final = 5
_MOST_OF_A_NAME: Final = 40
_MARK: Final = "▲"
# Titles of charts have 50 characters.
_MOST_IN_A_TITLE: Final = 24


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


def course(numbers: Mapping[str, Any], timezone: str) -> list[Block]:
    """Return the chart of the worst service's readings, in which the steps with deployments are marked."""
    drawn = numbers["course"]
    if not drawn or not (labels := _labels(drawn, timezone)):
        return []
    values = [step["value"] for step in drawn["steps"] if step["value"] is not None]
    shown = [round(v * 100, 3) if drawn["unit"] == "availability" else round(v * 1000, 1) for v in values]
    unit = "% available" if drawn["unit"] == "availability" else "ms latency"
    name = shorten(drawn["service"], _MOST_IN_A_TITLE)
    return [
        chart("line", f"{name}, {unit} ({_MARK} deploy)", labels, {unit: shown}),
        context(_alt(labels, shown, unit)),
    ]


def course_in_words(numbers: Mapping[str, Any], timezone: str) -> list[Block]:
    """Return the same as text."""
    return [
        section(f"*{line(block['title'])}*") if block["type"] == "data_visualization" else block
        for block in course(numbers, timezone)
    ]


def _alt(labels: Sequence[str], values: Sequence[float], unit: str) -> str:
    lowest = min(range(len(values)), key=lambda n: values[n] if unit.startswith("%") else -values[n])
    marks = [label.removesuffix(f" {_MARK}") for label in labels if label.endswith(_MARK)]
    deployed = f"deploys at {', '.join(marks)}" if marks else "no deploys"
    return f"{unit}: worst {values[lowest]:g} at {labels[lowest].removesuffix(f' {_MARK}')}{SEPARATOR}{deployed}"


def _labels(drawn: Mapping[str, Any], timezone: str) -> list[str]:
    """Return how each known step is marked: its end on the clock there, and whether anything was deployed in it."""
    known = [step for step in drawn["steps"] if step["value"] is not None]
    if len(known) < 2:
        return []
    ends = [datetime.fromisoformat(step["end"]).astimezone(ZoneInfo(timezone)) for step in known]
    days = len({end.date() for end in ends})
    shape = "%H:%M" if days <= 2 else "%a %H:%M" if days <= 8 else "%d %b"
    labels = [f"{end:{shape}}" for end in ends]
    # Labels of a chart are unique; where clocks go back one would come twice.
    unique = [label if label not in labels[:n] else f"{label} ({n})" for n, label in enumerate(labels)]
    return [f"{label} {_MARK}" if step["deploys"] else label for label, step in zip(unique, known, strict=True)]
