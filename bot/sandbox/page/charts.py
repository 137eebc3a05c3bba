"""The geometry of Slack's native charts: `data_visualization` blocks as plain shapes, ready to be drawn.

Shapes and limits: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block. Lengths are in the
units of the drawing, 560 by 240; y grows downwards.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Chart = Mapping[str, Any]

WIDTH: Final = 560.0
HEIGHT: Final = 240.0
_TOP, _RIGHT, _BOTTOM = 14.0, 12.0, 30.0
_LABEL_ROOM: Final = 18.0
_SHOWN_LABELS: Final = 10
_LABELLED_BARS: Final = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawn thing: a path, the series (or segment) that colours it, and what is said about it on hover."""

    path: str
    series: int
    title: str = ""
    kind: str = "fill"


@dataclass(frozen=True, slots=True)
class Label:
    """A word in the drawing, at its anchor point."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything of one chart: shapes, axis words, the legend, and the same numbers as a table."""

    kind: str
    shapes: tuple[Shape, ...]
    legend: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    grid: tuple[Label, ...] = ()
    names: tuple[Label, ...] = ()
    values: tuple[Label, ...] = ()
    dots: tuple[tuple[Label, int], ...] = field(default=())
    left: float = 0.0
    x_label: str = ""
    y_label: str = ""


def draw(chart: Chart) -> Drawing:
    """The drawing of a `chart` object of type pie, bar, area or line."""
    return _pie(chart) if chart.get("type") == "pie" else _plot(chart)


