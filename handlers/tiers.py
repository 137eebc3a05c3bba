"""Gives stored deployments the tier that the configuration has for their environment by now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from handlers.attribution import Touched, attribute
from handlers.ranges import find_ranges
from models.store import Store
from models.store.tiers import LaneTier
from models.topology import Topology
from models.words import Tier

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """Deployments whose environment has another tier in the configuration than they were written with."""

    lane: LaneTier
    tier: Tier


async def moved_tiers(store: Store, topology: Topology) -> Sequence[Moved]:
    """Return what the configuration says otherwise; of what it does not know nothing is said."""
    moved = []
    for lane in await store.tiers.all():
        service = topology.service_named(lane.service)
        place = topology.environment_named(service, lane.environment) if service else None
        if place is not None and place.tier is not lane.tier:
            moved.append(Moved(lane, place.tier))
    return moved


async def retier(store: Store, topology: Topology, moved: Moved) -> int:
    """Give some of these deployments their tier; return how many. Slack hears nothing of it."""
    before = await store.deploys.by_numbers(await store.tiers.numbers(moved.lane, _AT_ONCE))
    pairs = [(deploy, replace(deploy, tier=moved.tier)) for deploy in before.values()]
    await store.deploys.save_many([after for _, after in pairs])
    touched = Touched(deploys=list(pairs))
    await find_ranges(store, topology, touched, [])
    await attribute(store, touched, topology.suspect_within)
    return len(pairs)
