"""The quiet ⋯ menu of each message: what whoever reads it may want to know of it, or ask about it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from handlers.views import Block, Message
from handlers.views.layout import actions, overflow
from handlers.views.questions import ASK
from handlers.views.why import WHY

MENU: Final = "menu"
_MOST_IN_A_ROW: Final = 25
_MOST_BLOCKS: Final = 50


def with_menu(said: Message, *, asks: bool) -> Message:
    """Return a message with its menu beside the first paragraph, or in the row of buttons.

    `asks`: whether there is another side that can be asked about it.
    """
    if said.is_gone or said.author or not said.blocks:
        return said
    options = [("Ask the other side", ASK)] if asks else []
    menu = overflow(MENU, *options, ("Why did I get this?", WHY))
    plain = None if said.plain_blocks is None else _beside(said.plain_blocks, menu)
    return replace(said, blocks=_beside(said.blocks, menu), plain_blocks=plain)


def _beside(blocks: Sequence[Block], menu: Block) -> tuple[Block, ...]:
    told = list(blocks)
    for n, block in enumerate(told):
        if block["type"] == "section" and "accessory" not in block:
            told[n] = {**block, "accessory": menu}
            return tuple(told)
    for n, block in enumerate(told):
        if block["type"] == "actions" and len(block["elements"]) < _MOST_IN_A_ROW:
            told[n] = {**block, "elements": [*block["elements"], menu]}
            return tuple(told)
    return (*told, actions(menu)) if len(told) < _MOST_BLOCKS else tuple(told)
