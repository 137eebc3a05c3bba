"""The arithmetic of the digest: what counts, and what an unknown number is.

Unknown is not zero: a number that nothing living stands behind is `None`, and is shown as "–" with its reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.records import DeployStatus, Incident, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Durations in seconds: their median, their 90th percentile, and how many there were. `None` of none."""

    median_s: float | None
    p90_s: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCounts:
    """What one service did in a window. Deploys are those to production; `None` where no sender ever told of one."""

    name: str
    succeeded: int | None
    failed: int | None
    canceled: int | None
    changes: int
    incidents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Incidents of a window: how many were opened and resolved in it, and how long that took."""

    opened: int
    resolved: int
    acknowledge: Spread
    restore: Spread


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which a share (0–1) of the values lies, between neighbours by linear interpolation."""
    if not values:
        return None
    ordered = sorted(values)
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
    incidents: Iterable[Incident],
    with_deploys: frozenset[str] | set[str],
) -> list[ServiceCounts]:
    """Count what each service did. `deploys` are (service, tier, status, number); `with_deploys` are the services of
    which any deployment is known up to the end of the window: only for them is no deploy a zero.
    """
    ended = {(s, status): n for s, tier, status, n in deploys if tier is Tier.PRODUCTION}
    touched = [service for incident in incidents for service in incident.services]

    def of(service: str, status: DeployStatus) -> int | None:
        return ended.get((service, status), 0) if service in with_deploys else None

    return [
        ServiceCounts(
            name=service,
            succeeded=of(service, DeployStatus.SUCCEEDED),
            failed=of(service, DeployStatus.FAILED),
            canceled=of(service, DeployStatus.CANCELED),
            changes=changes.get(service, 0),
            incidents=touched.count(service),
        )
        for service in services
    ]


def total(values: Iterable[int | None]) -> int | None:
    """Add what is known; the sum of nothing known is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def recovery(incidents: Iterable[Incident], start: datetime, end: datetime) -> Recovery:
    """Sum up the incidents of `[start, end)`. One whose start is unknown has no durations."""
    listed = list(incidents)

    def within(at: datetime | None) -> bool:
        return at is not None and start <= at < end

    acknowledged = [i for i in listed if within(i.acknowledged_at)]
    resolved = [i for i in listed if within(i.resolved_at) and not i.is_open]
    return Recovery(
        opened=sum(within(i.started_at) for i in listed),
        resolved=len(resolved),
        acknowledge=spread(_since_start((i.started_at, i.acknowledged_at) for i in acknowledged)),
        restore=spread(_since_start((i.started_at, i.resolved_at) for i in resolved)),
    )


def _since_start(spans: Iterable[tuple[datetime | None, datetime | None]]) -> list[float]:
    return [(end - start).total_seconds() for start, end in spans if start and end and end >= start]
