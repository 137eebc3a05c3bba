"""Makes text from outside safe to stand in a Slack message: it cannot ping, link, format, hide or overflow.

Slack's markup: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

ELLIPSIS: Final = "…"

_SPACES: Final = re.compile(r"[\s\u2028\u2029]+")
_LINE_ENDS: Final = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
# Control characters, half surrogates, and what reorders the text after it: bidirectional embeddings, overrides,
# isolates and marks.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_USER: Final = re.compile(r"(?:[a-z][a-z0-9-]*/)?[UW][A-Z0-9]+")
_CHANNEL: Final = re.compile(r"(?:[a-z][a-z0-9-]*/)?[CG][A-Z0-9]{6,}")
_BROADCAST: Final = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
# Slack has no escape for its formatting characters. At the edge of a word they are replaced by look-alikes; inside a
# word (`snake_case`) they mean nothing and stay.
_FORMATTING: Final = re.compile(r"(?<!\w)[*_~](?=\S)|(?<=\S)[*_~](?!\w)")
_LOOK_ALIKES: Final = {"*": "∗", "_": "ˍ", "~": "∼"}
_TOKEN: Final = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);|.", re.DOTALL)
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s<>|\"`]+", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_MOST_OF_A_LINK: Final = 2000


def clean(text: str) -> str:
    """Remove what nobody can see but everybody is fooled by: control characters, reordering, half surrogates."""
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))


def shorten(text: str, limit: int) -> str:
    """Cut plain text to at most `limit` characters; a cut is shown by an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def escape(text: str) -> str:
    """Make text literal: no mention, no link, no entity, no broadcast. Formatting characters stay."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A word joiner is invisible, and keeps clients from reading a broadcast into it.
    return _BROADCAST.sub("@\u2060", escaped)


def line(text: str, limit: int = 150) -> str:
    """Return text from outside as one safe line of at most `limit` of its own characters."""
    return _isolated(escape(_unformatted(shorten(_start(_on_one_line, text, limit), limit))))


def paragraph(text: str, limit: int = 1000) -> str:
    """Return text from outside as safe lines, each of which keeps its end."""
    lines = shorten(_start(lambda t: clean(t).strip(), text, limit), limit).split("\n")
    return "\n".join(_isolated(escape(_unformatted(one))) for one in lines)


def code(text: str, limit: int = 80) -> str:
    """Return text from outside in a monospaced font, on one line."""
    one = _start(_on_one_line, text, limit).replace("`", "ˋ")
    return f"`{escape(shorten(one, limit))}`" if one else ""


def link(url: str | None, label: str) -> str:
    """Return a link with a safe label (see `line`); the label alone where the address is none of the web."""
    address = clean(url or "").strip()
    if not _WEB_ADDRESS.fullmatch(address) or len(address) > _MOST_OF_A_LINK:
        return label
    return f"<{address.replace('&', '&amp;')}|{label}>"


def mention(user_id: str | None) -> str | None:
    """Return what pings a person; `None` where it is no Slack id."""
    return f"<@{user_id}>" if user_id and _USER.fullmatch(user_id) else None


def channel_link(name: str) -> str:
    """Return a channel as the configuration names it; an id as a link, which Slack shows under the name of today."""
    return f"<#{name}>" if _CHANNEL.fullmatch(name) else line(name, 80)


def place_link(name: str) -> str:
    """Return where the bot speaks: a channel, or direct messages to a person. For whoever asks, not for channels."""
    person = mention(name)
    return f"direct messages to {person}" if person else channel_link(name)


def fit(markup: str, limit: int) -> str:
    """Cut assembled markup to at most `limit` characters, never inside an entity or a `<…>` token."""
    if len(markup) <= limit:
        return markup
    kept, size = [], 0
    for token in _TOKEN.findall(markup):
        if size + len(token) > limit - len(ELLIPSIS):
            break
        kept.append(token)
        size += len(token)
    return "".join(kept) + ELLIPSIS


def readable(markup: str) -> str:
    """Turn what Slack sends of a person's message into plain text: labels instead of tokens, no entities."""

    def spoken(token: re.Match[str]) -> str:
        kind, target, label = token["kind"], token["target"], token["label"]
        if kind == "!":
            return label or "@" + target.partition("^")[0]
        return kind + (label or target)

    return unescape(_MARKUP.sub(spoken, markup))


def unescape(text: str) -> str:
    """Undo Slack's three entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return `1 commit`, `2 commits`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: list[str], most: int = 3) -> str:
    """Return `Ada, Bo and Cy`; of more than `most` the rest is counted."""
    if len(names) > most:
        return ", ".join(names[:most]) + f" and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _on_one_line(text: str) -> str:
    return _SPACES.sub(" ", clean(text)).strip()


def _start(cleaned: Callable[[str], str], text: str, limit: int) -> str:
    """Return cleaned text of which only the first `limit` characters will be shown: rarely is all of it cleaned."""
    start = cleaned(text[: 4 * limit])
    return start if len(start) > limit or len(text) <= 4 * limit else cleaned(text)


def _unformatted(text: str) -> str:
    quiet = _FORMATTING.sub(lambda found: _LOOK_ALIKES[found[0]], text)
    return quiet.replace("`", "ˋ")


def _isolated(text: str) -> str:
    """Keep right-to-left words from reordering the rest of the line (Unicode's first-strong isolate)."""
    if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        return f"\u2068{text}\u2069"
    return text
