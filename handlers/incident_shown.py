"""Gathers what an incident's card shows beside it."""

from datetime import timedelta
from typing import Final

from handlers.suspects import suspicion_of
from handlers.views.incidents import Shown
from models.records import Deploy, Incident
from models.store import Store
from models.topology import Topology
from models.words import DeployStatus

_SUSPECT_WINDOW: Final = timedelta(hours=24)


async def shown_with(store: Store, topology: Topology, leader: Incident, *, elsewhere: str | None = None) -> Shown:
    """Return what is shown with an incident; `elsewhere` is the link to the other side's card."""
    members = [m for m in await store.incidents.members(leader.id) if not m.is_signal] or [leader]
    services = tuple(dict.fromkeys(name for member in members for name in member.services))
    return Shown(
        members=members,
        response=await store.responses.get(leader.id),
        holders=await store.responses.holders([leader.id]),
        roles=topology.response.roles,
        runbook=runbook_of(topology, services),
        recent_deploys=await _suspects(store, leader, services),
        elsewhere=elsewhere,
        held=await suspicion_of(store, topology, leader),
    )


async def _suspects(store: Store, leader: Incident, services: tuple[str, ...]) -> list[Deploy]:
    started = leader.started_at or leader.received_at
    recent = await store.deploys.recent(services=services, since=started - _SUSPECT_WINDOW, until=started, limit=10)
    return [d for d in recent if d.status in (DeployStatus.SUCCEEDED, DeployStatus.FAILED)][:3]


def runbook_of(topology: Topology, services: tuple[str, ...]) -> str | None:
    """Return the runbook of the first of these services that has one."""
    known = (topology.service_named(name) for name in services)
    return next((service.runbook for service in known if service and service.runbook), None)
