"""Slack's native charts and tables as dicts: `slack_sdk` has no classes for them yet.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block : 1–6 series, 1–20 shared categories, labels
of 20 and titles of 50 characters. https://docs.slack.dev/reference/block-kit/blocks/data-table-block : 2–101 rows, 20
columns.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from handlers.views import Block
from handlers.views.layout import NOTHING
from handlers.views.text import shorten

MOST_CATEGORIES: Final = 20
MOST_ROWS: Final = 100
_MOST_OF_A_LABEL: Final = 20
_MOST_OF_A_TITLE: Final = 50


def chart(
    kind: Literal["line", "bar", "area"], title: str, categories: Sequence[str], series: Mapping[str, Sequence[float]]
) -> Block:
    """Return a chart; every series has one value for each category. The last 20 categories are shown."""
    labels = [shorten(label, _MOST_OF_A_LABEL) for label in categories][-MOST_CATEGORIES:]
    return {
        "type": "data_visualization",
        "title": shorten(title, _MOST_OF_A_TITLE),
        "chart": {
            "type": kind,
            "series": [
                {
                    "name": shorten(name, _MOST_OF_A_LABEL),
                    "data": [
                        {"label": label, "value": value}
                        for label, value in zip(labels, list(values)[-MOST_CATEGORIES:], strict=True)
                    ],
                }
                for name, values in series.items()
            ],
            "axis_config": {"categories": labels},
        },
    }


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str | float | None]]) -> Block:
    """Return a table; numbers can be sorted by, and what is unknown is a dash."""
    return {
        "type": "data_table",
        "caption": caption,
        "row_header_column_index": 0,
        "rows": [[_text(name) for name in header], *([_cell(value) for value in row] for row in rows[:MOST_ROWS])],
    }


def _cell(value: str | float | None) -> Block:
    if isinstance(value, (int, float)):
        return {"type": "raw_number", "value": value}
    return _text(value or NOTHING)


def _text(text: str) -> Block:
    return {"type": "raw_text", "text": text}
