"""How the two sides work together: which took part in an incident, and how soon the other one answered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.metrics import percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Incidents in which both sides took part, of those of which it is known; `None` where of none.

    `answer_median_s` is the median of the time from one side's first act to the other side's, over `both` incidents.
    """

    both: int | None
    of: int
    answer_median_s: float | None


def together(acts: Collection[Mapping[str, datetime]]) -> Together:
    """Sum up incidents, each given by when each side (`dev`, `ops`) first acted; no act at all is a known absence.

    An incident in which somebody acted at an unknown place has the key `unknown`, and is left out.
    """
    known = [first for first in acts if "unknown" not in first]
    both = [first for first in known if {"dev", "ops"} <= set(first)]
    waits = [abs((first["dev"] - first["ops"]).total_seconds()) for first in both]
    return Together(both=len(both) if known else None, of=len(known), answer_median_s=percentile(waits, 0.5))
