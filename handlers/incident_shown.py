"""Gathers what an incident's card shows beside it."""

from handlers.paging_told import paging_of
from handlers.suspects import suspicion_of
from handlers.views.incidents import Shown
from handlers.what_changed import what_changed
from models.records import Incident
from models.store import Store
from models.topology import Topology


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
        changed=await what_changed(store, topology, leader),
        elsewhere=elsewhere,
        paging=await paging_of(store, topology, leader),
        calls=await store.calls.of([member.id for member in members]),
        held=await suspicion_of(store, topology, leader),
    )


def runbook_of(topology: Topology, services: tuple[str, ...]) -> str | None:
    """Return the runbook of the first of these services that has one."""
    known = (topology.service_named(name) for name in services)
    return next((service.runbook for service in known if service and service.runbook), None)


def owner_of(topology: Topology, service: str) -> str | None:
    """Return whose a service is; `None`: nobody said."""
    known = topology.service_named(service)
    return known.owner if known else None
