"""Numbers service by service, from the facts of all of them: what a digest lists below its sums."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models.delivery import Facts, measure
from models.periods import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """What one service did in a period, and how many deployments it had in the period before. `None`: not known."""

    name: str
    deploys: int | None
    previous_deploys: int | None
    failed: int | None
    attempts_failed: int | None
    incidents: int | None
    changes: int


def service_rows(
    services: Iterable[str], facts: Facts, windows: tuple[Window, Window], as_of: datetime
) -> list[ServiceRow]:
    """Return one row for each service; `windows` are the previous period and the present one."""
    split = _split(facts)
    return [_row(name, split.get(name) or _nothing_of(name, facts), windows, as_of) for name in services]


def _row(name: str, facts: Facts, windows: tuple[Window, Window], as_of: datetime) -> ServiceRow:
    before, now = measure(windows, facts, as_of)
    return ServiceRow(
        name=name,
        deploys=now.deploys,
        previous_deploys=before.deploys,
        failed=now.failed_deploys,
        attempts_failed=now.deploy_attempts_failed,
        incidents=now.incidents_started,
        changes=now.changes,
    )


def _nothing_of(name: str, facts: Facts) -> Facts:
    return Facts(
        alive_from={name: facts.alive_from[name]} if name in facts.alive_from else {}, watched_from=facts.watched_from
    )


def _split(facts: Facts) -> dict[str, Facts]:
    """Return the facts of each service that has any, in one pass over them."""
    rollouts, attempts, incidents, changes = (_by_service() for _ in range(4))
    for rollout in facts.rollouts:
        rollouts[rollout.service].append(rollout)
    for attempt in facts.attempts_failed:
        attempts[attempt[0]].append(attempt)
    for incident in facts.incidents:
        for service in dict.fromkeys(incident.services):
            incidents[service].append(incident)
    for change in facts.changes:
        changes[change[0]].append(change)
    return {
        name: replace(
            _nothing_of(name, facts),
            rollouts=rollouts[name],
            attempts_failed=attempts[name],
            incidents=incidents[name],
            changes=changes[name],
        )
        for name in {*rollouts, *attempts, *incidents, *changes}
    }


def _by_service() -> defaultdict[str, list[Any]]:
    return defaultdict(list)


def deaf_from(last_heard: Iterable[datetime], silent: Sequence[object], at: datetime) -> datetime:
    """Return since when nobody tells of anything: when every sender is silent, the last time any was heard; else `at`.

    After that instant an empty count is no count.
    """
    heard = list(last_heard)
    return max(heard) if heard and len(silent) == len(heard) else at
