"""The table and data_table blocks.

https://docs.slack.dev/reference/block-kit/blocks/table-block : at most 100 rows of 20 cells.
https://docs.slack.dev/reference/block-kit/blocks/data-table-block : 2–101 rows (the first is the header, without
rich_text), 1–20 columns, every row the same length, page_size 1–100. (A later version of that page allows 201 rows and
20,000 characters; the stricter numbers hold everywhere.) Both: 10,000 characters over all cells of a message.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.blocks.checks import Check, at, boolean, by_type, enum, integer, items, number, shape, string
from bot.sandbox.blocks.rich_text import RICH_TEXT

MOST_COLUMNS = 20
MOST_CHARACTERS = 10_000

_RAW: dict[str, Check] = {
    "raw_text": shape({"text": string()}),
    "raw_number": shape({"value": number}, {"text": string()}),
}
_CELL = by_type({**_RAW, "rich_text": RICH_TEXT})
_HEADER_CELL = by_type(_RAW)
_ID = {"block_id": string(255)}


def _column(value: Any, pointer: str) -> Iterator[str]:
    if value is not None:
        yield from shape({}, {"align": enum("left", "center", "right"), "is_wrapped": boolean})(value, pointer)


def _even_rows(block: dict[str, Any], pointer: str) -> Iterator[str]:
    width = len(block["rows"][0])
    for index, row in enumerate(block["rows"]):
        if len(row) != width:
            yield at(f"{pointer}/rows/{index}", "all rows must have the same number of cells")


def _plain_header(block: dict[str, Any], pointer: str) -> Iterator[str]:
    for index, cell in enumerate(block["rows"][0]):
        yield from _HEADER_CELL(cell, f"{pointer}/rows/0/{index}")


def _known_header_column(block: dict[str, Any], pointer: str) -> Iterator[str]:
    if block.get("row_header_column_index", 0) >= len(block["rows"][0]):
        yield at(f"{pointer}/row_header_column_index", "must be the index of a column")


TABLE = shape(
    {"rows": items(items(_CELL, MOST_COLUMNS), 100)},
    {**_ID, "column_settings": items(_column, MOST_COLUMNS)},
)

DATA_TABLE = shape(
    {"rows": items(items(_CELL, MOST_COLUMNS), 101, least=2), "caption": string()},
    {**_ID, "page_size": integer(1, 100), "row_header_column_index": integer(0)},
    _even_rows,
    _plain_header,
    _known_header_column,
)
