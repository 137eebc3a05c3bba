"""What is said of channels that people link and part."""

from collections.abc import Sequence
from typing import Final

from handlers.routing import Audience
from handlers.views import Message
from handlers.views.layout import actions, button, message, said, section
from handlers.views.text import channel_link, line
from handlers.views.times import moment
from models.links import Link, Room
from models.workspaces import hashed, workspace_of

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
        f"🔗 {_dev(link)} (dev) and {_ops(link)} (ops) are linked from now on. "
        f"{_what(link)} `/bridge unlink {line(hashed(link.dev_name), 80)}` ends it."
    )


def unlinked(link: Link) -> Message:
    """Return what the person who parted two channels is shown."""
    return said(f"{_dev(link)} and {_ops(link)} are not linked any more. Their messages stay.")


def card(link: Link, side: Audience) -> Message:
    """Return the message in a channel that it was linked, by whom, and for what; once it is over, that."""
    other = _other(link, side)
    by = f"by {line(link.linked_by, 60)}"
    if link.unlinked_at:
        return said(f"🔗 ~Linked with {other}~ {by}; ended by {line(link.unlinked_by or '?', 60)}.")
    return said(f"🔗 *This channel is linked with {other}* as the {side} side, {by}. {_what(link)}")


def ended(link: Link, side: Audience) -> Message:
    """Return what a channel hears when its link is ended."""
    other = _other(link, side)
    return said(
        f"This channel is not linked with {other} any more, since {moment(link.unlinked_at or link.linked_at)}."
    )


def invite(outside: Sequence[Room], words: str) -> Message:
    """Return the steps for a person to invite the bot, and the button for when that is done."""
    steps = "\n".join(f"• in {_channel(room.id, room.name)}: `/invite @twinspan`" for room in outside)
    names = " and ".join(_channel(room.id, room.name) for room in outside)
    text = f"Almost. I am not in {names} yet. Type:\n{steps}\nThen:"
    return message(text, [section(text), actions(button("Link now", LINK, words, style="primary"))])


def _other(link: Link, side: Audience) -> str:
    """Return the channel on the other side: where that is in another workspace, Slack knows no name for it here."""
    here, there, name = (link.dev, link.ops, link.ops_name) if side == "dev" else (link.ops, link.dev, link.dev_name)
    return channel_link(there) if workspace_of(here) == workspace_of(there) else line(hashed(name), 80)


def _dev(link: Link) -> str:
    return _channel(link.dev, link.dev_name)


def _ops(link: Link) -> str:
    return _channel(link.ops, link.ops_name)


def _channel(room: str, name: str) -> str:
    """Return a channel under the name of today; one of another workspace as it is written here."""
    return line(hashed(name), 80) if workspace_of(room) else channel_link(room)


def _what(link: Link) -> str:
    about = "every service" if link.services is None else line(", ".join(link.services), 300)
    return f"Deploys, changes and incidents of {about} come to both, in each side's words; {_MODES[link.mirror]}."
