"""What Slack refuses in blocks: `problems(blocks, surface)`, worded as Slack words it, empty where all is well.

Unknown block types and unknown fields are refused too. Every block may have a `block_id` (255, unique), every
interactive element an `action_id` (255, unique within its block). The newer blocks, in the exact shape that is
enforced (no other fields; `?` marks what may be left out; block_id? everywhere):

    {"type": "data_visualization", "title": ≤ 50,                                 messages only, at most 2 each
     "chart": {"type": "line" | "bar" | "area",
               "series": [{"name": ≤ 20, unique, "data": [{"label": a category, "value": number}, …]}, …],    1–6
               "axis_config": {"categories": [≤ 20, unique, …], "x_label"?: ≤ 50, "y_label"?: ≤ 50}}}         1–20
                every series has exactly one point for every category: no gaps, no null
     "chart": {"type": "pie", "segments": [{"label": ≤ 20, "value": number > 0}, …]}}                           1–6

    {"type": "data_table", "caption": ≥ 1,                                        messages and the App Home
     "rows": [[cell, …], …],                 2–101 rows, the first is the header; 1–20 cells, every row equally many
     "page_size"?: 1–100 (5), "row_header_column_index"?: 0-based}
     cell: {"type": "raw_text", "text": ≥ 1}
         | {"type": "raw_number", "value": number, "text"?: ≥ 1}
         | {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": […]}]}     not in the header

    {"type": "table", "rows": [[cell, …], …],                                     messages and the App Home, ≤ 100 rows
     "column_settings"?: [{"align"?: "left" | "center" | "right", "is_wrapped"?: bool} | null, …]}

    {"type": "markdown", "text": ≤ 12,000 over all of them}                       messages only

One table of either kind a message (`only_one_table_allowed`), 10,000 characters over its cells; no cell may be empty.
Tables and charts may not stand in modals. `size(blocks)` counts what `msg_blocks_too_long` looks at (refused above
`MOST_SHOWN`).
"""

from typing import Any, Literal, TypeAlias

from bot.sandbox.blocks.checks import items
from bot.sandbox.blocks.layout import BLOCKS
from bot.sandbox.blocks.views import view_problems
from bot.sandbox.blocks.whole import characters, crowded, duplicates, interactive, with_ids

__all__ = ["MOST_SHOWN", "Surface", "interactive", "problems", "size", "view_problems", "with_ids"]

Surface: TypeAlias = Literal["message", "modal", "home"]

# https://docs.slack.dev/reference/block-kit/blocks : 50 in messages, 100 in modals and Home tabs.
_MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_SHOWN = 13_000

size = characters


def problems(blocks: Any, surface: Surface = "message", pointer: str = "/blocks") -> list[str]:
    """What Slack would refuse in these blocks on this surface; empty: nothing."""
    found = list(items(BLOCKS[surface], _MOST_BLOCKS[surface], least=0)(blocks, pointer))
    if not found:
        found += duplicates(blocks, pointer)
        found += crowded(blocks, pointer) if surface == "message" else ()
    return found
