"""What changed before an incident, ranked by reasons that can be printed and checked.

Each reason has a weight; a candidate's rank is the sum of its reasons. The weights are only an order: how often each
reason was right is counted from what people later said (`hit_rates`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from models.records import Change, Deploy, Incident
from models.words import ChangeKind, DeployKind, DeployStatus, Risk

BEFORE: Final = timedelta(hours=2)
AFTER: Final = timedelta(minutes=5)

Entry: TypeAlias = Deploy | Change

SAME_SERVICE: Final = "same service"
DEPENDENCY: Final = "it depends on this"
SAME_ENVIRONMENT: Final = "same environment"
MINUTES_BEFORE: Final = "at most 15 minutes before"
HOUR_BEFORE: Final = "at most an hour before"
FAILED: Final = "it failed"
HASTY: Final = "done in a hurry"
BY_HAND: Final = "switched by hand"
LARGE: Final = "more than 500 lines"
STILL_RUNNING: Final = "under way when it began"

_WEIGHTS: Final = {
    SAME_SERVICE: 3.0,
    DEPENDENCY: 1.5,
    SAME_ENVIRONMENT: 1.5,
    MINUTES_BEFORE: 2.0,
    HOUR_BEFORE: 1.0,
    FAILED: 1.0,
    STILL_RUNNING: 1.5,
    HASTY: 1.0,
    BY_HAND: 1.0,
    LARGE: 0.5,
}
_LARGE_LINES: Final = 500
_BY_HAND: Final = (ChangeKind.FLAG, ChangeKind.CONFIG, ChangeKind.MANUAL, ChangeKind.SCHEMA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One change that may be the cause, when it happened, and why it may be."""

    entry: Entry
    at: datetime
    reasons: tuple[str, ...]

    @property
    def weight(self) -> float:
        """The sum of its reasons' weights."""
        return sum(_WEIGHTS[reason] for reason in self.reasons)


def window_of(incident: Incident, felt_at: datetime | None = None) -> tuple[datetime, datetime]:
    """Return from when until when changes are looked at; `felt_at` is when users first felt it, where that is known."""
    start = felt_at or incident.started_at or incident.received_at
    return start - BEFORE, start + AFTER


def ranked(
    incident: Incident,
    entries: Iterable[Entry],
    dependencies: Collection[str],
    *,
    felt_at: datetime | None = None,
) -> list[Candidate]:
    """Return the changes that may have caused an incident, the likeliest first; of equals the latest first.

    `dependencies` are the services that those of the incident need.
    """
    since, until = window_of(incident, felt_at)
    start = until - AFTER
    found = []
    for entry in entries:
        at = _happened_at(entry)
        reasons = _reasons(incident, entry, _lead(entry, start), dependencies)
        if since <= at <= until and reasons and not _is_remedy(entry, start):
            found.append(Candidate(entry=entry, at=at, reasons=reasons))
    return sorted(found, key=lambda c: (-c.weight, start - c.at, -c.entry.id))


def _is_remedy(entry: Entry, start: datetime) -> bool:
    """Say whether an entry is the way back, taken after it began."""
    return isinstance(entry, Deploy) and entry.kind is DeployKind.ROLLBACK and _lead(entry, start) < timedelta()


def _lead(entry: Entry, start: datetime) -> timedelta:
    """Return how long before the start a change happened; a deploy that was under way then happened just there."""
    before = start - _happened_at(entry)
    is_under_way = isinstance(entry, Deploy) and entry.started_at is not None and entry.started_at <= start
    return max(before, timedelta()) if is_under_way else before


def _happened_at(entry: Entry) -> datetime:
    if isinstance(entry, Change):
        return entry.occurred_at
    return entry.finished_at or entry.started_at or entry.status_at


def _reasons(incident: Incident, entry: Entry, before: timedelta, dependencies: Collection[str]) -> tuple[str, ...]:
    if entry.service in incident.services:
        near = SAME_SERVICE
    elif entry.service in dependencies:
        near = DEPENDENCY
    else:
        return ()
    held = [near]
    if incident.environment and entry.environment == incident.environment:
        held.append(SAME_ENVIRONMENT)
    if timedelta() <= before <= timedelta(minutes=15):
        held.append(MINUTES_BEFORE)
    elif timedelta() < before <= timedelta(hours=1):
        held.append(HOUR_BEFORE)
    return (*held, *(_of_deploy(entry) if isinstance(entry, Deploy) else _of_change(entry)))


def _of_deploy(deploy: Deploy) -> Iterable[str]:
    if deploy.status is DeployStatus.FAILED:
        yield FAILED
    if not deploy.status.is_final:
        yield STILL_RUNNING
    if deploy.kind is DeployKind.HOTFIX:
        yield HASTY
    if (deploy.additions or 0) + (deploy.deletions or 0) > _LARGE_LINES:
        yield LARGE


def _of_change(change: Change) -> Iterable[str]:
    if change.risk is Risk.EMERGENCY:
        yield HASTY
    if change.kind in _BY_HAND:
        yield BY_HAND


def hit_rates(told: Iterable[tuple[Sequence[Candidate], Collection[str]]]) -> dict[str, tuple[int, int]]:
    """Return for each reason how often it was printed for what people said was the cause, and how often at all.

    `told` are incidents of which people said the cause: the candidates, and the names of the causes (`deploy:41`).
    """
    counts = {reason: [0, 0] for reason in _WEIGHTS}
    for candidates, causes in told:
        for candidate in candidates:
            is_hit = name_of(candidate.entry) in causes
            for reason in candidate.reasons:
                counts[reason][0] += is_hit
                counts[reason][1] += 1
    return {reason: (hits, shown) for reason, (hits, shown) in counts.items()}


def name_of(entry: Entry) -> str:
    """Return the name under which an entry stands as a cause: `deploy:41`, `change:42`."""
    return f"{'deploy' if isinstance(entry, Deploy) else 'change'}:{entry.id}"
