"""The delivery metrics of a period, computed from facts: pure arithmetic, one definition for each number.

Definitions follow dora.dev's five metrics (https://dora.dev/guides/dora-metrics/); where systems differ,
`docs/metrics.md` says what was chosen and why. Order is by event time, never by arrival. Unknown is `None`, never 0.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final

from models.metrics import percentile_of
from models.periods import Window, days_begun

_RATIO_PLACES: Final = 6
_SECOND: Final = timedelta(seconds=1)


@dataclass(slots=True, kw_only=True)
class Rollout:
    """One successful deployment to production; members that share a rollout (regions, say) are one.

    Not frozen, for speed alone: nothing changes it.

    `name` is the sender's rollout or deploy id. `finished_at` is when its last successful member finished, `failed_at`
    when the member that was blamed for a failure finished (`None`: it did not fail), `recovered_at` when that was
    over. `leads` are (sha, seconds from authoring to production) of the commits it was first to bring; negative ones
    are kept to be counted. `None`: which commits it brought is unknown.
    """

    id: int = 0
    service: str
    name: str
    environments: tuple[str, ...] = ()
    finished_at: datetime
    is_rollback: bool = False
    is_rework: bool = False
    failed_at: datetime | None = None
    recovered_at: datetime | None = None
    leads: tuple[tuple[str, float], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFact:
    """What counts of one incident. `resolved_at` is `None` while it is open; `blame` is `reason:deployment`, if any."""

    id: int
    name: str
    services: tuple[str, ...]
    started_at: datetime | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    blame: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the numbers of some periods follow from.

    `attempts_failed` and `changes` are (service, instant); `duplicates` are (first arrival, how often it was repeated).
    `alive_from` says from when on deployments of a service are known, `watched_from` when the first sender was heard
    (`None`: never). What arrived after `received_by` is left out (`None`: nothing).
    """

    rollouts: Sequence[Rollout] = ()
    attempts_failed: Sequence[tuple[str, datetime]] = ()
    incidents: Sequence[IncidentFact] = ()
    changes: Sequence[tuple[str, datetime]] = ()
    duplicates: Sequence[tuple[datetime, int]] = ()
    alive_from: Mapping[str, datetime] = field(default_factory=dict)
    watched_from: datetime | None = None
    received_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of one period. Durations in seconds, ratios from 0 to 1, `None` where nothing is known.

    `silenced` names those that are unknown only because every sender had fallen silent before it began.
    """

    first: date
    last: date
    deploys: int | None
    deploys_per_day: float | None
    deploy_days: int | None
    deploys_by_day: tuple[int, ...] | None
    deploy_attempts_failed: int | None
    rollbacks: int | None
    lead_time_median_s: float | None
    lead_time_p90_s: float | None
    lead_time_n: int
    lead_time_dropped_negative: int
    failed_deploys: int | None
    failed_deploy_ids: tuple[str, ...]
    cfr: float | None
    cfr_failed: int | None
    cfr_denominator: int | None
    rework_deploys: int | None
    rework_rate: float | None
    fdrt_median_s: float | None
    fdrt_p90_s: float | None
    fdrt_n: int
    fdrt_open: int
    incidents_started: int | None
    incidents_open: int | None
    incidents_unattributed: int | None
    mttr_median_s: float | None
    mttr_p90_s: float | None
    mttr_n: int
    mtta_median_s: float | None
    mtta_p90_s: float | None
    mtta_n: int
    attribution: dict[str, str | None]
    changes: int
    duplicates_ignored: int
    no_data: bool
    window_hours: int
    silenced: tuple[str, ...] = ()


def tells_of(since: datetime | None, window: Window, as_of: datetime) -> bool:
    """Say whether what is known since an instant tells of a period, as it stands at `as_of`: not before it begins."""
    return since is not None and since < window.end and since <= as_of and window.start <= as_of


def measure(windows: Iterable[Window], facts: Facts, as_of: datetime) -> list[Numbers]:
    """Return the numbers of each window as they stand at `as_of`."""
    known = _Known(facts, as_of)
    return [_numbers(window, known) for window in windows]


class _Known:
    """The facts up to an instant, in order, so that a window is two searches."""

    def __init__(self, facts: Facts, as_of: datetime) -> None:
        self.facts = facts
        self.as_of = as_of
        self.alive_from = min(facts.alive_from.values(), default=None)
        self.rollouts = sorted((r for r in facts.rollouts if r.finished_at <= as_of), key=_place)
        self.finishes = [r.finished_at for r in self.rollouts]
        self.failed = [r for r in self.rollouts if r.failed_at]
        self.recovered = _Spans(((r.failed_at, r.recovered_at) for r in self.failed), as_of)
        incidents = [i for i in facts.incidents if i.started_at is None or i.started_at <= as_of]
        self.resolved = _Spans(((i.started_at, i.resolved_at) for i in incidents), as_of)
        self.acknowledged = _Spans(((i.started_at, i.acknowledged_at) for i in incidents), as_of)
        self.still_open = sum(not self.happened(i.resolved_at) for i in incidents)
        begun = sorted(((i.started_at, i.id, i) for i in incidents if i.started_at), key=itemgetter(0, 1))
        self.starts, self.started = [at for at, _, _ in begun], [incident for _, _, incident in begun]
        self.attempts = sorted(at for _, at in facts.attempts_failed if at <= as_of)
        self.changes = sorted(at for _, at in facts.changes if at <= as_of)

    def finished(self, window: Window) -> Sequence[Rollout]:
        """Return the rollouts that finished in a window."""
        return self.rollouts[_part(self.finishes, window)]

    def happened(self, at: datetime | None) -> datetime | None:
        """Return an instant, or nothing where it is still to come."""
        return at if at is not None and at <= self.as_of else None


class _Spans:
    """Spans that are over at an instant, by their end. One without a start, or that ends before it, has no length."""

    def __init__(self, spans: Iterable[tuple[datetime | None, datetime | None]], as_of: datetime) -> None:
        over = sorted(((end, start) for start, end in spans if end and end <= as_of), key=itemgetter(0))
        self._ends = [end for end, _ in over]
        self._starts = [start for _, start in over]

    def lengths(self, window: Window) -> list[float]:
        """Return how many seconds those lasted that ended in a window, in order."""
        part = _part(self._ends, window)
        ended = zip(self._starts[part], self._ends[part], strict=True)
        return sorted((end - start) / _SECOND for start, end in ended if start and end >= start)


def _part(ordered: Sequence[datetime], window: Window) -> slice:
    """Return which part of ordered instants lies in a window."""
    return slice(bisect_left(ordered, window.start), bisect_left(ordered, window.end))


def _place(rollout: Rollout) -> tuple[datetime, str]:
    return rollout.finished_at, rollout.name


def _numbers(window: Window, known: _Known) -> Numbers:
    facts = known.facts
    finished = known.finished(window)
    is_alive = tells_of(known.alive_from, window, known.as_of)
    return Numbers(
        first=window.first,
        last=window.last,
        **(_frequency(window, finished, known) if is_alive else _NO_FREQUENCY),
        **_lead_times(finished),
        **_failures(finished, is_alive=is_alive),
        **_recoveries(window, known),
        **_incidents(window, known),
        changes=_count(known.changes, window),
        duplicates_ignored=sum(n for at, n in facts.duplicates if window.start <= at < window.end),
        no_data=not is_alive,
        window_hours=round(window.hours),
    )


_NO_FREQUENCY: Final[dict[str, Any]] = dict.fromkeys(
    ("deploys", "deploys_per_day", "deploy_days", "deploys_by_day", "deploy_attempts_failed", "rollbacks")
)


def _frequency(window: Window, finished: Sequence[Rollout], known: _Known) -> dict[str, Any]:
    days, passed = days_begun(window, min(window.end, known.as_of))
    places = [bisect_left(known.finishes, at) for at in (*days, window.end)]
    by_day = [high - low for low, high in pairwise(places)]
    return {
        "deploys": len(finished),
        "deploys_per_day": round(len(finished) / passed, _RATIO_PLACES),
        "deploy_days": sum(1 for count in by_day if count),
        "deploys_by_day": tuple(by_day),
        "deploy_attempts_failed": _count(known.attempts, window),
        "rollbacks": sum(r.is_rollback for r in finished),
    }


def _lead_times(finished: Sequence[Rollout]) -> dict[str, Any]:
    told = sorted([seconds for r in finished if r.leads for _, seconds in r.leads])
    kept = told[bisect_left(told, 0) :]
    return {
        "lead_time_median_s": _seconds(kept, 0.5),
        "lead_time_p90_s": _seconds(kept, 0.9),
        "lead_time_n": len(kept),
        "lead_time_dropped_negative": len(told) - len(kept),
    }


def _failures(finished: Sequence[Rollout], *, is_alive: bool) -> dict[str, Any]:
    """Count failures. A rollback that is blamed has failed too, but is no part of the rate, which stays below 1."""
    failed = [r for r in finished if r.failed_at]
    forward = [r for r in finished if not r.is_rollback]
    failed_forward = sum(1 for r in forward if r.failed_at)
    rework = sum(r.is_rework for r in finished)
    return {
        "failed_deploys": len(failed) if is_alive else None,
        "failed_deploy_ids": tuple(r.name for r in failed),
        "cfr": _ratio(failed_forward, len(forward)),
        "cfr_failed": failed_forward if is_alive else None,
        "cfr_denominator": len(forward) if is_alive else None,
        "rework_deploys": rework if is_alive else None,
        "rework_rate": _ratio(rework, len(finished)),
    }


def _recoveries(window: Window, known: _Known) -> dict[str, Any]:
    seconds = known.recovered.lengths(window)
    return {
        "fdrt_median_s": _seconds(seconds, 0.5),
        "fdrt_p90_s": _seconds(seconds, 0.9),
        "fdrt_n": len(seconds),
        "fdrt_open": sum(1 for r in known.failed if r.finished_at < window.end and not known.happened(r.recovered_at)),
    }


def _incidents(window: Window, known: _Known) -> dict[str, Any]:
    is_watched = tells_of(known.facts.watched_from, window, known.as_of)
    started = known.started[_part(known.starts, window)]
    restored, acknowledged = known.resolved.lengths(window), known.acknowledged.lengths(window)
    return {
        "incidents_started": len(started) if is_watched else None,
        "incidents_open": known.still_open if is_watched else None,
        "incidents_unattributed": sum(1 for i in started if i.blame is None) if is_watched else None,
        "mttr_median_s": _seconds(restored, 0.5),
        "mttr_p90_s": _seconds(restored, 0.9),
        "mttr_n": len(restored),
        "mtta_median_s": _seconds(acknowledged, 0.5),
        "mtta_p90_s": _seconds(acknowledged, 0.9),
        "mtta_n": len(acknowledged),
        "attribution": {i.name: i.blame for i in started},
    }


def _seconds(ordered: Sequence[float], share: float) -> float | None:
    """Return a percentile to the microsecond, which is as fine as instants are."""
    found = percentile_of(ordered, share)
    return None if found is None else round(found, 6)


def _count(ordered: Sequence[datetime], window: Window) -> int:
    return bisect_left(ordered, window.end) - bisect_left(ordered, window.start)


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, _RATIO_PLACES) if whole else None
