"""The rich_text block and what it is made of. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block ."""

from bot.sandbox.blocks.checks import Check, boolean, by_type, enum, integer, items, shape, string, url

_MANY = 1000

_STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), boolean))
_MENTION = {"style": _STYLE}

_LEAVES: dict[str, Check] = {
    "text": shape({"text": string()}, {"style": _STYLE}),
    "link": shape({"url": url()}, {"text": string(), "unsafe": boolean, "style": _STYLE}),
    "emoji": shape({"name": string()}, {"unicode": string(), "style": _STYLE}),
    "user": shape({"user_id": string()}, _MENTION),
    "channel": shape({"channel_id": string()}, _MENTION),
    "usergroup": shape({"usergroup_id": string()}, _MENTION),
    "broadcast": shape({"range": enum("here", "channel", "everyone")}, _MENTION),
    "date": shape({"timestamp": integer(0), "format": string()}, {"url": url(), "fallback": string(), "style": _STYLE}),
    "color": shape({"value": string()}, {"style": _STYLE}),
}
_LEAF = by_type(_LEAVES)
_PREFORMATTED_LEAF = by_type({"text": _LEAVES["text"], "link": _LEAVES["link"]})
_SECTION = shape({"elements": items(_LEAF, _MANY, least=0)})
_BORDER = {"border": integer(0, 1)}

_PARTS = by_type(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": shape(
            {
                "style": enum("bullet", "ordered"),
                "elements": items(by_type({"rich_text_section": _SECTION}), _MANY),
            },
            {"indent": integer(0, 8), "offset": integer(0), **_BORDER},
        ),
        "rich_text_preformatted": shape(
            {"elements": items(_PREFORMATTED_LEAF, _MANY)}, {"language": string(), **_BORDER}
        ),
        "rich_text_quote": shape({"elements": items(_LEAF, _MANY)}, _BORDER),
    }
)

RICH_TEXT = shape({"elements": items(_PARTS, _MANY)}, {"block_id": string(255)})
