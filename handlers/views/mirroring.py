"""What is said of threads that are one conversation across two channels, and the lines carried over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from handlers.routing import Audience
from handlers.views import Author, Block, Message
from handlers.views.layout import actions, button, context, message, section
from handlers.views.questions import ASK
from handlers.views.text import channel_link, fit, link, listed
from handlers.views.text import line as safe
from handlers.views.times import moment
from models.mirroring import Line
from models.topology import Bridge

STOP: Final = "mirror_stop"
START: Final = "mirror_start"
# https://docs.slack.dev/reference/block-kit/blocks/section-block : 3,000 characters.
_MOST_OF_A_SECTION: Final = 2900
_MOST_OF_A_TEXT: Final = 500
_FENCE: Final = "```"
# What comes over later than this says when it was written.
_LATE: Final = timedelta(minutes=2)
_KEEP: Final = "`//` or 🔒 in front keeps one on this side."


def said(line: Line) -> Message:
    """Return a reply as it is said on the other side, under its author's name and picture."""
    if line.is_gone:
        return Message(text="(taken back)", is_gone=True)
    blocks: list[Block] = [_section(part) for part in _pieces(line.text)]
    if line.files:
        blocks.append(context("📎 " + listed([_file(safe(name, 80), url) for name, url in line.files], 10)))
    small = [f":{safe(emoji, 40)}: {_names(who)}" for emoji, who in list(line.reactions.items())[:10]]
    if line.edited_at:
        small.append("(edited)")
    if line.heard_at and line.heard_at - line.written_at > _LATE:
        small.append(f"written {moment(line.written_at)}")
    if small:
        blocks.append(context(" · ".join(small)))
    text = fit(line.text, _MOST_OF_A_TEXT) or "📎"
    author = Author(name=line.author[:80] or "somebody", picture=line.picture)
    return replace(message(text, blocks), author=author, shows_files=any(url for _, url in line.files))


def _file(name: str, url: str) -> str:
    # Slack shows a file below a message with its address, to those who may see it: nothing is uploaded again.
    return link(url, name) if url else f"{name} (stays on the other side)"


def _names(who: Mapping[str, str]) -> str:
    return listed([safe(name, 40) for name in who.values()], 5)


def note(bridge: Bridge, side: Audience, subject: str, *, is_on: bool, params: Mapping[str, str]) -> Message:
    """Return the note in a thread that says whether its replies are seen on the other side.

    `params`: `out` (what is written here is seen there), `back` (and theirs here), `private` (an admin opened a
    private channel to a public one).
    """
    other = channel_link(bridge.ops if side == "dev" else bridge.dev)
    if not is_on or not (params.get("out") or params.get("back")):
        words = f"⛔ Replies here stay here; {other} has its own thread."
        one, ask_them = button("One conversation", START, subject), button("Ask the other side", ASK, subject)
        return message(words, [context(words), actions(one, ask_them)])
    if not params.get("out"):
        words = f"🔒 This channel is private and {other} is not: replies here stay here, and theirs appear here. "
        words += "An admin can allow more with `mirror_private: true`."
    elif not params.get("back"):
        words = f"🔁 Replies here also appear in {other}, which is private: theirs stay there. {_KEEP}"
    else:
        words = f"🔁 Replies here also appear in {other}, and theirs here. {_KEEP}"
    if params.get("private"):
        words += " *One of the two channels is private*; an admin allowed this."
    return message(words, [context(words), actions(button("Keep them apart", STOP, subject))])


def ask(bridge: Bridge, side: Audience, subject: str) -> Message:
    """Return the question whether a thread becomes one conversation with the other side's."""
    other = channel_link(bridge.ops if side == "dev" else bridge.dev)
    words = f"Shall replies in this thread also appear in {other}?"
    return message(words, [section(words), actions(button("Yes", START, subject), button("No", STOP, subject))])


def decided(*, is_on: bool) -> Message:
    """Return the answer to who decided."""
    words = "Replies appear on both sides from now on." if is_on else "Each side has its own thread from now on."
    return message(words, [section(words)])


def _pieces(text: str) -> list[str]:
    """Cut a long text into sections, at the ends of lines or words where there are any; code goes on as code."""
    pieces: list[str] = []
    while text:
        cut = len(text)
        if cut > _MOST_OF_A_SECTION:
            ends = (text.rfind(end, 1, _MOST_OF_A_SECTION) for end in "\n ")
            cut = next((end for end in ends if end > 0), _MOST_OF_A_SECTION)
        piece, text = text[:cut], text[cut:].lstrip("\n")
        if piece.count(_FENCE) % 2 and text:
            piece, text = piece + _FENCE, _FENCE + text
        pieces.append(piece)
    return pieces


def _section(text: str) -> Block:
    # As its author formatted it; what could ping was made literal before, and verbatim finds nothing anew.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
