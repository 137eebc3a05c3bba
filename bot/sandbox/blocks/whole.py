"""Rules that look at all blocks of one message or view together: counts, unique ids, one table, two charts, sizes."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from bot.sandbox.blocks.checks import at
from bot.sandbox.blocks.tables import MOST_CHARACTERS

Block: TypeAlias = dict[str, Any]

# Keys under which text that people see is kept, in every kind of block.
_SHOWN = frozenset({"text", "title", "caption", "label", "name", "hint", "alt_text", "x_label", "y_label"})
_HEADER_COST = 100
_ONE_TABLE = "only_one_table_allowed"


def characters(value: Any) -> int:
    """How many characters of this block or list of blocks are shown, plus 100 for each header.

    Slack publishes no number for `msg_blocks_too_long`; messages were measured to be refused near 13,200 counted so.
    """
    if isinstance(value, list):
        return sum(characters(one) for one in value)
    if not isinstance(value, dict):
        return 0
    cost = _HEADER_COST if value.get("type") == "header" else 0
    return cost + sum(
        len(one) if isinstance(one, str) and key in _SHOWN else characters(one) for key, one in value.items()
    )


def interactive(block: Block) -> list[tuple[Block, str]]:
    """The elements of a block that have (or get) an action id, each with its pointer below the block."""
    found = [(one, f"/elements/{n}") for n, one in enumerate(block.get("elements", [])) if block["type"] == "actions"]
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict) and block[name].get("type") != "image":
            found.append((block[name], f"/{name}"))
    return found


def with_ids(blocks: list[Block], new_id: Callable[[str], str]) -> list[Block]:
    """A copy in which every block has a block_id and every interactive element an action_id, as Slack gives them."""
    named = copy.deepcopy(blocks)
    for block in named:
        block.setdefault("block_id", new_id("b"))
        for element, _ in interactive(block):
            element.setdefault("action_id", new_id("a"))
    return named


def duplicates(blocks: list[Block], pointer: str) -> Iterator[str]:
    """A block_id used twice in the message or view, an action_id used twice in a block."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        if (block_id := block.get("block_id")) in seen:
            yield at(f"{pointer}/{index}/block_id", f'`block_id` "{block_id}" already exists')
        seen |= {block_id} if block_id else set()
        taken: set[str] = set()
        for element, below in interactive(block):
            if (action_id := element.get("action_id")) in taken:
                yield at(f"{pointer}/{index}{below}/action_id", f'`action_id` "{action_id}" already exists')
            taken |= {action_id} if action_id else set()


def crowded(blocks: list[Block], pointer: str) -> Iterator[str]:
    """More than two charts or one table (of either kind) in a message, too many characters in cells or in markdown."""
    charts = [n for n, block in enumerate(blocks) if block["type"] == "data_visualization"]
    tables = [n for n, block in enumerate(blocks) if block["type"] in ("table", "data_table")]
    # https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block : 2 a message.
    yield from (at(f"{pointer}/{n}", "no more than 2 data_visualization blocks allowed") for n in charts[2:])
    # Slack answers invalid_attachments with this word; table and data_table count together.
    yield from (at(f"{pointer}/{n}", _ONE_TABLE) for n in tables[1:])
    if sum(characters(blocks[n]["rows"]) for n in tables) > MOST_CHARACTERS:
        yield at(f"{pointer}/{tables[0]}/rows", f"must be less than {MOST_CHARACTERS + 1} characters over all cells")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > 12_000:
        yield at(pointer, "markdown blocks must be less than 12001 characters in all")
