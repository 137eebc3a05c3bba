"""How the two sides work together: which took part in an incident, and how soon the other one answered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.metrics import percentile

_BOTH: Final = {"dev", "ops"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Incidents in which both sides took part, of those of which it is known; `None` where of none.

    `answer_median_s` is the median of the time from one side's first act or word to the other's, over the `answers`
    incidents of which it is known.
    """

    both: int | None
    of: int
    answers: int
    answer_median_s: float | None


def together(signs: Collection[Mapping[str, datetime]]) -> Together:
    """Sum up incidents, each given by when each side (`dev`, `ops`) first acted or spoke; neither is a known absence.

    The key `unknown` says when somebody first acted at an unknown place: that may have been the side that is missing,
    or an earlier answer.
    """
    both = [first for first in signs if set(first) >= _BOTH]
    known = sum("unknown" not in first or set(first) >= _BOTH for first in signs)
    waits = [wait for first in both if (wait := _wait(first)) is not None]
    return Together(
        both=len(both) if known else None,
        of=known,
        answers=len(waits),
        answer_median_s=percentile(waits, 0.5),
    )


def _wait(first: Mapping[str, datetime]) -> float | None:
    """Return the seconds from one side to the other, of an incident in which both took part."""
    asked, answered = sorted((first["dev"], first["ops"]))
    is_known = "unknown" not in first or first["unknown"] >= answered
    return (answered - asked).total_seconds() if is_known else None
