"""The `markdown` block as HTML: the part of Markdown that a bot's message uses, line by line.

Slack takes headings, lists, quotes, fences, emphasis, code and links
(https://docs.slack.dev/reference/block-kit/blocks/markdown-block); what is not understood stays as it was written.
"""

import re
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

from bot.sandbox.page.mrkdwn import link

_FENCE: Final = re.compile(r"^```[^\n]*\n(.*?)(?:^```[ ]*$|\Z)", re.DOTALL | re.MULTILINE)
_LINE: Final = re.compile(
    r"(?P<heading>#{1,6}) +(?P<title>.*)|(?P<bullet>[-*+]) +(?P<item>.*)|(?P<number>\d+[.)]) +(?P<step>.*)"
    r"|> ?(?P<quote>.*)|(?P<rule>-{3,}|\*{3,})\s*$"
)
_INLINE: Final = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<label>[^\[\]]+)\]\((?P<url>[^()\s]+)\)|\*\*(?P<b>[^*]+)\*\*"
    r"|(?<![\w*])\*(?P<i>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|(?<!\w)_(?P<em>[^_\s](?:[^_]*[^_\s])?)_(?!\w)|~~(?P<s>[^~]+)~~"
)


def markdown(text: str) -> Markup:
    """A whole `markdown` text."""
    html, position = Markup(""), 0
    for fence in _FENCE.finditer(text):
        html += _lines(text[position : fence.start()])
        html += Markup("<pre>{}</pre>").format(fence[1].rstrip("\n"))
        position = fence.end()
    return html + _lines(text[position:])


def _lines(text: str) -> Markup:
    lines = [(_kind(line), line) for line in text.strip("\n").split("\n")]
    return Markup("").join(
        _group(kind, [line for _, line in group]) for kind, group in groupby(lines, key=lambda each: each[0])
    )


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    found = _LINE.match(line.strip())
    return (found.lastgroup or "text") if found else "text"


def _group(kind: str, lines: list[str]) -> Markup:
    if kind == "blank":
        return Markup("")
    if kind == "text":
        return Markup("<p>{}</p>").format(Markup("<br>").join(_inline(line) for line in lines))
    bodies = [_inline(str(match[kind])) for line in lines if (match := _LINE.match(line.strip()))]
    if kind == "rule":
        return Markup("<hr>")
    if kind == "title":
        return Markup("").join(Markup("<h4>{}</h4>").format(body) for body in bodies)
    if kind == "quote":
        return Markup("<blockquote>{}</blockquote>").format(Markup("<br>").join(bodies))
    items = Markup("").join(Markup("<li>{}</li>").format(body) for body in bodies)
    return Markup("<{0}>{1}</{0}>").format("ul" if kind == "item" else "ol", items)


def _inline(text: str) -> Markup:
    html, position = Markup(""), 0
    for found in _INLINE.finditer(text):
        html += escape(text[position : found.start()]) + _styled(found)
        position = found.end()
    return html + escape(text[position:])


def _styled(found: re.Match[str]) -> Markup:
    tag = str(found.lastgroup)
    if tag == "url":
        return link(found["url"], escape(found["label"]))
    if tag == "code":
        return Markup("<code>{}</code>").format(found["code"])
    return Markup("<{0}>{1}</{0}>").format(tag, _inline(found[tag]))
