"""Slack's message markup ("mrkdwn") as safe HTML, with names, dates and links resolved.

The rules are those of https://docs.slack.dev/messaging/formatting-message-text. Text is escaped before any
markup of ours is put around it, so what somebody wrote can never become markup of the page.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup, escape

from bot.sandbox.page.emoji import EMOJI


@dataclass(frozen=True, slots=True)
class Naming:
    """What ids of people, channels and user groups are called, and the id of the person who reads."""

    users: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    viewer: str = ""


_SAFE_URL: Final = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>\"]+", re.IGNORECASE)
_ATOM: Final = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|<(?P<control>[^<>\n]+)>"
    r"|(?P<url>\bhttps?://[^\s<>|\"`]*[^\s<>|\"`.,;:!?'()*_~\]])"
    r"|:(?P<emoji>[a-z0-9_+\-]+):"
)
# An atom (a link, code, an emoji) is one character of a private plane while bold and its like are looked for.
_FIRST_ATOM: Final = 0xF0000
_PRIVATE: Final = re.compile("[\U000f0000-\U000fffff]")
_STYLED: Final = re.compile(
    r"(?<![\w*])\*(?P<b>(?=\S)[^*\n]+(?<=\S))\*(?![\w*])"
    r"|(?<!\w)_(?P<i>(?=\S)(?:[^_\n]|(?<=\w)_(?=\w))+(?<=\S))_(?!\w)"
    r"|(?<![\w~])~(?P<s>(?=\S)[^~\n]+(?<=\S))~(?![\w~])"
)
_QUOTED: Final = re.compile(r"^(?:&gt;|>) ?")
_BROADCASTS: Final = frozenset({"here", "channel", "everyone"})


def unescape(text: str) -> str:
    """Undo Slack's three entities; nothing else is an entity there."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mrkdwn(text: str, naming: Naming) -> Markup:
    """One `mrkdwn` text as HTML: fences, quotes, lines and all that stands inside them."""
    pieces = _PRIVATE.sub("\N{REPLACEMENT CHARACTER}", text).split("```")
    if len(pieces) % 2 == 0:  # a fence that nobody closed is three characters
        pieces[-2:] = ["```".join(pieces[-2:])]
    rendered = [
        _fence(piece, naming) if position % 2 else _paragraph(piece, naming)
        for position, piece in enumerate(pieces)
        if piece
    ]
    return Markup("").join(rendered)


def plain(text: str, *, emoji: bool = True) -> Markup:
    """One `plain_text` as HTML: only emoji and line ends mean anything."""
    parts = re.split(r":([a-z0-9_+\-]+):", text) if emoji else [text]
    rendered = [
        (emoji_html(part) if part in EMOJI else escape(f":{part}:")) if position % 2 else escape(unescape(part))
        for position, part in enumerate(parts)
    ]
    return Markup("").join(rendered).replace("\n", Markup("<br>"))


def emoji_html(name: str) -> Markup:
    """One emoji by its name, or the name between colons when it is not one we know."""
    if name not in EMOJI:
        return escape(f":{name}:")
    return Markup('<span class="emoji" role="img" aria-label="{0}" title=":{0}:">{1}</span>').format(name, EMOJI[name])


def link(url: str, label: Markup) -> Markup:
    """A link that opens beside the page; anything but a web, mail or telephone address is only its label."""
    if not _SAFE_URL.fullmatch(url):
        return label
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, label)


