"""The one place where people say what caused an incident: set it, clear a deploy of it, look after it, take it back.

Each is one transaction: the incidents, a line in the timeline, attribution, the notices; the answer says at once what
became of the change fail rate.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from handlers.acting import By
from handlers.attribution import Touched, attribute
from handlers.cause_effects import Effect, Rates, read_rates
from handlers.cause_words import read_cause
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import locked_group
from handlers.incident_moves import SOURCE
from handlers.revisions import incident_revisions
from handlers.routing import CARD, Notice, incident_notices
from handlers.sides import acting_via
from handlers.suspects import suspect_notices
from models.attribution import Member
from models.records import Incident, TimelineEntry
from models.rulings import cleared, ruled, undone
from models.store import Store
from models.store.blames import INCIDENT
from models.words import BlameReason, EntryKind

CLAIMS: Final = {EntryKind.LOOKING: "is looking at", EntryKind.ROLLING_BACK: "is rolling back"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person's word did: the incident as it is now, the causes in words, and what moved in the numbers."""

    leader: Incident
    now: str
    before: str
    effects: Sequence[Effect]


async def set_cause(ctx: Context, number: int, words: str, by: By, *, seen_at: str | None = None) -> Said:
    """Set what caused an incident, with its whole group.

    `seen_at` is when the cause that the person saw was set (ISO; empty: never): where another one was set since,
    nothing is changed.

    Raises:
        UserError: there is no such incident or cause, it is set already, or somebody else was first.
    """
    async with ctx.transaction() as store:
        group = await locked_group(store, number)
        named = await read_cause(store, group[0], words)
        _refuse_stale(group[0], seen_at)
        if (group[0].ruled_cause, group[0].ruled_causes) == (named.cause, named.names):
            raise UserError(f"INC-{group[0].id} has that cause already, set by {group[0].ruled_by}.")
        after = [ruled(member, named.cause, named.names, by.name, by.at) for member in group]
        said = await _change(store, ctx, group, after, EntryKind.CAUSE, by, [named.deploy] if named.deploy else [])
    ctx.wake_outbox()
    return said


async def take_back(ctx: Context, number: int, by: By, *, seen_at: str | None = None) -> Said:
    """Take back the last that a person said of an incident's cause.

    Raises:
        UserError: there is nothing to take back, or somebody else said something since.
    """
    async with ctx.transaction() as store:
        group = await locked_group(store, number)
        _refuse_stale(group[0], seen_at)
        alike = [member for member in group if member.ruled_at == group[0].ruled_at]
        pairs = [(member, back) for member in alike if (back := undone(member))]
        if not pairs:
            raise UserError(f"Nobody has said anything about the cause of INC-{group[0].id} that could be taken back.")
        before, after = [member for member, _ in pairs], [back for _, back in pairs]
        said = await _change(store, ctx, before, after, EntryKind.CAUSE, by, [])
    ctx.wake_outbox()
    return said


async def not_mine(ctx: Context, deploy_id: int, by: By) -> list[Said]:
    """Say of a deployment that the open incidents held against it are not its doing.

    Raises:
        UserError: nothing open is held against it, or a person said that it is the cause.
    """
    async with ctx.transaction() as store:
        members = await _members(store, deploy_id)
        groups = await _held_groups(store, [m.id for m in members])
        held = await held_open(store, [m.id for m in members]) if groups else []
        if not held:
            raise UserError(await _nothing_held(store, deploy_id))
        if ruling := next((i for i in held if i.ruled_cause), None):
            raise UserError(
                f"{ruling.ruled_by} set #{deploy_id} as the cause of INC-{ruling.id}: `/incident cause INC-{ruling.id} "
                "unknown` takes that back, with your name."
            )
        said = []
        for group in groups:
            after = [cleared(incident, [m.id for m in members], by.name, by.at) for incident in group]
            said.append(await _change(store, ctx, group, after, EntryKind.CLEARED, by, members))
    ctx.wake_outbox()
    return said


async def claim(ctx: Context, deploy_id: int, kind: EntryKind, by: By) -> list[Incident]:
    """Say that somebody looks at a suspect deployment, or rolls it back. Of two people the first one does.

    Raises:
        UserError: nothing open is held against it, or somebody does already.
    """
    async with ctx.transaction() as store:
        members = await _members(store, deploy_id)
        held = await held_open(store, [m.id for m in members])
        if not held:
            raise UserError(await _nothing_held(store, deploy_id))
        leaders = {i.leader_id or i.id for i in held}
        via = await acting_via(store, ctx.topology, {s for i in held for s in i.services}, by.channel_id)
        entries = [
            TimelineEntry(incident_id=n, at=by.at, kind=kind, actor=by.name, text=f"#{deploy_id}", via=via)
            for n in sorted(leaders)
        ]
        new = [await store.incidents.add_entry(entry, f"{kind}:{deploy_id}") for entry in entries]
        if not any(new):
            first = await _first(store, entries[0])
            raise UserError(f"{first} {CLAIMS[kind]} #{deploy_id} already.")
        notices = [n for i in held for n in incident_notices(None, i, ctx.topology) if n.part == CARD]
        notices += await suspect_notices(store, ctx.topology, [], deploy_ids=[m.id for m in members])
        await store.outbox.notify(notices, by.at)
    ctx.wake_outbox()
    return held


async def held_open(store: Store, deploy_ids: Collection[int]) -> list[Incident]:
    """Return the open incidents that are held against any of these deployments."""
    against = {h.blamer_id for h in await store.blames.against(deploy_ids) if h.blamer == INCIDENT}
    return [i for i in (await store.incidents.by_numbers(against)).values() if i.is_open]


