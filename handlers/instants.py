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


def read_span(
    text: str, at: datetime, zone: ZoneInfo, *, is_same_day: bool = False
) -> tuple[datetime, datetime] | None:
    """Return when from, when until words mean: `tonight`, `tomorrow`, `for 2h`, `until 18:00`, `from … to …`.

    After `from`, a clock time (or the same weekday's) that is not later is that of the next day (or week); with
    `is_same_day` it is that day's all the same, and the end comes before the beginning.
    """
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
    begins = (read_coming(span["from"], at, zone) if span["from"] else at) if span else None
    if span is None or begins is None:
        return None
    length = read_length(span["length"]) if span["length"] else None
    if length or not span["until"]:
        return (begins, begins + length) if length else None
    ends = _end(span["until"], begins, at, zone, is_same_day=is_same_day and bool(span["from"]))
    return (begins, ends) if ends else None


def _end(words: str, begins: datetime, at: datetime, zone: ZoneInfo, *, is_same_day: bool) -> datetime | None:
    """Return the end that words mean: a weekday is the first after the beginning, tomorrow is that of who writes."""
    if words.split()[0] in ("today", "tomorrow"):
        return read_coming(words, at, zone)
    day_word, _, clock_word = words.rpartition(" ")
    clock = _clock(clock_word)
    day = begins.astimezone(zone).date()
    if clock is None:
        return read_coming(words, begins, zone)
    if not day_word:
        return _instant(day, clock, zone) if is_same_day else read_coming(words, begins, zone)
    # “from fri 18:00 to fri 20:00” are two hours.
    that_day = _instant(day, clock, zone)
    is_that_day = _weekday(day_word) == day.weekday() and (is_same_day or that_day > begins)
    return that_day if is_that_day else read_coming(words, begins, zone)


def read_day(text: str, at: datetime, zone: ZoneInfo) -> date | None:
    """Return the day that words mean: `today`, `tomorrow`, `3d`, `fri`, `2026-12-01`; `None` where they mean none."""
    word, today = text.strip().casefold(), at.astimezone(zone).date()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    length = read_length(word)
    if length is not None:
        return today + timedelta(days=max(length.days, 0))
    weekday = _weekday(word)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _weekday(word: str) -> int | None:
    return next((n for n, day in enumerate(_DAYS) if len(word) >= 3 and day.startswith(word)), None)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _clock(words: str) -> time | None:
    found = _CLOCK.fullmatch(words)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))