def date(timestamp: int, form: str, fallback: str, url: str = "") -> Markup:
    """A moment; the page's script puts it into the reader's own zone by `form`, Slack's date tokens."""
    try:
        moment = datetime.fromtimestamp(timestamp, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return escape(fallback)
    shown = Markup('<time datetime="{}" data-form="{}" title="{}">{}</time>').format(moment, form, fallback, fallback)
    return link(url, shown) if url else shown


def mention(kind: str, text: str, *, mine: bool = False) -> Markup:
    """A named person, channel or group, set apart from the words around it."""
    return Markup('<span class="mention mention-{}{}">{}</span>').format(kind, " mention-mine" if mine else "", text)


def _fence(text: str, naming: Naming) -> Markup:
    return Markup("<pre>{}</pre>").format(_verbatim(text.strip("\n"), naming))


def _paragraph(text: str, naming: Naming) -> Markup:
    html, quoted = Markup(""), False
    for position, line in enumerate(text.strip("\n").split("\n")):
        is_quote = _QUOTED.match(line) is not None
        if is_quote != quoted:
            html += Markup("<blockquote>") if is_quote else Markup("</blockquote>")
        elif position:
            html += Markup("<br>")
        html += _line(_QUOTED.sub("", line) if is_quote else line, naming)
        quoted = is_quote
    return html + (Markup("</blockquote>") if quoted else Markup(""))


def _line(text: str, naming: Naming) -> Markup:
    atoms: list[Markup] = []

    def keep(found: re.Match[str]) -> str:
        atoms.append(_atom(found, naming))
        return chr(_FIRST_ATOM + len(atoms) - 1)

    return _fill(_styled(escape(unescape(_ATOM.sub(keep, text)))), atoms)


def _fill(text: Markup, atoms: list[Markup]) -> Markup:
    html, position = Markup(""), 0
    for found in _PRIVATE.finditer(text):
        html += text[position : found.start()] + atoms[ord(found[0]) - _FIRST_ATOM]
        position = found.end()
    return html + text[position:]


def _styled(text: Markup) -> Markup:
    html, position = Markup(""), 0
    for found in _STYLED.finditer(text):
        tag = str(found.lastgroup)
        html += text[position : found.start()]
        html += Markup("<{0}>{1}</{0}>").format(tag, _styled(text[slice(*found.span(tag))]))
        position = found.end()
    return html + text[position:]


def _atom(found: re.Match[str], naming: Naming) -> Markup:
    if code := found["code"]:
        return Markup("<code>{}</code>").format(_verbatim(code[1:-1], naming))
    if control := found["control"]:
        return _control(control, naming)
    if url := found["url"]:
        return link(unescape(url), escape(unescape(url)))
    return emoji_html(found["emoji"])


def _verbatim(text: str, naming: Naming) -> Markup:
    """Text in which only links and mentions are resolved, and those to plain words."""
    words = re.sub(r"<([^<>\n]+)>", lambda found: str(_control(found[1], naming).striptags()), text)
    return escape(unescape(words))


def _control(body: str, naming: Naming) -> Markup:
    target, _, label = body.partition("|")
    label = unescape(label)
    for prefix, render in _CONTROLS.items():
        if target.startswith(prefix):
            return render(target.removeprefix(prefix), label, naming)
    url = unescape(target)
    return link(url, plain(label or url.removeprefix("mailto:")))


def _user(user: str, label: str, naming: Naming) -> Markup:
    return mention("user", f"@{naming.users.get(user, label or user)}", mine=user == naming.viewer)


def _channel(channel: str, label: str, naming: Naming) -> Markup:
    return mention("channel", f"#{naming.channels.get(channel, label or channel)}")


def _group(group: str, label: str, naming: Naming) -> Markup:
    return mention("group", f"@{naming.groups[group]}" if group in naming.groups else label or f"@{group}")


def _date(body: str, fallback: str, _naming: Naming) -> Markup:
    timestamp, _, rest = body.partition("^")
    form, _, url = rest.partition("^")
    if not re.fullmatch(r"-?[0-9]{1,12}", timestamp):
        return escape(fallback or body)
    return date(int(timestamp), form, fallback, unescape(url))


def _special(name: str, label: str, _naming: Naming) -> Markup:
    if name in _BROADCASTS:
        return mention("broadcast", f"@{name}", mine=True)
    return escape(label or f"<!{name}>")


_CONTROLS: Final[Mapping[str, Callable[[str, str, Naming], Markup]]] = {
    "@": _user,
    "#": _channel,
    "!subteam^": _group,
    "!date^": _date,
    "!": _special,
}
