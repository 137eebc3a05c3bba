"""Numbers service by service, from the facts of all of them: what a digest lists below its sums."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.delivery import Facts, tells_of
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
    """Return one row for each service; `windows` are the previous period and the present one.

    The numbers are those of `models.delivery.measure` for each service alone, counted in one pass over the facts.
    """
    before, now = windows
    started = [i for i in facts.incidents if i.started_at and i.started_at <= as_of and _in(i.started_at, now)]
    finished = [r for r in facts.rollouts if r.finished_at <= as_of]
    deploys: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for rollout in finished:
        if _in(rollout.finished_at, now):
            deploys[rollout.service] += 1
            failed[rollout.service] += rollout.failed_at is not None
    previous = Counter(r.service for r in finished if _in(r.finished_at, before))
    attempts = Counter(name for name, at in facts.attempts_failed if at <= as_of and _in(at, now))
    changes = Counter(name for name, at in facts.changes if at <= as_of and _in(at, now))
    incidents = Counter(name for incident in started for name in set(incident.services))
    is_watched = tells_of(facts.watched_from, now, as_of)
    alive, alive_before = (
        {name for name, at in facts.alive_from.items() if tells_of(at, window, as_of)} for window in (now, before)
    )
    return [
        ServiceRow(
            name=name,
            deploys=deploys[name] if name in alive else None,
            previous_deploys=previous[name] if name in alive_before else None,
            failed=failed[name] if name in alive else None,
            attempts_failed=attempts[name] if name in alive else None,
            incidents=incidents[name] if is_watched else None,
            changes=changes[name],
        )
        for name in services
    ]


def facts_by_service(services: Iterable[str], facts: Facts) -> dict[str, Facts]:
    """Return what concerns each service, in one pass over the facts; repeated deliveries concern none."""
    rollouts, attempts, incidents, changes = (defaultdict[str, list[Any]](list) for _ in range(4))
    for rollout in facts.rollouts:
        rollouts[rollout.service].append(rollout)
    for of_kind, told in ((attempts, facts.attempts_failed), (changes, facts.changes)):
        for name, at in told:
            of_kind[name].append((name, at))
    for incident in facts.incidents:
        for name in set(incident.services):
            incidents[name].append(incident)
    return {
        name: Facts(
            rollouts=rollouts[name],
            attempts_failed=attempts[name],
            incidents=incidents[name],
            changes=changes[name],
            alive_from={name: facts.alive_from[name]} if name in facts.alive_from else {},
            watched_from=facts.watched_from,
        )
        for name in services
    }


def _in(at: datetime, window: Window) -> bool:
    return window.start <= at < window.end
