"""Finds the failed deployments that nobody works on: not recovered, and no open incident is held against them."""

from datetime import datetime

from models.delivery import Facts, Rollout
from models.periods import Window
from models.store import Store
from models.store.blames import INCIDENT
from models.words import IncidentStatus


async def forgotten(store: Store, facts: Facts, window: Window, at: datetime) -> int:
    """Count the failed deployments up to a window's end that have not recovered and no open incident stands for."""
    broken = [r.id for r in facts.rollouts if _is_broken(r, window, at)]
    units = set((await store.rollouts.units(broken)).values())
    members = {m.id: m.unit for m in await store.lanes.of_units(units)}
    held = [h for h in await store.blames.against(members) if h.blamer == INCIDENT]
    incidents = await store.incidents.by_numbers({h.blamer_id for h in held})
    working = {number for number, i in incidents.items() if i.status is not IncidentStatus.RESOLVED}
    return len(units - {members[h.deploy_id] for h in held if h.blamer_id in working})


def _is_broken(rollout: Rollout, window: Window, at: datetime) -> bool:
    has_failed = rollout.failed_at is not None and rollout.finished_at <= at and rollout.finished_at < window.end
    return has_failed and not (rollout.recovered_at and rollout.recovered_at <= at)
