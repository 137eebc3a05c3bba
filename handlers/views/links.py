"""What is said of channels that people link and part."""

from collections.abc import Sequence
from typing import Final

from handlers.routing import Audience
from handlers.views import Message
from handlers.views.layout import actions, button, message, said, section
from handlers.views.text import channel_link, line
from handlers.views.times import moment
from models.links import Link, Room

LINK: Final = "bridge_link"
_MODES: Final = {
    "always": "their threads are one conversation",
    "incidents": "threads of incidents are one conversation",
    "ask": "in each thread I ask whether it becomes one conversation",
    "never": "each side has its own threads",
}


def linked(link: Link) -> Message:
    """Return what the person who linked two channels is shown."""
    return said(
        f"🔗 {channel_link(link.dev)} (dev) and {channel_link(link.ops)} (ops) are linked from now on. "
        f"{_what(link)} `/bridge unlink #{line(link.dev_name, 80)}` ends it."
    )


def unlinked(link: Link) -> Message:
    """Return what the person who parted two channels is shown."""
    return said(f"{channel_link(link.dev)} and {channel_link(link.ops)} are not linked any more. Their messages stay.")


def card(link: Link, side: Audience) -> Message:
    """Return the message in a channel that it was linked, by whom, and for what; once it is over, that."""
    other = channel_link(link.ops if side == "dev" else link.dev)
    by = f"by {line(link.linked_by, 60)}"
    if link.unlinked_at:
        return said(f"🔗 ~Linked with {other}~ {by}; ended by {line(link.unlinked_by or '?', 60)}.")
    return said(f"🔗 *This channel is linked with {other}* as the {side} side, {by}. {_what(link)}")


def ended(link: Link, side: Audience) -> Message:
    """Return what a channel hears when its link is ended."""
    other = channel_link(link.ops if side == "dev" else link.dev)
    return said(
        f"This channel is not linked with {other} any more, since {moment(link.unlinked_at or link.linked_at)}."
    )


def invite(outside: Sequence[Room], words: str) -> Message:
    """Return the steps for a person to invite the bot, and the button for when that is done."""
    steps = "\n".join(f"• in {channel_link(room.id)}: `/invite @twinspan`" for room in outside)
    text = f"Almost. I am not in {' and '.join(channel_link(room.id) for room in outside)} yet. Type:\n{steps}\nThen:"
    return message(text, [section(text), actions(button("Link now", LINK, words, style="primary"))])


def _what(link: Link) -> str:
    about = "every service" if link.services is None else line(", ".join(link.services), 300)
    return f"Deploys, changes and incidents of {about} come to both, in each side's words; {_MODES[link.mirror]}."
