"""What a button that asks about a number carries: whose number, of which period, which page of its rows."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

ROWS: Final = "metrics_rows"
PREVIOUS: Final = "metrics_rows_previous"
NEXT: Final = "metrics_rows_next"
HOW: Final = "metrics_how"
_LENGTHS: Final = ("day", "week", "month")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: `first` is the period's first local date (ISO), `number` the key of a number.

    `channel` is Slack's id of the channel it was first asked in.
    """

    scope: str
    length: str
    first: str
    timezone: str
    number: str
    page: int = 0
    channel: str = ""

    def value(self) -> str:
        """Return what a button carries."""
        told = {name: value for name, value in asdict(self).items() if value not in (0, "")}
        return json.dumps(told, separators=(",", ":"), ensure_ascii=False)

    def at_page(self, page: int) -> "Asked":
        """Return the same question for another page."""
        return replace(self, page=page)

    def of(self, number: str) -> "Asked":
        """Return the same question about another number."""
        return replace(self, number=number, page=0)


def read(value: str) -> Asked | None:
    """Return what a button carried; `None` where it is none of ours, or of another version."""
    try:
        told: Any = json.loads(value)
        asked = Asked(**told)
        date.fromisoformat(asked.first)
    except (ValueError, TypeError):
        return None
    is_sound = asked.length in _LENGTHS and isinstance(asked.page, int) and asked.page >= 0
    return asked if is_sound else None
