"""Reads instants and lengths as people type them: `20m ago`, `09:40`, `30m`, `2 h`, `2026-11-20 18:00`."""

import re
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_LENGTH: Final = re.compile(r"(\d{1,4})\s*(m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def read_length(text: str) -> timedelta | None:
    """Return the length that words mean; `None` where they mean none."""
    found = _LENGTH.fullmatch(text.strip())
    return int(found[1]) * _UNITS[found[2][0].casefold()] if found else None


def read_past(text: str, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant at or before `at` that words mean in a zone; `None` where they mean none.

    A clock time is today's, or yesterday's where today's is still to come.
    """
    words = " ".join(text.split()).casefold().removesuffix(" ago")
    length = read_length(words)
    if length is not None:
        return at - length
    local = at.astimezone(zone)
    clock = _clock(words)
    if clock is not None:
        today = datetime.combine(local.date(), clock, zone)
        return today if today <= at else datetime.combine(local.date() - timedelta(days=1), clock, zone)
    try:
        written = datetime.fromisoformat(words.upper().replace(" ", "T"))
    except ValueError:
        return None
    return written if written.tzinfo else written.replace(tzinfo=zone)


def read_day(text: str, at: datetime, zone: ZoneInfo) -> date | None:
    """Return the day that words mean: `today`, `tomorrow`, `3d`, `fri`, `2026-12-01`; `None` where they mean none."""
    word, today = text.strip().casefold(), at.astimezone(zone).date()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    length = read_length(word)
    if length is not None:
        return today + timedelta(days=max(length.days, 0))
    weekday = next((n for n, day in enumerate(_DAYS) if len(word) >= 3 and day.startswith(word)), None)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _clock(words: str) -> time | None:
    found = _CLOCK.fullmatch(words)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))
