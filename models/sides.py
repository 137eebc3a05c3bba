"""How the two sides work together: which took part in an incident, how soon the other answered, what nobody owns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from models.delivery import Numbers
from models.metrics import percentile
from models.periods import Window

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the numbers between the two sides follow from, of some periods.

    `started` are (number, start) of incidents, `signs` when each side first acted or spoke, by incident, `causeless`
    the incidents of which nobody recorded a cause, `unowned` when changes that nobody owns happened, `handoffs`
    (boundary, whether it was accepted on time).
    """

    started: Sequence[tuple[int, datetime]] = ()
    signs: Mapping[int, Mapping[str, datetime]] = field(default_factory=dict)
    causeless: Collection[int] = ()
    unowned: Sequence[datetime] = ()
    handoffs: Sequence[tuple[datetime, bool]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """What the two sides had to do with each other in a period. A part of nothing is `None`, as is what is unknown.

    `both` and `answers` are as in `Together`; `no_cause` are of `incidents`, `unowned` of `changes`, `handoffs_on_time`
    of `handoffs`.
    """

    both: int | None
    of: int
    answers: int
    answer_median_s: float | None
    no_cause: int | None
    incidents: int | None
    unowned: int | None
    changes: int
    handoffs_on_time: int | None
    handoffs: int


def between(window: Window, known: Remembered, numbers: Numbers) -> Between:
    """Return what the sides had to do with each other in a window, beside its other numbers."""
    started = [number for number, at in known.started if window.start <= at < window.end]
    on_time = [is_on_time for at, is_on_time in known.handoffs if window.start <= at < window.end]
    unowned = sum(window.start <= at < window.end for at in known.unowned)
    return Between(
        **asdict(together([known.signs.get(number, {}) for number in started])),
        no_cause=sum(number in known.causeless for number in started) if started else None,
        # What a person opened is known, also where no sender was ever heard.
        incidents=len(started) or numbers.incidents_started,
        unowned=unowned if numbers.changes else None,
        changes=numbers.changes,
        handoffs_on_time=sum(on_time) if on_time else None,
        handoffs=len(on_time),
    )
