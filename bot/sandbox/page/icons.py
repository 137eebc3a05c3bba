"""The page's own small drawings, inline so that nothing is fetched."""

from typing import Final

from markupsafe import Markup

# Strokes on a 20 by 20 field.
_STROKES: Final = {
    "dots": "M4.5 10h.01M10 10h.01M15.5 10h.01",
    "reply": "M4 5.5h12v8H9l-3.5 3v-3H4z",
    "close": "M5 5l10 10M15 5L5 15",
    "send": "M3.5 10h12M11 5.5l4.5 4.5-4.5 4.5",
    "play": "M6.5 4.5v11l9-5.5z",
    "stop": "M5.5 5.5h9v9h-9z",
    "fault": "M11 2.5L4.5 11.5h5l-1 6 7-9.5h-5z",
    "terminal": "M3 4.5h14v11H3zM6 8l2.5 2L6 12M10.5 12.5H14",
    "theme": "M15.8 12.2A6.5 6.5 0 0 1 7.8 4.2a6.5 6.5 0 1 0 8 8z",
    "left": "M3.5 4.5h13v11h-13zM9 4.5v11M5.5 7.5h1.5M5.5 10h1.5",
    "right": "M3.5 4.5h13v11h-13zM11 4.5v11M13 7.5h1.5M13 10h1.5",
    "copy": "M7 7h9v9H7zM4 13V4h9",
    "edit": "M4 16l.8-3.4L13.4 4l2.6 2.6-8.6 8.6zM11.5 6l2.5 2.5",
    "trash": "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
    "smile": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM7.5 8.5h.01M12.5 8.5h.01M7 11.5c1.5 2 4.5 2 6 0",
    "shortcut": "M11 2.5L4.5 11.5h5l-1 6 7-9.5h-5z",
    "home": "M3.5 9.5L10 4l6.5 5.5M5.5 8.5V16h9V8.5",
    "lock": "M5.5 9h9v7h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9",
    "eye": "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
}

LOGO: Final = Markup(
    '<svg class="logo" viewBox="0 0 40 28" aria-hidden="true">'
    '<path class="arch arch-dev" d="M3 25v-5.5a7.5 7.5 0 0 1 15 0V25"/>'
    '<path class="arch arch-ops" d="M22 25v-5.5a7.5 7.5 0 0 1 15 0V25"/>'
    '<path class="deck" d="M1.5 7.5h37"/></svg>'
)

AVATAR: Final = Markup(
    '<svg class="avatar" viewBox="0 0 40 40" aria-hidden="true">'
    '<rect width="40" height="40" rx="10" fill="{}"/><text x="20" y="26.5" text-anchor="middle">{}</text></svg>'
)
EMOJI_AVATAR: Final = Markup('<span class="avatar avatar-emoji">{}</span>')
APP_AVATAR: Final = Markup(
    '<svg class="avatar avatar-app" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" rx="10"/>'
    '<path d="M8 29v-5a5.5 5.5 0 0 1 11 0v5M21 29v-5a5.5 5.5 0 0 1 11 0v5M6 14.5h28"/></svg>'
)


def icon(name: str) -> Markup:
    """One drawing by its name; words beside it, or an `aria-label` around it, say what it means."""
    if name == "logo":
        return LOGO
    return Markup('<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="{}"/></svg>').format(
        _STROKES[name]
    )
