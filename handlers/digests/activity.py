"""What happened in a period: deploys, small changes, incidents, and what is still open."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from handlers.digests import Digest
from models.metrics import count_services, production_deploys, recovery, started_within, total
from models.periods import Window, previous
from models.periods import window as whole_window
from models.records import Incident
from models.silence import silent_sources
from models.store import Store
from models.store.sources import SourceState
from models.topology import Bridge, Topology
from models.words import DeployStatus

PERIODS_SHOWN: Final = 8
_MOST_OPEN: Final = 50


async def compute(store: Store, topology: Topology, bridge: Bridge, window: Window, at: datetime) -> dict[str, Any]:
    """Return the numbers of one bridge for one window, as they are known at `at`."""
    first_deploys = await store.deploys.first_known(bridge.services)
    senders = await store.sources.all()
    return {
        "length": window.length,
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "is_running": window.end < whole_window(window.first, window.length, window.timezone).end,
        **await _counts(store, bridge, window, first_deploys, senders),
        "history": await _history(store, bridge.services, window, first_deploys),
        **_who_is_missing(topology, senders, at),
        "unmapped": [{"kind": h.kind, "name": h.name, "deliveries": h.deliveries} for h in await store.names.held()],
    }


async def _counts(
    store: Store,
    bridge: Bridge,
    window: Window,
    first_deploys: Mapping[str, datetime],
    senders: Collection[SourceState],
) -> dict[str, Any]:
    start, end = window.start, window.end
    incidents = await store.incidents.of_window(start, end, bridge.services)
    still_open = await store.incidents.list_open(bridge.services)
    with_deploys = {service for service, first in first_deploys.items() if first < end}
    is_watched = bool(incidents or still_open or with_deploys or any(s.first_received_at < end for s in senders))
    services = count_services(
        bridge.services,
        deploys=await store.deploys.tally(services=bridge.services, since=start, until=end),
        changes=await store.changes.tally(services=bridge.services, since=start, until=end),
        opened=started_within(incidents, start, end),
        with_deploys=with_deploys,
        is_watched=is_watched,
    )
    return {
        "deploys": {word: total(getattr(s, word) for s in services) for word in ("succeeded", "failed", "canceled")},
        "changes": sum(s.changes for s in services),
        "incidents": asdict(recovery(incidents, start, end)) | {"open": len(still_open)} if is_watched else None,
        "services": [asdict(s) for s in services],
        "open": [_open(incident) for incident in still_open[:_MOST_OPEN]],
    }


async def _history(
    store: Store, services: Collection[str], window: Window, first_deploys: Mapping[str, datetime]
) -> list[dict[str, Any]]:
    """Return the deploys of this period and those before it, oldest first, from the first known deploy on."""
    first = min(first_deploys.values(), default=window.end)
    shown: list[dict[str, Any]] = []
    while first < window.end and len(shown) < PERIODS_SHOWN:
        rows = await store.deploys.tally(services=services, since=window.start, until=window.end)
        ended = production_deploys(rows)
        counts = {
            word.value: sum(n for (_, status), n in ended.items() if status is word)
            for word in (DeployStatus.SUCCEEDED, DeployStatus.FAILED)
        }
        shown.append({"first": window.first.isoformat()} | counts)
        window = previous(window)
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


def _who_is_missing(topology: Topology, senders: Collection[SourceState], at: datetime) -> dict[str, Any]:
    """Return the configured senders that fell silent, and those that were never heard."""
    heard = {sender.name: sender for sender in senders}
    configured = [source.name for source in topology.sources]
    silent = silent_sources((heard[name] for name in configured if name in heard), at)
    return {
        "silent": [{"name": s.name, "last_received_at": s.last_received_at.isoformat()} for s in silent],
        "never_heard": [name for name in configured if name not in heard],
    }


DIGEST = Digest(name="activity", compute=compute)