def number(value: float) -> str:
    """A value as people write it: no needless decimals, thousands apart."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round steps (1, 2 or 5 times a power of ten) that cover `low` to `high` and zero."""
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < sys.float_info.min * 1e9:
        high = 1.0
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * 0.999)
    if all(float(value).is_integer() for value in (low, high)):
        step = max(step, 1.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values and categories lie in the drawing."""

    left: float
    low: float
    high: float
    columns: int

    @property
    def column(self) -> float:
        return (WIDTH - _RIGHT - self.left) / max(self.columns, 1)

    def x(self, index: int) -> float:
        return self.left + self.column * (index + 0.5)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _plot(chart: Chart) -> Drawing:
    axis, series = chart.get("axis_config", {}), list(chart.get("series", ()))
    categories = [str(name) for name in axis.get("categories", ())]
    table = [_values(one, categories) for one in series]
    steps = ticks(min(map(min, table), default=0.0), max(map(max, table), default=0.0))
    left = 16.0 + 7.0 * max(len(number(step)) for step in steps)
    frame = _Frame(left, steps[0], steps[-1], len(categories))
    kind = str(chart.get("type"))
    return Drawing(
        kind=kind,
        shapes=tuple(_bars(frame, series, table, categories) if kind == "bar" else _lines(frame, table, kind)),
        legend=tuple(str(one.get("name", "")) for one in series),
        head=("", *(str(one.get("name", "")) for one in series)),
        rows=tuple((name, *(number(values[index]) for values in table)) for index, name in enumerate(categories)),
        grid=tuple(Label(left, round(frame.y(step), 1), number(step)) for step in steps),
        names=tuple(_names(frame, categories)),
        values=tuple(_bar_values(frame, table)) if kind == "bar" else (),
        dots=() if kind == "bar" else tuple(_dots(frame, series, table, categories)),
        left=left,
        x_label=str(axis.get("x_label") or ""),
        y_label=str(axis.get("y_label") or ""),
    )


def _values(series: Mapping[str, Any], categories: Sequence[str]) -> list[float]:
    by_label = {str(point.get("label")): float(point.get("value", 0)) for point in series.get("data", ())}
    return [by_label.get(name, 0.0) for name in categories] or [0.0]


def _names(frame: _Frame, categories: Sequence[str]) -> list[Label]:
    every = math.ceil(len(categories) / _SHOWN_LABELS) or 1
    room = max(int(frame.column * every / 6.6), 3)
    return [
        Label(
            round(frame.x(index), 1),
            HEIGHT - _BOTTOM + _LABEL_ROOM,
            name if len(name) <= room else name[: room - 1] + "…",
        )
        for index, name in enumerate(categories)
        if index % every == 0
    ]


def _bar_place(frame: _Frame, series: int, of: int) -> tuple[float, float]:
    group = min(frame.column * 0.72, 64.0 * of)
    width = group / of
    return (width * series - group / 2, max(width - 2.0, 1.0))


def _bars(
    frame: _Frame, series: Sequence[Mapping[str, Any]], table: Sequence[Sequence[float]], categories: Sequence[str]
) -> list[Shape]:
    shapes = []
    for position, values in enumerate(table):
        shift, width = _bar_place(frame, position, len(table))
        for index, (name, value) in enumerate(zip(categories, values, strict=False)):
            title = f"{name}, {series[position].get('name', '')}: {number(value)}"
            path = _bar(frame.x(index) + shift, width, frame.y(0), frame.y(value))
            shapes.append(Shape(path, position, title))
    return shapes


def _bar(x: float, width: float, base: float, tip: float) -> str:
    radius = min(4.0, width / 2, abs(base - tip))
    inward = radius if tip <= base else -radius
    return (
        f"M{x:.1f} {base:.1f}V{tip + inward:.1f}Q{x:.1f} {tip:.1f} {x + radius:.1f} {tip:.1f}"
        f"H{x + width - radius:.1f}Q{x + width:.1f} {tip:.1f} {x + width:.1f} {tip + inward:.1f}V{base:.1f}Z"
    )


def _bar_values(frame: _Frame, table: Sequence[Sequence[float]]) -> list[Label]:
    if sum(map(len, table)) > _LABELLED_BARS:
        return []
    labels = []
    for position, values in enumerate(table):
        shift, width = _bar_place(frame, position, len(table))
        for index, value in enumerate(values):
            x, y = frame.x(index) + shift + width / 2, frame.y(max(value, 0.0)) - 5
            labels.append(Label(round(x, 1), round(y, 1), number(value)))
    return labels


def _lines(frame: _Frame, table: Sequence[Sequence[float]], kind: str) -> list[Shape]:
    shapes = []
    for position, values in enumerate(table):
        points = [f"{frame.x(index):.1f} {frame.y(value):.1f}" for index, value in enumerate(values)]
        line = "M" + "L".join(points)
        if kind == "area":
            ground = f"L{frame.x(len(values) - 1):.1f} {frame.y(0):.1f}L{frame.x(0):.1f} {frame.y(0):.1f}Z"
            shapes.append(Shape(line + ground, position, kind="area"))
        shapes.append(Shape(line, position, kind="line"))
    return shapes


def _dots(
    frame: _Frame, series: Sequence[Mapping[str, Any]], table: Sequence[Sequence[float]], categories: Sequence[str]
) -> list[tuple[Label, int]]:
    return [
        (
            Label(
                round(frame.x(index), 1),
                round(frame.y(value), 1),
                f"{name}, {series[position].get('name', '')}: {number(value)}",
            ),
            position,
        )
        for position, values in enumerate(table)
        for index, (name, value) in enumerate(zip(categories, values, strict=False))
    ]


def _pie(chart: Chart) -> Drawing:
    segments = [(str(one.get("label", "")), float(one.get("value", 0))) for one in chart.get("segments", ())]
    total = sum(value for _, value in segments) or 1.0
    shapes, angle = [], 0.0
    for position, (label, value) in enumerate(segments):
        share = value / total
        shapes.append(Shape(_slice(angle, share), position, f"{label}: {number(value)} ({share:.0%})"))
        angle += share
    return Drawing(
        kind="pie",
        shapes=tuple(shapes),
        legend=tuple(f"{label} · {number(value)} ({value / total:.0%})" for label, value in segments),
        head=("", "Value", "Share"),
        rows=tuple((label, number(value), f"{value / total:.1%}") for label, value in segments),
    )


def _slice(start: float, share: float) -> str:
    """A ring's segment around (100, 100), radius 92 with a hole of 52; shares are parts of a full turn from the top."""
    share = min(share, 0.9999)  # a full circle would begin where it ends, and be drawn as nothing
    from_x, from_y, to_x, to_y = *_on_circle(start, 92), *_on_circle(start + share, 92)
    in_x, in_y, out_x, out_y = *_on_circle(start + share, 52), *_on_circle(start, 52)
    large = int(share > 0.5)
    return (
        f"M{from_x:.2f} {from_y:.2f}A92 92 0 {large} 1 {to_x:.2f} {to_y:.2f}"
        f"L{in_x:.2f} {in_y:.2f}A52 52 0 {large} 0 {out_x:.2f} {out_y:.2f}Z"
    )


def _on_circle(turn: float, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * (turn - 0.25)
    return 100 + radius * math.cos(angle), 100 + radius * math.sin(angle)
