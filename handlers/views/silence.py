"""The words where every sender fell silent, which is not the same as never having been heard."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from handlers.views.text import line, listed
from handlers.views.times import moment

EVERY_SENDER_SILENT: Final = "every sender is silent"
_MOST_NAMES: Final = 8
_MOST_OF_A_NAME: Final = 40


def in_words(silence: Mapping[str, Any]) -> str:
    """Return `every sender is silent since 29 Nov at 10:00: ci and pager`."""
    since = moment(datetime.fromisoformat(silence["since"]).astimezone(UTC))
    names = [line(name, _MOST_OF_A_NAME) for name in silence["senders"]]
    return f"{EVERY_SENDER_SILENT} since {since}: {listed(names, _MOST_NAMES)}"


def is_silenced(numbers: Mapping[str, Any], count: str) -> bool:
    """Say whether a count of a period is unknown only because every sender had fallen silent."""
    # Snapshots of an earlier release do not say.
    return count in numbers.get("silenced", ())
