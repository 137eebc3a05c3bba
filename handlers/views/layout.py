"""Builds blocks and keeps whole messages within Slack's limits.

https://docs.slack.dev/reference/block-kit/blocks : 50 blocks a message, 3,000 characters a section. In all, messages
are refused (`msg_blocks_too_long`) near 13,200 characters, a limit that Slack does not publish.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

from handlers.views import Block, Message
from handlers.views.text import fit, shorten

MOST_BLOCKS: Final = 50
MOST_OF_A_SECTION: Final = 2900
MOST_IN_ALL: Final = 12_000
MOST_OF_A_TEXT: Final = 3000
SEPARATOR: Final = " · "
NOTHING: Final = "–"

_CUT: Final = "_Shortened: this is more than one message can hold._"


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a block of markup, with a button beside it if given."""
    block: Block = {"type": "section", "text": _markup(fit(text, MOST_OF_A_SECTION))}
    return block | {"accessory": accessory} if accessory else block


def context(text: str) -> Block:
    """Return a block of small, grey markup."""
    return {"type": "context", "elements": [_markup(fit(text, MOST_OF_A_SECTION))]}


def header(text: str) -> Block:
    """Return a heading of plain text, at most 150 characters."""
    return {"type": "header", "text": plain_text(text, 150)}


def actions(*elements: Block) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(
    label: str,
    action_id: str,
    value: str,
    *,
    style: Literal["primary", "danger"] | None = None,
) -> Block:
    """Return a button; `value` comes back when it is pressed."""
    block: Block = {
        "type": "button",
        "text": plain_text(label, 75),
        "action_id": action_id,
        "value": shorten(value, 2000),
    }
    return block | {"style": style} if style else block


def overflow(action_id: str, *options: tuple[str, str]) -> Block:
    """Return the quiet ⋯ menu of labels and their values; the chosen value comes back."""
    return {
        "type": "overflow",
        "action_id": action_id,
        "options": [{"text": plain_text(label, 75), "value": shorten(value, 150)} for label, value in options],
    }


def plain_text(text: str, limit: int) -> Block:
    """Return a plain text object: no markup in it means anything."""
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": True}


def joined(parts: Iterable[str | None]) -> str:
    """Join the parts of a line that there are."""
    return SEPARATOR.join(part for part in parts if part)


def paragraphs(lines: Iterable[str]) -> list[Block]:
    """Return lines as few sections, none of which is cut while a line fits into one."""
    blocks: list[Block] = []
    gathered = ""
    for one in lines:
        fitted = fit(one, MOST_OF_A_SECTION)
        if gathered and len(gathered) + 1 + len(fitted) > MOST_OF_A_SECTION:
            blocks.append(section(gathered))
            gathered = ""
        gathered = f"{gathered}\n{fitted}" if gathered else fitted
    return [*blocks, section(gathered)] if gathered else blocks


def message(text: str, blocks: Iterable[Block]) -> Message:
    """Return a message within the limits; what is too much is left out, and that is said. Buttons always stay."""
    return Message(text=fit(text.strip() or NOTHING, MOST_OF_A_TEXT), blocks=tuple(_within_limits(list(blocks))))


def said(text: str) -> Message:
    """Return a message of one paragraph of markup."""
    return message(text, [section(text)])


def characters(value: Any) -> int:
    """Count the characters that a block or a list of blocks shows."""
    if isinstance(value, list):
        return sum(map(characters, value))
    if not isinstance(value, dict):
        return 0
    return sum(len(one) if key == "text" and isinstance(one, str) else characters(one) for key, one in value.items())


def _within_limits(blocks: list[Block]) -> list[Block]:
    if len(blocks) <= MOST_BLOCKS and characters(blocks) <= MOST_IN_ALL:
        return blocks
    rows = [block for block in blocks if block["type"] == "actions"][: MOST_BLOCKS - 1]
    room, size = MOST_BLOCKS - 1 - len(rows), characters(rows) + len(_CUT)
    kept: list[Block] = []
    for block in (block for block in blocks if block["type"] != "actions"):
        size += characters(block)
        if len(kept) == room or size > MOST_IN_ALL:
            break
        kept.append(block)
    return [*kept, context(_CUT), *rows]


def _markup(text: str) -> Block:
    # Verbatim: Slack must not find links, channels or mentions in text by itself.
    return {"type": "mrkdwn", "text": text.strip() or NOTHING, "verbatim": True}
