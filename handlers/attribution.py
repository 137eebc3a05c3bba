"""Attributes failures as events arrive: judges the deployments an event may have touched, then counts them anew.

Only neighbours are looked at, never a lane's whole history: a deployment that arrives, however late, changes what is
said of itself, of the next one, of the next with its version, of the next that returned to the one before it, and of
whatever names it. Recomputing these from the database gives the same answer in any order of arrival.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from models.attribution import INFERRED_WITHIN, Blame, Member, Suspicion, Verdict, hold_against, judge
from models.records import Deploy, Incident
from models.rollouts import count_units
from models.store import Store
from models.store.blames import DEPLOY, INCIDENT
from models.store.lanes import Place
from models.words import DeployStatus, Tier

_CATCH_UP: Final = 500


@dataclass(slots=True)
class Touched:
    """What a batch may have changed: states of deployments (as they were, as they are), incidents, and commits."""

    deploys: list[tuple[Deploy | None, Deploy]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    shas: set[str] = field(default_factory=set)

    def states(self) -> list[Member]:
        """Return every state in which a deployment counts or counted, of those that changed for attribution."""
        found: list[Member] = []
        for before, after in self.deploys:
            then, now = _member(before), _member(after)
            if now is None or then != now or self.shas:
                found += [m for m in (then, now) if m]
        return found


async def attribute(store: Store, touched: Touched, within: timedelta = INFERRED_WITHIN) -> None:
    """Bring attribution up to date with what was just written; `within` is how long a deployment stays suspect."""
    states = touched.states()
    await _name_causes(store, touched)
    if not (states or touched.incidents or touched.shas):
        return
    brought = await store.lanes.brought({state.id for state in states})
    shas = touched.shas | {sha for commits in brought.values() for sha, _, _ in commits}
    names = shas | {name for state in states for name in state.names}
    naming = await store.blames.naming(names)
    targets, affected = await _judge(store, states, [i for who, i in naming if who == DEPLOY])
    incidents = {i.id for i in touched.incidents} | {i for who, i in naming if who == INCIDENT}
    incidents |= await _open_around(store, [*states, *targets], within)
    affected |= await _suspect(store, incidents, within)
    units = {s.unit for s in states} | {m.unit for m in (await store.lanes.members(affected)).values()}
    await recount(store, units, touched.shas)


async def catch_up(store: Store, within: timedelta = INFERRED_WITHIN) -> int:
    """Attribute some of the deployments that never were (written by an earlier release); return how many."""
    ids = await store.lanes.unattributed(_CATCH_UP)
    members = list((await store.lanes.members(ids)).values())
    brought = await store.lanes.brought(ids)
    targets, affected = await _judge(store, members, [])
    affected |= await _suspect(store, await _open_around(store, targets, within), within)
    units = {m.unit for m in members} | {m.unit for m in (await store.lanes.members(affected)).values()}
    await recount(store, units, {sha for commits in brought.values() for sha, _, _ in commits})
    return len(ids)


def _member(deploy: Deploy | None) -> Member | None:
    """Return a deployment as attribution sees it; `None` where it does not count."""
    is_live = deploy and deploy.tier is Tier.PRODUCTION and deploy.status is DeployStatus.SUCCEEDED
    if deploy is None or not is_live or deploy.finished_at is None:
        return None
    return Member(
        id=deploy.id,
        source=deploy.source,
        name=deploy.deploy_id,
        service=deploy.service,
        environment=deploy.environment,
        finished_at=deploy.finished_at,
        received_at=deploy.received_at,
        version=deploy.version,
        sha=deploy.sha,
        rollout_id=deploy.rollout_id,
        kind=deploy.kind,
        fixes=deploy.fixes,
        commits_known=deploy.commits_known,
    )


async def _name_causes(store: Store, touched: Touched) -> None:
    changed = {d.id: d.fixes for before, d in touched.deploys if d.fixes != (before.fixes if before else ())}
    await store.blames.name_causes(DEPLOY, changed)
    await store.blames.name_causes(INCIDENT, {i.id: i.caused_by for i in touched.incidents})


async def _judge(store: Store, states: Sequence[Member], naming: Collection[int]) -> tuple[list[Member], set[int]]:
    """Judge every deployment that these states may bear on; return those, and all that they blame or blamed."""
    targets = await store.lanes.members({s.id for s in states} | await _borne_on(store, states) | set(naming))
    verdicts = await _verdicts(store, list(targets.values()))
    gone = {s.id for s in states} - targets.keys()
    blamed = await store.blames.of(DEPLOY, [*targets, *gone])
    changed: dict[int, Blame | None] = {i: v.blame for i, v in verdicts.items() if v.blame != blamed.get(i)}
    await store.blames.replace(DEPLOY, changed | dict.fromkeys(gone))
    await store.lanes.set_remedies({i: v.remedy for i, v in verdicts.items() if v.remedy is not targets[i].remedy})
    new = {i for verdict in verdicts.values() if verdict.blame for i in verdict.blame.deploy_ids}
    old = {i for blame in blamed.values() for i in blame.deploy_ids}
    # Its own remedy counts where it is counted, and what it blames recovers when it finished.
    return list(targets.values()), new | old | targets.keys()


async def _borne_on(store: Store, states: Sequence[Member]) -> set[int]:
    """Return the later deployments whose verdict may change when one appears, moves or goes."""
    around = await store.lanes.neighbours([Place.of(state) for state in states])
    before = await store.lanes.members({n.before for n in around})
    returning = [
        Place.of(state, version=version)
        for state, n in zip(states, around, strict=True)
        if n.before in before and (version := before[n.before].version)
    ]
    returns = await store.lanes.neighbours(returning)
    found = [n.after for n in around] + [n.same_after for n in (*around, *returns)]
    return {i for i in found if i is not None}


async def _verdicts(store: Store, targets: Sequence[Member]) -> dict[int, Verdict]:
    around = await store.lanes.neighbours([Place.of(target) for target in targets])
    nearby = await store.lanes.members({i for n in around for i in (n.before, n.same_before)})
    returned_to = [nearby[n.same_before] for n in around if n.same_before in nearby]
    next_ones = await store.lanes.neighbours([Place.of(member) for member in returned_to])
    nearby |= await store.lanes.members({n.after for n in next_ones})
    named = await store.lanes.named({name for target in targets for name in target.fixes})
    by_lane: dict[tuple[str, str], list[Member]] = {}
    for member in nearby.values():
        by_lane.setdefault(member.lane, []).append(member)
    return {target.id: judge(target, by_lane.get(target.lane, ()), named) for target in targets}


async def _open_around(store: Store, members: Iterable[Member], within: timedelta) -> set[int]:
    """Return the incidents that may be held against these deployments, or against what they blame."""
    spans: dict[str, list[datetime]] = {}
    for member in members:
        spans.setdefault(member.service, []).append(member.finished_at)
    found: set[int] = set()
    for service, finishes in spans.items():
        found.update(await store.blames.open_between(service, min(finishes), max(finishes) + within))
    return found


async def _suspect(store: Store, incidents: Collection[int], within: timedelta) -> set[int]:
    """Hold incidents against deployments anew; return all deployments that they blame or blamed."""
    blamed = await store.blames.of(INCIDENT, incidents)
    suspicions = await store.blames.suspicions(incidents)
    named = await store.lanes.named({name for suspicion in suspicions for name in suspicion.caused_by})
    verdicts = {s.id: await _hold(store, s, named, within) for s in suspicions}
    await store.blames.replace(INCIDENT, {i: b for i, b in verdicts.items() if b != blamed.get(i)})
    return {i for blame in (*blamed.values(), *verdicts.values()) if blame for i in blame.deploy_ids}


async def _hold(store: Store, suspicion: Suspicion, named: dict[str, list[Member]], within: timedelta) -> Blame | None:
    has_start = suspicion.started_at is not None
    return hold_against(
        suspicion,
        named=named,
        before=await store.blames.latest_before(suspicion) if has_start else (),
        remedies=await store.blames.landed_within(suspicion) if has_start else (),
        within=within,
    )


async def recount(store: Store, units: Collection[tuple[str, str]], shas: Collection[str] = ()) -> None:
    """Count deployments anew, with every other that brought one of their commits: who was first may have changed."""
    shas = await _brought_by(store, units) | set(shas)
    wanted = set(units) | await _units_bringing(store, shas)
    everyone = await store.lanes.of_units(wanted | await _units_bringing(store, await _brought_by(store, wanted)))
    counted = count_units(
        everyone,
        await store.blames.charges([m.id for m in everyone if m.unit in wanted]),
        await store.lanes.brought([m.id for m in everyone]),
    )
    await store.rollouts.replace({unit: counted.get(unit) for unit in wanted})


async def _brought_by(store: Store, units: Collection[tuple[str, str]]) -> set[str]:
    members = await store.lanes.of_units(units)
    brought = await store.lanes.brought([m.id for m in members])
    return {sha for commits in brought.values() for sha, _, _ in commits}


async def _units_bringing(store: Store, shas: Collection[str]) -> set[tuple[str, str]]:
    holders = await store.lanes.members(await store.lanes.bringing(shas))
    return {m.unit for m in holders.values()}
