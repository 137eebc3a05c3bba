"""Attributes failures as events arrive: judges the deployments an event may have touched, then counts them anew.

Only neighbours are looked at, never a lane's whole history: a deployment that arrives, however late, changes what is
said of itself, of the next one, of the next with its version, of the next that returned to the one before it, and of
whatever names it. Recomputing these from the database gives the same answer in any order of arrival.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from models.attribution import INFERRED_WITHIN, Blame, Member, Verdict, hold_against, judge
from models.records import Deploy, Incident
from models.rollouts import Brought, Unit, count_units
from models.store import Store
from models.store.blames import DEPLOY, INCIDENT
from models.store.lanes import Neighbours, Place
from models.store.revisions import DeployRevision, IncidentRevision
from models.words import DeployStatus, Tier

_CATCH_UP: Final = 500


@dataclass(slots=True)
class Touched:
    """What a batch may have changed: deployments (as they were, as they are), incidents, and commits.

    `around` is what was found to stand around places since the deployments were written. `revisions` are what records
    were, where a past instant could not be recalled otherwise.
    """

    deploys: list[tuple[Deploy | None, Deploy]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    revisions: list[DeployRevision | IncidentRevision] = field(default_factory=list)
    shas: set[str] = field(default_factory=set)
    around: dict[Place, Neighbours] = field(default_factory=dict)


@dataclass(slots=True)
class _Moved:
    """The deployments that changed for attribution: every state in which they count or counted, and as they are now.

    `new` are those that were never seen before, so that nothing can be written of them yet.
    """

    states: list[Member] = field(default_factory=list)
    now: dict[int, Member] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Near:
    """Deployments and what stands around them, each read once."""

    store: Store
    known: dict[int, Member]
    around: dict[Place, Neighbours] = field(default_factory=dict)
    commits: dict[int, list[Brought]] = field(default_factory=dict)

    async def members(self, ids: Iterable[int | None]) -> dict[int, Member]:
        """Return the deployments with these ledger numbers that count."""
        wanted = {i for i in ids if i is not None}
        if missing := wanted - self.known.keys():
            self.known |= await self.store.lanes.members(missing)
        return {i: self.known[i] for i in wanted if i in self.known}

    async def brought(self, members: Iterable[Member]) -> dict[int, list[Brought]]:
        """Return the commits that these deployments list."""
        wanted = {m.id for m in members if m.commits_known}
        if missing := wanted - self.commits.keys():
            found = await self.store.lanes.brought(missing)
            self.commits |= {i: found.get(i, []) for i in missing}
        return {i: self.commits[i] for i in wanted}

    async def neighbours(self, places: Sequence[Place]) -> list[Neighbours]:
        """Return what stands around each place."""
        missing = list(dict.fromkeys(place for place in places if place not in self.around))
        self.around.update(zip(missing, await self.store.lanes.neighbours(missing), strict=True))
        return [self.around[place] for place in places]


async def attribute(store: Store, touched: Touched, within: timedelta = INFERRED_WITHIN) -> dict[int, set[int]]:
    """Bring attribution up to date with what was just written; `within` is how long a deployment stays suspect.

    Returns the incidents that are held against something else than before, each with the deployments it was and is.
    """
    moved = _moved(touched)
    await _name_causes(store, touched)
    if not (moved.states or touched.incidents or touched.shas):
        return {}
    near = Near(store, dict(moved.now), touched.around)
    brought = await near.brought(moved.states)
    shas = touched.shas | {sha for commits in brought.values() for sha, _, _ in commits}
    naming = await store.blames.naming(chain(shas, (name for state in moved.states for name in state.names)))
    targets, blamed = await _judge(near, moved, [i for who, i in naming if who == DEPLOY])
    incidents = {i.id for i in touched.incidents} | {i for who, i in naming if who == INCIDENT}
    incidents |= await _open_around(store, [*moved.states, *targets.values()], within)
    suspected, shifted = await _suspect(store, incidents, within)
    others = await near.members(blamed | suspected)
    await recount(near, {m.unit for m in (*moved.states, *targets.values(), *others.values())}, shas)
    return shifted


async def catch_up(store: Store, within: timedelta = INFERRED_WITHIN) -> int:
    """Attribute some of the deployments that never were (written by an earlier release); return how many."""
    ids = await store.lanes.unattributed(_CATCH_UP)
    near = Near(store, await store.lanes.members(ids))
    targets, blamed = await _judge(near, _Moved([], dict(near.known)), [])
    suspected, _ = await _suspect(store, await _open_around(store, targets.values(), within), within)
    others = await near.members(blamed | suspected)
    await recount(near, {m.unit for m in (*targets.values(), *others.values())})
    return len(ids)


def _moved(touched: Touched) -> _Moved:
    moved = _Moved()
    for before, after in touched.deploys:
        then, now = as_member(before), as_member(after)
        if then == now and not touched.shas:
            continue
        moved.states += [m for m in (then, now) if m]
        if now is not None:
            moved.now[now.id] = now
        if before is None:
            moved.new.add(after.id)
    return moved


def counts(deploy: Deploy) -> bool:
    """Say whether a deployment succeeded in production."""
    is_live = deploy.tier is Tier.PRODUCTION and deploy.status is DeployStatus.SUCCEEDED
    return is_live and deploy.finished_at is not None


def as_member(deploy: Deploy | None) -> Member | None:
    """Return a deployment as attribution sees it; `None` where it does not count."""
    if deploy is None or not counts(deploy) or deploy.finished_at is None:
        return None
    return Member(
        id=deploy.id,
        source=deploy.source,
        name=deploy.deploy_id,
        service=deploy.service,
        environment=deploy.environment,
        finished_at=deploy.finished_at,
        received_at=deploy.received_at,
        version=deploy.version or deploy.sha,
        sha=deploy.sha,
        rollout_id=deploy.rollout_id,
        kind=deploy.kind,
        fixes=deploy.fixes,
        commits_known=deploy.commits_known,
        remedy=deploy.remedy,
    )


async def _name_causes(store: Store, touched: Touched) -> None:
    changed = {d.id: d.fixes for before, d in touched.deploys if d.fixes != (before.fixes if before else ())}
    await store.blames.name_causes(DEPLOY, changed)
    await store.blames.name_causes(INCIDENT, {i.id: i.known_causes for i in touched.incidents})


async def _judge(near: Near, moved: _Moved, naming: Collection[int]) -> tuple[dict[int, Member], set[int]]:
    """Judge every deployment that these may bear on; return those by number, and all that they blame or blamed."""
    blames = near.store.blames
    targets = moved.now | await near.members(await _borne_on(near, moved.states) | set(naming))
    verdicts = await _verdicts(near, list(targets.values()))
    gone = {s.id for s in moved.states} - targets.keys()
    blamed = await blames.of(DEPLOY, (targets.keys() | gone) - moved.new)
    changed: dict[int, Blame | None] = {i: v.blame for i, v in verdicts.items() if v.blame != blamed.get(i)}
    await blames.replace(DEPLOY, changed | dict.fromkeys(gone), unwritten=moved.new)
    remedies = {i: v.remedy for i, v in verdicts.items() if v.remedy is not targets[i].remedy}
    await near.store.lanes.set_remedies(remedies)
    for number, remedy in remedies.items():
        targets[number].remedy = remedy
    new = {i for verdict in verdicts.values() if verdict.blame for i in verdict.blame.deploy_ids}
    return targets, new | {i for blame in blamed.values() for i in blame.deploy_ids}


async def _borne_on(near: Near, states: Sequence[Member]) -> set[int]:
    """Return the later deployments whose verdict may change when one appears, moves or goes."""
    around = await near.neighbours([Place.of(state) for state in states])
    before = await near.members(n.before for n in around)
    found = {i for n in around for i in (n.after, n.same_after)}
    returning: list[Place] = []
    for state, n in zip(states, around, strict=True):
        if not n.after or n.before not in before:
            continue
        previous = before[n.before]
        known = n if previous.version == state.version else near.around.get(Place.of(previous))
        if known is not None:
            found.add(known.same_after)
        elif previous.version:
            returning.append(Place.of(state, version=previous.version))
    found.update(await near.store.lanes.again_after(returning))
    return {i for i in found if i is not None}


async def _verdicts(near: Near, targets: Sequence[Member]) -> dict[int, Verdict]:
    """Judge each deployment by the three others that the rules look at."""
    around = await near.neighbours([Place.of(target) for target in targets])
    nearby = await near.members(i for n in around for i in (n.before, n.same_before))
    returned_to = [nearby[i] for i in {n.same_before for n in around if n.same_before} & nearby.keys()]
    following = await near.neighbours([Place.of(member) for member in returned_to])
    next_to = {member.id: n.after for member, n in zip(returned_to, following, strict=True)}
    nearby |= await near.members(next_to.values())
    named = await near.store.lanes.named({name for target in targets for name in target.fixes})
    verdicts: dict[int, Verdict] = {}
    for target, n in zip(targets, around, strict=True):
        looked_at = {n.before, n.same_before, next_to.get(n.same_before or 0)}
        verdicts[target.id] = judge(target, [nearby[i] for i in looked_at if i in nearby], named)
    return verdicts


async def _open_around(store: Store, members: Iterable[Member], within: timedelta) -> set[int]:
    """Return the incidents that may be held against these deployments, or against what they blame."""
    spans: dict[str, list[datetime]] = {}
    for member in members:
        spans.setdefault(member.service, []).append(member.finished_at)
    return await store.suspects.open_between([(s, min(at), max(at) + within) for s, at in spans.items()])


async def _suspect(store: Store, incidents: Collection[int], within: timedelta) -> tuple[set[int], dict[int, set[int]]]:
    """Hold incidents against deployments anew.

    Returns all deployments that they blame or blamed, and those of the incidents for which that changed.
    """
    blamed = await store.blames.of(INCIDENT, incidents)
    suspicions = await store.blames.suspicions(incidents)
    named = await store.lanes.named({name for suspicion in suspicions for name in suspicion.caused_by})
    before = await store.suspects.latest_before(suspicions)
    landed = await store.suspects.landed_within(suspicions)
    verdicts = {
        s.id: hold_against(s, named=named, before=before.get(s.id, ()), remedies=landed.get(s.id, ()), within=within)
        for s in suspicions
    }
    changed = {i: b for i, b in verdicts.items() if b != blamed.get(i)}
    await store.blames.replace(INCIDENT, changed)
    held = {i: {d for b in (blamed.get(i), blame) if b for d in b.deploy_ids} for i, blame in verdicts.items()}
    return {d for deploys in held.values() for d in deploys}, {i: held[i] for i in changed}


async def recount(near: Near, units: Collection[Unit], shas: Collection[str] = ()) -> None:
    """Count deployments anew, with every other that brought one of their commits: who was first may have changed."""
    counted = _Counted(near)
    await counted.load(units)
    wanted = set(units) | await counted.load_bringing(counted.shas() | set(shas))
    # Those others may have commits of their own that somebody brought before them.
    await counted.load_bringing(counted.shas())
    members = [m for m in counted.members.values() if m.unit in wanted]
    charges = await near.store.blames.charges([m.id for m in members])
    rollouts = count_units(counted.members.values(), charges, counted.brought)
    await near.store.rollouts.replace({unit: rollouts.get(unit) for unit in wanted})


@dataclass(slots=True)
class _Counted:
    """The deployments to be counted and those they are compared with, each read once."""

    near: Near
    members: dict[int, Member] = field(default_factory=dict)
    brought: dict[int, list[Brought]] = field(default_factory=dict)
    looked_for: set[str] = field(default_factory=set)

    async def load(self, units: Collection[Unit]) -> None:
        """Read deployments with all their members and commits."""
        alone = {m.unit: m for m in self.near.known.values() if m.rollout_id is None}
        found = [alone[unit] for unit in units if unit in alone]
        found += await self.near.store.lanes.of_units(set(units) - alone.keys())
        members = {m.id: m for m in found if m.id not in self.members}
        self.members |= members
        self.brought |= await self.near.brought(members.values())

    async def load_bringing(self, shas: set[str]) -> set[Unit]:
        """Read every deployment that brought one of these commits; return those that were not read before."""
        wanted, self.looked_for = shas - self.looked_for, self.looked_for | shas
        new = await self.near.store.lanes.bringing(wanted) - self.members.keys()
        units = {m.unit for m in (await self.near.members(new)).values()}
        if units:
            await self.load(units)
        return units

    def shas(self) -> set[str]:
        """Return every commit that the deployments brought."""
        return {sha for commits in self.brought.values() for sha, _, _ in commits}
