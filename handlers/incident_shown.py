"""Gathers what an incident's card shows beside it."""

from collections.abc import Sequence
from datetime import datetime

from handlers.paging_told import paging_of
from handlers.suspects import suspicion_of
from handlers.views.incident_for_dev import Around
from handlers.views.incidents import Shown
from handlers.what_changed import what_changed
from models.freezes import Freeze
from models.records import Incident
from models.store import Store
from models.topology import Topology
from models.words import Tier


async def shown_with(
    store: Store, topology: Topology, leader: Incident, *, elsewhere: str | None = None, at: datetime | None = None
) -> Shown:
    """Return what is shown with an incident; `elsewhere` is the link to the other side's card.

    The freezes that stand for it are looked up where an instant is given.
    """
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
        around=Around(
            owners=[(service, owner_of(topology, service)) for service in services],
            freezes=await _freezes(store, topology, members, at) if at else (),
        ),
    )


async def _freezes(store: Store, topology: Topology, members: Sequence[Incident], at: datetime) -> list[Freeze]:
    """Return the freezes that stand for a group. An incident of no known environment is taken to be in production."""
    places = [(s, m.environment) for m in members for s in m.services]
    standing = [one for one in await store.freezes.standing(at) if one.stands(at)]
    return [one for one in standing if any(_is_about(one, topology, *place) for place in places)]


def _is_about(one: Freeze, topology: Topology, service: str, environment: str | None) -> bool:
    if environment is None:
        return service in one.services
    known = topology.service_named(service)
    place = known.environment_named(environment) if known else None
    return one.covers(service, environment, is_production=place is None or place.tier is Tier.PRODUCTION)


def runbook_of(topology: Topology, services: tuple[str, ...]) -> str | None:
    """Return the runbook of the first of these services that has one."""
    known = (topology.service_named(name) for name in services)
    return next((service.runbook for service in known if service and service.runbook), None)


def owner_of(topology: Topology, service: str) -> str | None:
    """Return whose a service is; `None`: nobody said."""
    known = topology.service_named(service)
    return known.owner if known else None
