"""What is behind a number: the deployments, commits and incidents it was taken from, and those left out, with why.

The same facts and the same definitions as in `models.delivery`, so that the rows always add up to the number.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from models.delivery import Facts, IncidentFact, Rollout
from models.periods import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One row: a deployment, one of its commits (`sha`), an incident, or an attempt that failed (`service`, `at`).

    `seconds` is what it adds to a median. `left_out` says why it does not count, where it does not.
    """

    rollout: Rollout | None = None
    sha: str | None = None
    incident: IncidentFact | None = None
    service: str | None = None
    at: datetime | None = None
    seconds: float | None = None
    left_out: str | None = None


def behind(number: str, window: Window, facts: Facts, as_of: datetime) -> list[Item]:
    """Return the rows of a number: those that count first, the newest or longest first, then those left out.

    Raises:
        KeyError: there are no rows of such a number.
    """
    items = _FINDERS[number](_Known(facts, window, as_of))
    return [i for i in items if i.left_out is None] + [i for i in items if i.left_out is not None]


class _Known:
    """The facts of one window up to an instant, newest first."""

    def __init__(self, facts: Facts, window: Window, as_of: datetime) -> None:
        self.window, self.as_of = window, as_of
        known = [r for r in facts.rollouts if r.finished_at <= as_of]
        self.rollouts = sorted(known, key=lambda r: (r.finished_at, r.name), reverse=True)
        self.finished = [r for r in self.rollouts if self.has(r.finished_at)]
        self.incidents = sorted(
            (i for i in facts.incidents if i.started_at is None or i.started_at <= as_of),
            key=lambda i: (i.started_at or _NEVER, i.id),
            reverse=True,
        )
        self.started = [i for i in self.incidents if self.has(i.started_at)]
        self.attempts = sorted((a for a in facts.attempts_failed if self.has(a[1])), key=lambda a: a[1], reverse=True)

    def has(self, at: datetime | None) -> bool:
        """Say whether an instant lies in the window and is not to come."""
        return at is not None and self.window.start <= at < self.window.end and at <= self.as_of

    def happened(self, at: datetime | None) -> bool:
        """Say whether an instant is known and is not to come."""
        return at is not None and at <= self.as_of


def _deploys(known: _Known) -> list[Item]:
    return [Item(rollout=r) for r in known.finished]


def _lead_times(known: _Known) -> list[Item]:
    told = [(r, sha, seconds) for r in known.finished for sha, seconds in r.leads or ()]
    items = [
        Item(rollout=r, sha=sha, seconds=seconds, left_out="written after it was deployed" if seconds < 0 else None)
        for r, sha, seconds in sorted(told, key=lambda t: (-t[2], t[1]))
    ]
    return items + [Item(rollout=r, left_out="its sender told no commits") for r in known.finished if r.leads is None]


def _failures(known: _Known) -> list[Item]:
    rollback = "a rollback is no part of the rate"
    return [Item(rollout=r, left_out=rollback if r.is_rollback else None) for r in known.finished if r.failed_at]


def _rework(known: _Known) -> list[Item]:
    return [Item(rollout=r) for r in known.finished if r.is_rework]


def _recoveries(known: _Known) -> list[Item]:
    failed = [r for r in known.rollouts if r.failed_at]
    spans = [(r, _span(r.failed_at, r.recovered_at)) for r in failed if known.has(r.recovered_at)]
    still = [r for r in failed if r.finished_at < known.window.end and not known.happened(r.recovered_at)]
    return [
        *(
            Item(rollout=r, seconds=span, left_out=_OVER_BEFORE if span is None else None)
            for r, span in _longest(spans)
        ),
        *(Item(rollout=r, left_out="not recovered yet") for r in still),
    ]


def _started(known: _Known) -> list[Item]:
    return [Item(incident=i) for i in known.started]


def _unattributed(known: _Known) -> list[Item]:
    return [Item(incident=i) for i in known.started if i.blame is None]


def _open(known: _Known) -> list[Item]:
    return [Item(incident=i) for i in known.incidents if not known.happened(i.resolved_at)]


def _restored(known: _Known) -> list[Item]:
    ended = [(i, _span(i.started_at, i.resolved_at)) for i in known.incidents if known.has(i.resolved_at)]
    return [_lasting(i, span) for i, span in _longest(ended)]


def _acknowledged(known: _Known) -> list[Item]:
    taken = [(i, _span(i.started_at, i.acknowledged_at)) for i in known.incidents if known.has(i.acknowledged_at)]
    nobody = [i for i in known.started if not known.happened(i.acknowledged_at)]
    return [
        *(_lasting(i, span) for i, span in _longest(taken)),
        *(Item(incident=i, left_out="acknowledged by nobody") for i in nobody),
    ]


def _attempts(known: _Known) -> list[Item]:
    return [Item(service=service, at=at) for service, at in known.attempts]


_OVER_BEFORE: Final = "over before it began"
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_Thing = TypeVar("_Thing")


def _lasting(incident: IncidentFact, seconds: float | None) -> Item:
    why = _OVER_BEFORE if incident.started_at else "its start is unknown"
    return Item(incident=incident, seconds=seconds, left_out=why if seconds is None else None)


def _span(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start) / timedelta(seconds=1) if start and end and end >= start else None


def _longest(spans: Iterable[tuple[_Thing, float | None]]) -> Sequence[tuple[_Thing, float | None]]:
    return sorted(spans, key=lambda s: (s[1] is None, -(s[1] or 0)))


_FINDERS: Final[dict[str, Callable[[_Known], list[Item]]]] = {
    "deploys": _deploys,
    "lead_time_median_s": _lead_times,
    "cfr": _failures,
    "rework_rate": _rework,
    "fdrt_median_s": _recoveries,
    "incidents_started": _started,
    "mtta_median_s": _acknowledged,
    "mttr_median_s": _restored,
    "incidents_open": _open,
    "incidents_unattributed": _unattributed,
    "deploy_attempts_failed": _attempts,
}
NUMBERS: Final = tuple(_FINDERS)
