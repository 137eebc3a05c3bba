"""The geometry of charts: round ticks, shapes that stay inside, extremes that do not break anything."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.page.charts import HEIGHT, WIDTH, draw, number, ticks

NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")
values = st.floats(-1e9, 1e9, allow_nan=False)


def plot(kind: str, *rows: list[float]) -> dict[str, Any]:
    names = [f"c{index}" for index in range(len(rows[0]))]
    series = [
        {"name": f"s{place}", "data": [{"label": n, "value": v} for n, v in zip(names, row, strict=True)]}
        for place, row in enumerate(rows)
    ]
    return {"type": kind, "series": series, "axis_config": {"categories": names}}


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [
        (0, 9, [0, 5, 10]),
        (0, 3, [0, 1, 2, 3]),
        (0, 0, [0, 1]),
        (-3, 6, [-5, 0, 5, 10]),
        (0, 0.8, [0, 0.2, 0.4, 0.6, 0.8]),
    ],
)
def test_ticks_are_round_and_hold_everything(low: float, high: float, steps: list[float]) -> None:
    assert steps == ticks(low, high)


@given(values, values)
def test_ticks_are_few_and_hold_zero(one: float, other: float) -> None:
    steps = ticks(min(one, other), max(one, other))
    assert 2 <= len(steps) <= 9
    assert steps[0] <= min(one, other, 0) + 1e-9
    assert steps[-1] >= max(one, other, 0) - 1e-9


@given(st.sampled_from(["bar", "line", "area"]), st.lists(values, min_size=1, max_size=20))
def test_a_plot_stays_inside_its_frame(kind: str, row: list[float]) -> None:
    drawing = draw(plot(kind, row, [-value for value in row]))
    for shape in drawing.shapes:
        for one in map(float, NUMBERS.findall(shape.path)):
            assert -1 <= one <= max(WIDTH, HEIGHT) + 1
            assert math.isfinite(one)


@given(st.lists(st.floats(0.001, 1e9, allow_nan=False), min_size=1, max_size=6))
def test_a_pie_has_one_slice_for_each_segment_and_whole_shares(parts: list[float]) -> None:
    drawing = draw({"type": "pie", "segments": [{"label": f"p{n}", "value": value} for n, value in enumerate(parts)]})
    assert len(parts) == len(drawing.shapes)
    assert 100 == pytest.approx(sum(float(row[2].rstrip("%")) for row in drawing.rows), abs=1)


def test_a_pie_of_one_segment_is_still_drawn() -> None:
    path = draw({"type": "pie", "segments": [{"label": "all", "value": 3}]}).shapes[0].path
    start, *_ = re.findall(r"M[\d.]+ [\d.]+", path)
    assert start.removeprefix("M") not in path.split("A")[1]


def test_many_categories_leave_out_names_but_no_numbers() -> None:
    drawing = draw(plot("line", [1.0] * 20))
    assert (10, 20) == (len(drawing.names), len(drawing.rows))


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3"), (1234567, "1,234,567"), (0.5, "0.5"), (2.345, "2.35"), (-4.0, "-4")]
)
def test_numbers_are_written_as_people_write_them(value: float, text: str) -> None:
    assert text == number(value)
