"""Reads instants and lengths as people type them: `20m ago`, `09:40`, `30m`, `2 h`, `2026-11-20 18:00`."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_LENGTH: Final = re.compile(r"(\d{1,4})\s*(m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})")
_SPAN: Final = re.compile(r"(?:from (?P<from>.+?) )?(?:for (?P<length>.+)|(?:until|till|to) (?P<until>.+))")
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


def read_coming(text: str, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant that words mean, the next one where they leave it open; `None` where they mean none.

    `18:00`, `fri 18:00`, `tomorrow 09:00`, `tomorrow`, `2026-12-24 18:00`, `in 2h`.
    """
    words = " ".join(text.split()).casefold()
    length = read_length(words.removeprefix("in "))
    if length is not None:
        return at + length
    day_word, _, clock_word = words.rpartition(" ")
    clock = _clock(clock_word)
    if clock is not None and not day_word:
        today = at.astimezone(zone).date()
        found = _instant(today, clock, zone)
        return found if found > at else _instant(today + timedelta(days=1), clock, zone)
    day = read_day(day_word if clock is not None else words, at, zone)
    if day is not None:
        return _instant(day, clock or time(), zone)
    try:
        written = datetime.fromisoformat(words.upper().replace(" ", "T"))
    except ValueError:
        return None
    return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)


def read_span(text: str, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return when from, when until words mean: `tonight`, `tomorrow`, `for 2h`, `until 18:00`, `from … to …`."""
    words = " ".join(text.split()).casefold()
    today = at.astimezone(zone).date()
    match words:
        case "tonight":
            return max(at, _instant(today, time(18), zone)), _instant(today + timedelta(days=1), time(8), zone)
        case "today":
            return at, _instant(today + timedelta(days=1), time(), zone)
        case "tomorrow":
            return _instant(today + timedelta(days=1), time(), zone), _instant(today + timedelta(days=2), time(), zone)
    span = _SPAN.fullmatch(words)
    if span is None:
        return None
    begins = read_coming(span["from"], at, zone) if span["from"] else at
    if begins is None:
        return None
    length = read_length(span["length"]) if span["length"] else None
    ends = begins + length if length else read_coming(span["until"], begins, zone) if span["until"] else None
    return (begins, ends) if ends else None


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


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _clock(words: str) -> time | None:
    found = _CLOCK.fullmatch(words)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))
