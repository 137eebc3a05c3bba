"""Reads how far back a person wants to look: `2h`, `3d`, `today`, `yesterday`, `2026-11-20`."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_LENGTH: Final = re.compile(r"(\d{1,4})\s*(m|min|h|d|w)")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_since(text: str, at: datetime) -> datetime | None:
    """Return the instant a word means, seen from `at`; `None` where it is no such word. Days begin at 00:00 UTC."""
    word = text.strip().casefold()
    length = _LENGTH.fullmatch(word)
    if length:
        return at - int(length[1]) * _UNITS[length[2]]
    today = datetime.combine(at.astimezone(UTC).date(), time(), UTC)
    if word in ("today", "yesterday"):
        return today if word == "today" else today - timedelta(days=1)
    try:
        return datetime.combine(date.fromisoformat(word), time(), UTC)
    except ValueError:
        return None
