"""“Did you mean …?”: the nearest known word to one that was mistyped."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final
from zoneinfo import available_timezones

_NEAR_ENOUGH: Final = 0.6


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was most likely meant, in its own spelling; `None` where none is near."""
    by_folded = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=_NEAR_ENOUGH)
    return by_folded[found[0]] if found else None


def zone_meant(name: str, show: str = "{}") -> str:
    """Return what to do about a time zone that does not exist; `show` wraps a zone's name."""
    meant = nearest(name, sorted(available_timezones()))
    return f"Did you mean {show.format(meant)}?" if meant else f"Zones are called like {show.format('Europe/Berlin')}."


def did_you_mean(word: str, known: Iterable[str], show: str = "{}", *, aliases: Iterable[str] = ()) -> str:
    """Return a question to append to a complaint, else a list of what is known (without aliases); `show` wraps it."""
    names = list(known)
    meant = nearest(word, [*aliases, *names])
    if meant is not None:
        return f" Did you mean {show.format(meant)}?"
    if not names:
        return ""
    listed = ", ".join(show.format(name) for name in names[:12])
    return f" I know {listed}{' …' if len(names) > 12 else ''}."
