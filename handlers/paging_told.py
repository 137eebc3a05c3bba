"""Gathers how far paging for an incident is."""

from collections.abc import Iterable

from handlers.views.paging_state import Told
from models.paging import Escalation, Page
from models.records import Incident
from models.store import Store
from models.topology import Topology


async def told_of(store: Store, topology: Topology, escalation: Escalation) -> Told:
    """Return how far an escalation is."""
    policy = topology.paging.policy_named(escalation.policy)
    pages = await store.paging.pages([escalation.id])
    return Told(escalation=escalation, steps=policy.steps if policy else (), pages=pages, first=_first(pages))


async def paging_of(store: Store, topology: Topology, leader: Incident) -> Told | None:
    """Return how far paging for an incident is; `None` where nobody is paged."""
    escalation = await store.paging.open_for(leader.id)
    return await told_of(store, topology, escalation) if escalation else None


async def going_on(store: Store, topology: Topology) -> list[tuple[Incident, Told]]:
    """Return every escalation that is not over, with its incident."""
    escalations = await store.paging.open()
    known = await store.incidents.by_numbers({one.incident_id for one in escalations})
    return [(known[one.incident_id], await told_of(store, topology, one)) for one in escalations]


def _first(pages: Iterable[Page]) -> list[Page]:
    """Return one page for each of those who were told, the first."""
    return list({(one.who, one.via): one for one in reversed(list(pages))}.values())[::-1]
