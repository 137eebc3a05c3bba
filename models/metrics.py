"""The arithmetic of the digest: what counts, and what an unknown number is.

Unknown is not zero: a number that nothing living stands behind is `None`, and is shown as "–" with its reason.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from models.records import Incident
from models.words import DeployStatus, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Durations in seconds: their median, their 90th percentile, and how many there were. `None` of none."""

    median_s: float | None
    p90_s: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCounts:
    """What one service did in a window. Deploys are those to production. `None`: nothing ever told of such a thing."""

    name: str
    succeeded: int | None
    failed: int | None
    canceled: int | None
    changes: int
    incidents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Incidents of a window: how many were opened, acknowledged and resolved in it, and how long that took.

    A spread counts fewer (`n`) where the start of an incident is unknown.
    """

    opened: int
    acknowledged: int
    resolved: int
    acknowledge: Spread
    restore: Spread


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which a share (0–1) of the values lies, between neighbours by linear interpolation."""
    return percentile_of(sorted(values), share)


def percentile_of(ordered: Sequence[float], share: float) -> float | None:
    """Return the same of values that are in order already."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(values: Sequence[float]) -> Spread:
    """Sum durations up."""
    return Spread(median_s=percentile(values, 0.5), p90_s=percentile(values, 0.9), n=len(values))


def count_services(
    services: Iterable[str],
    *,
    deploys: Iterable[tuple[str, Tier | None, DeployStatus, int]],
    changes: Mapping[str, int],
    opened: Iterable[Incident],
    with_deploys: AbstractSet[str],
    is_watched: bool,
) -> list[ServiceCounts]:
    """Count what each service did. `deploys` are (service, tier, status, number), `opened` the incidents of the window.

    `with_deploys` are the services of which any deployment is known up to the end of the window: only for them is no
    deploy a zero. `is_watched` says whether anything could have told of an incident by then.
    """
    ended = production_deploys(deploys)
    touched = Counter(service for incident in opened for service in set(incident.services))

    def of(service: str, status: DeployStatus) -> int | None:
        return ended.get((service, status), 0) if service in with_deploys else None

    return [
        ServiceCounts(
            name=service,
            succeeded=of(service, DeployStatus.SUCCEEDED),
            failed=of(service, DeployStatus.FAILED),
            canceled=of(service, DeployStatus.CANCELED),
            changes=changes.get(service, 0),
            incidents=touched[service] if is_watched else None,
        )
        for service in services
    ]


def production_deploys(
    deploys: Iterable[tuple[str, Tier | None, DeployStatus, int]],
) -> dict[tuple[str, DeployStatus], int]:
    """Return how many deployments to production there were, by (service, status)."""
    return {(service, status): n for service, tier, status, n in deploys if tier is Tier.PRODUCTION}


def total(values: Iterable[int | None]) -> int | None:
    """Add what is known; the sum of nothing known is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def started_within(incidents: Iterable[Incident], start: datetime, end: datetime) -> list[Incident]:
    """Return the incidents that started in `[start, end)`."""
    return [i for i in incidents if _within(i.started_at, start, end)]


def recovery(incidents: Iterable[Incident], start: datetime, end: datetime) -> Recovery:
    """Sum up the incidents of `[start, end)`. One whose start is unknown has no durations."""
    listed = list(incidents)
    acknowledged = [i for i in listed if _within(i.acknowledged_at, start, end)]
    resolved = [i for i in listed if _within(i.resolved_at, start, end) and not i.is_open]
    return Recovery(
        opened=len(started_within(listed, start, end)),
        acknowledged=len(acknowledged),
        resolved=len(resolved),
        acknowledge=spread(_since_start((i.started_at, i.acknowledged_at) for i in acknowledged)),
        restore=spread(_since_start((i.started_at, i.resolved_at) for i in resolved)),
    )


def _within(at: datetime | None, start: datetime, end: datetime) -> bool:
    return at is not None and start <= at < end


def _since_start(spans: Iterable[tuple[datetime | None, datetime | None]]) -> list[float]:
    return [(end - start).total_seconds() for start, end in spans if start and end and end >= start]
