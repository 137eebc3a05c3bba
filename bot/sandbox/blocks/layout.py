"""The blocks themselves, and on which surface each may stand. https://docs.slack.dev/reference/block-kit/blocks ."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.blocks import elements, objects
from bot.sandbox.blocks.charts import DATA_VISUALIZATION
from bot.sandbox.blocks.checks import Check, at, boolean, by_type, enum, integer, items, shape, string, url
from bot.sandbox.blocks.rich_text import RICH_TEXT
from bot.sandbox.blocks.tables import DATA_TABLE, TABLE

# 255 characters: the page of each block.
_ID = {"block_id": string(255)}


def _text_or_fields(block: dict[str, Any], pointer: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield at(pointer, "must define either `text` or `fields`")


def _one_source(block: dict[str, Any], pointer: str) -> Iterator[str]:
    if ("image_url" in block) == ("slack_file" in block):
        yield at(pointer, "must define either `image_url` or `slack_file`")


_EVERYWHERE: dict[str, Check] = {
    # …/blocks/section-block : text 3,000; 10 fields of 2,000.
    "section": shape(
        {},
        {
            **_ID,
            "text": objects.text(3000),
            "fields": items(objects.text(2000), 10),
            "accessory": elements.IN_SECTION,
            "expand": boolean,
        },
        _text_or_fields,
    ),
    # …/blocks/header-block : 150.
    "header": shape({"text": objects.plain(150)}, {**_ID, "level": integer(1, 4)}),
    "divider": shape({}, _ID),
    # …/blocks/context-block : 10 elements.
    "context": shape(
        {
            "elements": items(
                by_type({"image": elements.IMAGE, "mrkdwn": objects.text(), "plain_text": objects.text()}), 10
            )
        },
        _ID,
    ),
    # …/blocks/actions-block : 25 elements.
    "actions": shape({"elements": items(elements.IN_ACTIONS, 25)}, _ID),
    # …/blocks/image-block : alt_text 2,000, image_url 3,000, title 2,000.
    "image": shape(
        {"alt_text": string(2000)},
        {**_ID, "image_url": url(), "slack_file": objects.slack_file, "title": objects.plain(2000)},
        _one_source,
    ),
    # …/blocks/input-block : label and hint 2,000.
    "input": shape(
        {"label": objects.plain(2000), "element": elements.IN_INPUT},
        {**_ID, "hint": objects.plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
}

_TABLES: dict[str, Check] = {"table": TABLE, "data_table": DATA_TABLE}

BLOCKS: dict[str, Check] = {
    "message": by_type(
        {
            **_EVERYWHERE,
            **_TABLES,
            "data_visualization": DATA_VISUALIZATION,
            # …/blocks/markdown-block : 12,000 over all of them.
            "markdown": shape({"text": string(12_000)}, _ID),
        }
    ),
    "home": by_type({**_EVERYWHERE, **_TABLES}),
    "modal": by_type(
        {
            **_EVERYWHERE,
            # …/blocks/alert-block : 200, modals only.
            "alert": shape(
                {"text": objects.text(200)},
                {**_ID, "level": enum("default", "info", "warning", "error", "success")},
            ),
        }
    ),
}
