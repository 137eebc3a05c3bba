"""Finds what changed before an incident, in the ledger; counts how often each reason for suspicion was right."""

from collections.abc import Mapping
from typing import Final

from models.records import Incident
from models.store import Store
from models.topology import Topology
from models.what_changed import Candidate, Entry, hit_rates, ranked, window_of

_MOST: Final = 100
_MOST_RULED: Final = 300


async def what_changed(store: Store, topology: Topology, incident: Incident) -> list[Candidate]:
    """Return the deploys and small changes that may have caused an incident, the likeliest first."""
    dependencies = dependencies_of(topology, incident)
    services = {*incident.services, *dependencies}
    if not services:
        return []
    felt = (await store.responses.get(incident.leader_id or incident.id)).impact_at
    since, until = window_of(incident, felt)
    # The ledger finds a deploy under its last instant: one that began in the window may have ended later.
    deploys = await store.deploys.recent(services=services, since=since, until=until + (until - since), limit=_MOST)
    changes = await store.changes.recent(services=services, since=since, until=until, limit=_MOST)
    entries: list[Entry] = [*deploys, *changes]
    return ranked(incident, entries, dependencies, felt_at=felt)


def dependencies_of(topology: Topology, incident: Incident) -> set[str]:
    """Return the services that those of an incident need, directly or not, by the configuration's names."""
    found: set[str] = set()
    waiting = list(incident.services)
    while waiting:
        service = topology.service_named(waiting.pop())
        for name in service.depends_on if service else ():
            needed = topology.service_named(name)
            if needed and needed.name not in found and needed.name not in incident.services:
                found.add(needed.name)
                waiting.append(needed.name)
    return found


async def reasons_told(store: Store, topology: Topology) -> Mapping[str, tuple[int, int]]:
    """Return how often each reason was right, of the latest incidents of which a person named the deploy or change."""
    told = []
    for incident in await store.incidents.ruled(_MOST_RULED):
        told.append((await what_changed(store, topology, incident), incident.ruled_causes))
    return hit_rates(told)
