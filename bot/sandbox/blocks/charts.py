"""The data_visualization block. https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block .

1–6 series or segments (a later version of the page allows 12; the stricter number holds everywhere), 1–20 categories
shared by all series, labels and names of 20 characters, titles of 50, one point for every category in every series.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.blocks.checks import Check, at, by_type, items, number, shape, string

_LABEL = string(20)
_TITLE = string(50)


def _positive(value: Any, pointer: str) -> Iterator[str]:
    found = list(number(value, pointer))
    yield from found
    if not found and value <= 0:
        yield at(pointer, "must be greater than 0")


_POINT = shape({"label": _LABEL, "value": number})
_SERIES = shape({"name": _LABEL, "data": items(_POINT, 20)})
_AXIS = shape({"categories": items(_LABEL, 20)}, {"x_label": _TITLE, "y_label": _TITLE})


def _unique(names: list[str], pointer: str, what: str) -> Iterator[str]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield at(f"{pointer}/{index}", f"{what} {name!r} already exists")


def _one_point_per_category(chart: dict[str, Any], pointer: str) -> Iterator[str]:
    categories = chart["axis_config"]["categories"]
    yield from _unique(categories, f"{pointer}/axis_config/categories", "category")
    yield from _unique([one["name"] for one in chart["series"]], f"{pointer}/series", "series")
    for index, series in enumerate(chart["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            yield at(f"{pointer}/series/{index}/data", "must have exactly one data point for every category")


def _xy() -> Check:
    return shape({"series": items(_SERIES, 6), "axis_config": _AXIS}, None, _one_point_per_category)


_SEGMENT = shape({"label": _LABEL, "value": _positive})

DATA_VISUALIZATION = shape(
    {
        "title": _TITLE,
        "chart": by_type({"line": _xy(), "bar": _xy(), "area": _xy(), "pie": shape({"segments": items(_SEGMENT, 6)})}),
    },
    {"block_id": string(255)},
)
