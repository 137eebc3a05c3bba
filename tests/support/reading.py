"""Reads a digest as a person does: its kinds of blocks, its words, its table."""

import json

from handlers.views import Message


def fallback(said: Message) -> Message:
    """Return what is said where charts and tables are refused."""
    assert said.plain_blocks is not None
    return Message(text=said.text, blocks=said.plain_blocks)


def kinds(said: Message) -> list[str]:
    """Return the types of its blocks."""
    return [block["type"] for block in said.blocks]


def shown(said: Message) -> str:
    """Return all that its blocks hold."""
    return json.dumps(said.blocks, ensure_ascii=False)


def cells(said: Message) -> dict[str, list[str]]:
    """Return its table: the other cells of each row by the first."""
    table = next(block for block in said.blocks if block["type"] == "data_table")
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    return {row[0]: row[1:] for row in rows}