async def _held_groups(store: Store, deploy_ids: Collection[int]) -> list[list[Incident]]:
    """Return the groups that have an open incident held against these deployments, so that nobody else changes them."""
    held = await held_open(store, deploy_ids)
    return [await locked_group(store, number) for number in sorted({i.leader_id or i.id for i in held})]


async def _change(
    store: Store,
    ctx: Context,
    before: Sequence[Incident],
    after: Sequence[Incident],
    kind: EntryKind,
    by: By,
    named: Sequence[Member],
) -> Said:
    """Write what a person said, let attribution follow, and tell everybody."""
    leader = after[0]
    ids = [incident.id for incident in after]
    was = await _blamed(store, ids)
    candidates = {m.id: m for m in (*named, *was.values())}
    latest = await store.suspects.latest_before(await store.blames.suspicions(ids))
    candidates |= {m.id: m for members in latest.values() for m in members}
    rates = await read_rates(store, ctx.topology, leader, candidates.values(), by.at)
    words_before = await in_words(store, before[0])
    await store.incidents.save_many(after)
    revisions = [r for b, a in zip(before, after, strict=True) for r in incident_revisions(b, a, (by.at, by.at))]
    await store.revisions.keep(revisions)
    await attribute(store, Touched(incidents=list(after)), ctx.topology.suspect_within)
    words_now = await in_words(store, leader)
    effects = rates.compared_with(await Rates.again(store, rates, by.at))
    via = await acting_via(store, ctx.topology, leader.services, by.channel_id)
    number = leader.leader_id or leader.id
    cleared_words = ", ".join(f"#{m.id}" for m in named) if kind is EntryKind.CLEARED else words_now
    text = f"{cleared_words}; before: {words_before}"
    entry = TimelineEntry(incident_id=number, at=by.at, kind=kind, actor=by.name, text=text, via=via)
    await store.incidents.add_entry(entry, f"{SOURCE}:{by.request_id}:{leader.id}")
    deploys = {*was, *await _blamed(store, ids)}
    notices = [n for i in after for n in incident_notices(None, i, ctx.topology) if n.part == CARD]
    notices += _replies(notices, leader, f"cause: {words_now}; before: {words_before}", by)
    notices += await suspect_notices(store, ctx.topology, [], deploy_ids=deploys)
    await store.outbox.notify(notices, by.at)
    return Said(leader=leader, now=words_now, before=words_before, effects=effects)


def _replies(cards: Sequence[Notice], leader: Incident, text: str, by: By) -> list[Notice]:
    part = f"note:{leader.id}:{by.at:%Y%m%dT%H%M%S%f}"
    params = {"incident": str(leader.id), "by": by.name, "text": text}
    return [replace(card, part=part, params=params) for card in {c.channel: c for c in cards}.values()]


async def _blamed(store: Store, incidents: Sequence[int]) -> dict[int, Member]:
    blames = await store.blames.of(INCIDENT, incidents)
    return await store.lanes.members([i for blame in blames.values() for i in blame.deploy_ids])


async def in_words(store: Store, incident: Incident) -> str:
    """Return what an incident is put down to, as plain text: `#41 payments v1 (inferred)`, `external (set by Ada)`."""
    blame = (await store.blames.of(INCIDENT, [incident.id])).get(incident.id)
    members = (await store.lanes.members(blame.deploy_ids)).values() if blame else ()
    deploys = ", ".join(f"#{m.id} {m.service} {m.version or (m.sha or '')[:7]}".strip() for m in members)
    if incident.ruled_cause:
        return f"{deploys or _named_only(incident)} (set by {incident.ruled_by})"
    if blame and deploys:
        return f"{deploys} ({'named by the sender' if blame.reason is BlameReason.EXPLICIT else blame.reason.value})"
    return f"{incident.cause.value} (told by {incident.source})" if incident.cause else "not known"


def _named_only(incident: Incident) -> str:
    names = ", ".join(name[:7] if len(name) >= 40 else name for name in incident.ruled_causes)
    return f"commit {names}, not deployed yet" if names else incident.ruled_cause.value if incident.ruled_cause else ""


def _refuse_stale(incident: Incident, seen_at: str | None) -> None:
    """Refuse what a person decided looking at something that has changed since."""
    if seen_at is None or seen_at == stamp(incident):
        return
    who = incident.ruled_by or "Somebody"
    raise UserError(f"{who} changed the cause of INC-{incident.leader_id or incident.id} meanwhile; look again first.")


def stamp(incident: Incident) -> str:
    """Return when a person last said something of an incident's cause; empty where nobody did."""
    return incident.ruled_at.isoformat() if incident.ruled_at else ""


def undo_value(said: Said) -> str:
    """Return what the *Undo* button carries: it takes back only what it was shown for."""
    return json.dumps({"incident": str(said.leader.id), "seen_at": stamp(said.leader)})


async def _members(store: Store, deploy_id: int) -> list[Member]:
    """Return the deployment and the others of its rollout."""
    found = await store.lanes.members([deploy_id])
    if not found:
        raise UserError(f"#{deploy_id} is no deploy that could have caused anything.")
    return sorted(await store.lanes.of_units({found[deploy_id].unit}), key=lambda m: (m.id != deploy_id, m.order))


async def _nothing_held(store: Store, deploy_id: int) -> str:
    for incident in await store.incidents.list_open():
        if f"deploy:{deploy_id}" in incident.cleared:
            return f"{incident.ruled_by} said already that INC-{incident.id} is not #{deploy_id}'s doing."
    return f"Nothing open is held against #{deploy_id}."


async def _first(store: Store, claimed: TimelineEntry) -> str:
    timeline = await store.incidents.timeline(claimed.incident_id)
    return next(
        (e.actor or "Somebody" for e in timeline if (e.kind, e.text) == (claimed.kind, claimed.text)), "Somebody"
    )
