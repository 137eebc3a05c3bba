"""What happened in a period: deploys, small changes, incidents, and what is still open."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from handlers.digests import Digest
from models.metrics import ServiceCounts, count_services, recovery, total
from models.periods import Window, previous
from models.periods import window as whole_window
from models.records import DeployStatus, Incident, Tier
from models.silence import silent_sources
from models.store import Store
from models.topology import Bridge, Topology

PERIODS_SHOWN: Final = 8
_MOST_INCIDENTS: Final = 2_000


async def compute(store: Store, topology: Topology, bridge: Bridge, window: Window, at: datetime) -> dict[str, Any]:
    """Return the numbers of one bridge for one window, as they are known at `at`."""
    services = await _services(store, bridge, window)
    incidents = await store.incidents.recent(
        since=window.start, until=window.end, services=bridge.services, limit=_MOST_INCIDENTS
    )
    still_open = await store.incidents.list_open(bridge.services)
    return {
        "length": window.length,
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "is_running": window.end < whole_window(window.first, window.length, window.timezone).end,
        "deploys": {
            "succeeded": total(s.succeeded for s in services),
            "failed": total(s.failed for s in services),
            "canceled": total(s.canceled for s in services),
        },
        "changes": sum(s.changes for s in services),
        "incidents": asdict(recovery(incidents, window.start, window.end)) | {"open": len(still_open)},
        "services": [asdict(s) for s in services],
        "history": await _history(store, bridge, window),
        "open": [_open(incident) for incident in still_open],
        "silent": [
            {"name": s.name, "last_received_at": s.last_received_at.isoformat()}
            for s in silent_sources(await store.sources.all(), at)
        ],
        "never_heard": await _never_heard(store, topology),
        "unmapped": [{"kind": h.kind, "name": h.name, "deliveries": h.deliveries} for h in await store.names.held()],
    }


async def _services(store: Store, bridge: Bridge, window: Window) -> list[ServiceCounts]:
    start, end = window.start, window.end
    touched = await store.incidents.recent(since=start, until=end, services=bridge.services, limit=_MOST_INCIDENTS)
    return count_services(
        bridge.services,
        deploys=await store.deploys.tally(services=bridge.services, since=start, until=end),
        changes=await store.changes.tally(services=bridge.services, since=start, until=end),
        incidents=[i for i in touched if i.started_at and start <= i.started_at < end],
        with_deploys=await store.deploys.known_services(bridge.services, window.end),
    )


async def _history(store: Store, bridge: Bridge, window: Window) -> list[dict[str, Any]]:
    """Return the deploys of this period and those before it, oldest first, from the first known deploy on."""
    shown: list[dict[str, Any]] = []
    one = window
    for _ in range(PERIODS_SHOWN):
        if not await store.deploys.known_services(bridge.services, one.end):
            break
        rows = await store.deploys.tally(services=bridge.services, since=one.start, until=one.end)
        ended = [(status, n) for _, tier, status, n in rows if tier is Tier.PRODUCTION]
        shown.append(
            {
                "first": one.first.isoformat(),
                "succeeded": sum(n for status, n in ended if status is DeployStatus.SUCCEEDED),
                "failed": sum(n for status, n in ended if status is DeployStatus.FAILED),
            }
        )
        one = previous(one)
    return shown[::-1]


def _open(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "title": incident.headline,
        "severity": incident.severity,
        "status": incident.status,
        "services": list(incident.services),
        "started_at": incident.started_at.isoformat() if incident.started_at else None,
    }


async def _never_heard(store: Store, topology: Topology) -> list[str]:
    heard = {state.name for state in await store.sources.all()}
    return [source.name for source in topology.sources if source.name not in heard]


DIGEST = Digest(name="activity", compute=compute)
