"""What is said of threads that are one conversation across two channels, and the lines carried over."""

from dataclasses import replace
from typing import Final

from handlers.routing import Audience
from handlers.views import Author, Block, Message
from handlers.views.layout import actions, button, context, message, section
from handlers.views.text import fit, link, listed
from handlers.views.text import line as safe
from models.mirroring import Line
from models.topology import Bridge

STOP: Final = "mirror_stop"
START: Final = "mirror_start"
# https://docs.slack.dev/reference/block-kit/blocks/section-block : 3,000 characters.
_MOST_OF_A_SECTION: Final = 2900


def said(line: Line) -> Message:
    """Return a reply as it is said on the other side, under its author's name and picture."""
    if line.is_gone:
        return Message(text="(taken back)", is_gone=True)
    blocks: list[Block] = [_section(part) for part in _pieces(line.text)]
    if line.files:
        blocks.append(context("📎 " + listed([link(url, safe(name, 80)) for name, url in line.files], 10)))
    small = [f":{safe(emoji, 40)}: {listed([safe(n, 40) for n in who], 5)}" for emoji, who in line.reactions.items()]
    if line.edited_at:
        small.append("(edited)")
    if small:
        blocks.append(context(" · ".join(small[:10])))
    text = fit(line.text, _MOST_OF_A_SECTION) or "📎"
    return replace(message(text, blocks), author=Author(name=line.author[:80], picture=line.picture))


def note(bridge: Bridge, side: Audience, subject: str, *, is_on: bool, shows_private: bool) -> Message:
    """Return the note in a thread that says whether its replies are seen on the other side."""
    other = safe(bridge.ops if side == "dev" else bridge.dev, 80)
    if not is_on:
        words = f"⛔ Replies here stay here; {other} has its own thread."
        return message(words, [context(words), actions(button("One conversation", START, subject))])
    words = f"🔁 Replies here also appear in {other}, and theirs here. `//` or 🔒 in front keeps one on this side."
    if shows_private:
        words += " *One of the two channels is private*; an admin allowed this."
    return message(words, [context(words), actions(button("Keep them apart", STOP, subject))])


def ask(bridge: Bridge, side: Audience, subject: str) -> Message:
    """Return the question whether a thread becomes one conversation with the other side's."""
    other = safe(bridge.ops if side == "dev" else bridge.dev, 80)
    words = f"Shall replies in this thread also appear in {other}?"
    return message(words, [section(words), actions(button("Yes", START, subject), button("No", STOP, subject))])


def private(bridge: Bridge, side: Audience) -> Message:
    """Return the note in a private channel's thread that its replies stay there."""
    other = safe(bridge.ops if side == "dev" else bridge.dev, 80)
    words = f"🔒 This channel is private and {other} is not: replies here stay here."
    return message(words, [context(f"{words} An admin can allow it with `mirror_private: true`.")])


def decided(*, is_on: bool) -> Message:
    """Return the answer to who decided."""
    words = "Replies appear on both sides from now on." if is_on else "Each side has its own thread from now on."
    return message(words, [section(words)])


def _pieces(text: str) -> list[str]:
    """Cut a long text into sections, at the ends of lines or words where there are any."""
    pieces: list[str] = []
    while text:
        cut = len(text)
        if cut > _MOST_OF_A_SECTION:
            ends = (text.rfind(end, 1, _MOST_OF_A_SECTION) for end in "\n ")
            cut = next((end for end in ends if end > 0), _MOST_OF_A_SECTION)
        pieces.append(text[:cut])
        text = text[cut:].lstrip("\n")
    return pieces


def _section(text: str) -> Block:
    # As its author formatted it; what could ping was made literal before, and verbatim finds nothing anew.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
