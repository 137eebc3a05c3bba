"""`rich_text` blocks as HTML: what Slack's own composer writes.

Shapes: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup, escape

from bot.sandbox.page.mrkdwn import Naming, date, emoji_html, link, mention

Element = Mapping[str, Any]

_STYLES: Final = {"bold": "b", "italic": "i", "strike": "s", "underline": "u", "code": "code"}


def rich_text(block: Element, naming: Naming) -> Markup:
    """A whole `rich_text` block."""
    return Markup("").join(_part(part, naming) for part in block.get("elements", ()))


def _part(part: Element, naming: Naming) -> Markup:
    kind, elements = part.get("type"), part.get("elements", ())
    if kind == "rich_text_list":
        return _list(part, naming)
    inside = Markup("").join(_inline(element, naming) for element in elements)
    if kind == "rich_text_preformatted":
        return Markup("<pre>{}</pre>").format(inside)
    if kind == "rich_text_quote":
        return Markup("<blockquote>{}</blockquote>").format(inside)
    return Markup("<p>{}</p>").format(inside)


def _list(part: Element, naming: Naming) -> Markup:
    tag = "ol" if part.get("style") == "ordered" else "ul"
    items = Markup("").join(Markup("<li>{}</li>").format(_part(item, naming)) for item in part.get("elements", ()))
    indent = min(max(int(part.get("indent", 0)), 0), 8)
    start = Markup(' start="{}"').format(int(part["offset"]) + 1) if part.get("offset") and tag == "ol" else ""
    return Markup('<{0} class="indent-{1}"{2}>{3}</{0}>').format(tag, indent, start, items)


def _inline(element: Element, naming: Naming) -> Markup:
    render = _INLINE.get(str(element.get("type")))
    html = render(element, naming) if render else escape(str(element.get("text", "")))
    for style, on in (element.get("style") or {}).items():
        if on and style in _STYLES:
            html = Markup("<{0}>{1}</{0}>").format(_STYLES[style], html)
    return html


def _text(element: Element, _: Naming) -> Markup:
    return escape(str(element.get("text", ""))).replace("\n", Markup("<br>"))


def _link(element: Element, _: Naming) -> Markup:
    url = str(element.get("url", ""))
    return link(url, escape(str(element.get("text") or url)))


def _user(element: Element, naming: Naming) -> Markup:
    user = str(element.get("user_id", ""))
    return mention("user", f"@{naming.users.get(user, user)}", mine=user == naming.viewer)


def _channel(element: Element, naming: Naming) -> Markup:
    channel = str(element.get("channel_id", ""))
    return mention("channel", f"#{naming.channels.get(channel, channel)}")


def _usergroup(element: Element, naming: Naming) -> Markup:
    group = str(element.get("usergroup_id", ""))
    return mention("group", f"@{naming.groups.get(group, group)}")


def _broadcast(element: Element, _: Naming) -> Markup:
    return mention("broadcast", f"@{element.get('range', 'here')}", mine=True)


def _date(element: Element, _: Naming) -> Markup:
    return date(
        int(element.get("timestamp", 0)),
        str(element.get("format", "")),
        str(element.get("fallback") or element.get("format", "")),
        str(element.get("url") or ""),
    )


_INLINE: Final[Mapping[str, Callable[[Element, Naming], Markup]]] = {
    "text": _text,
    "link": _link,
    "user": _user,
    "channel": _channel,
    "broadcast": _broadcast,
    "date": _date,
    "emoji": lambda element, _: emoji_html(str(element.get("name", ""))),
    "usergroup": _usergroup,
}
