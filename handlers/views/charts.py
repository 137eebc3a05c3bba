"""Slack's native charts and tables as dicts: `slack_sdk` has no classes for them yet.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block : 1–6 series, 1–20 shared categories, labels
of 20 and titles of 50 characters. https://docs.slack.dev/reference/block-kit/blocks/data-table-block : 2–101 rows, 20
columns, 10,000 characters over all cells; 5 rows are shown at once unless `page_size` says more.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from handlers.views import Block
from handlers.views.layout import NOTHING
from handlers.views.text import clean, shorten

MOST_CATEGORIES: Final = 20
MOST_ROWS: Final = 100
_ROWS_AT_ONCE: Final = 10
_MOST_OF_A_LABEL: Final = 20
_MOST_OF_A_TITLE: Final = 50
_MOST_OF_A_CELL: Final = 40


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
    """Return a table of at most 100 rows; numbers can be sorted by, what is unknown is a dash. Text is shown literally,
    in one line of at most 40 characters.
    """
    return {
        "type": "data_table",
        "caption": caption,
        "page_size": _ROWS_AT_ONCE,
        "row_header_column_index": 0,
        "rows": [[_text(name) for name in header], *([_cell(value) for value in row] for row in rows[:MOST_ROWS])],
    }


def _cell(value: str | float | None) -> Block:
    if isinstance(value, (int, float)):
        return {"type": "raw_number", "value": value}
    return _text(value or "")


def _text(text: str) -> Block:
    # Raw text knows no markup and no entities: nothing in it is to be escaped.
    return {"type": "raw_text", "text": shorten(" ".join(clean(text).split()), _MOST_OF_A_CELL) or NOTHING}
