"""Reads which period a person means: `week`, `today`, `2026-11-20`, `2026-W47`, `2026-11`."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from handlers.digest_runs import WINDOW_WORDS, window_for
from handlers.errors import UserError
from models.periods import Length, Window, window

FORMS: Final = ("2026-11-20", "2026-W47", "2026-11")
WORDS: Final = (*WINDOW_WORDS, *FORMS)
_SHAPES: Final[tuple[tuple[re.Pattern[str], Length, Callable[..., date]], ...]] = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), "day", date),
    (re.compile(r"(\d{4})-w(\d{1,2})"), "week", lambda year, week: date.fromisocalendar(year, week, 1)),
    (re.compile(r"(\d{4})-(\d{1,2})"), "month", lambda year, month: date(year, month, 1)),
)


def is_period(word: str) -> bool:
    """Say whether a word has the form of a period."""
    said = word.casefold()
    return said in WINDOW_WORDS or any(shape.fullmatch(said) for shape, _, _ in _SHAPES)


def asked_for(word: str, timezone: str, at: datetime) -> Window | None:
    """Return the window that a word means, up to `at` where it still runs; `None` where it is no such word.

    Raises:
        UserError: there is no such day, week or month, or it has not begun.
    """
    said = word.casefold()
    if known := window_for(said, timezone, at):
        return known
    found = next(((length, make, m) for shape, length, make in _SHAPES if (m := shape.fullmatch(said))), None)
    if found is None:
        return None
    length, make, match = found
    try:
        whole = window(make(*map(int, match.groups())), length, timezone)
    except (ValueError, OverflowError):
        raise UserError(f"There is no {length} “{word[:20]}”. I read {', '.join(f'`{f}`' for f in FORMS)}.") from None
    return until(whole, at)


def until(whole: Window, at: datetime) -> Window:
    """Return a window as far as it has run.

    Raises:
        UserError: it has not begun.
    """
    if whole.start >= at:
        raise UserError(f"The {whole.length} of {whole.first:%Y-%m-%d} has not begun yet.")
    return replace(whole, end=min(whole.end, at))
