"""What every deed on an incident shares: its whole group, locked; the line in the history; who is told of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from handlers.acting import By
from handlers.attribution import Touched, attribute
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import CARD, Notice, incident_notices
from handlers.sides import acting_via
from handlers.suspects import shifted_notices
from handlers.views.times import in_utc
from models.records import Incident, TimelineEntry
from models.store import Store
from models.words import EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that a person did to an incident: what it was, in whose words, and what stood before."""

    kind: EntryKind
    text: str | None = None
    was: str | None = None


async def group_of(store: Store, number: int) -> list[Incident]:
    """Return the incidents shown in one message, the leader first.

    Raises:
        UserError: there is no such incident; the nearest number that there is, is named. Or it is a stored alert.
    """
    incident = await store.incidents.get(number)
    if incident is None:
        raise UserError(await no_such(store, number))
    if incident.is_signal:
        raise UserError(
            f"INC-{number} is an alert that opened no incident. `/incident promote INC-{number}` makes it one."
        )
    members = await store.incidents.members(incident.leader_id or incident.id)
    return sorted(members, key=lambda member: (member.id != member.leader_id, member.id)) or [incident]


async def locked_group(store: Store, number: int) -> list[Incident]:
    """Return a group, the leader first, whose records nobody else changes until the transaction ends."""
    members = await group_of(store, number)
    locked = await store.incidents.by_keys({(member.source, member.incident_id) for member in members})
    return [locked[member.source, member.incident_id] for member in members]


async def open_group(store: Store, number: int, verb: str) -> list[Incident]:
    """Return a group, locked, that is not closed.

    Raises:
        UserError: there is no such incident, or it is closed.
    """
    group = await locked_group(store, number)
    refuse_closed(group, verb)
    return group


def refuse_closed(group: Sequence[Incident], verb: str) -> None:
    """Complain of a deed on an incident that is closed."""
    leader = group[0]
    if leader.is_closed and leader.closed_at:
        by = f" by {leader.closed_by}" if leader.closed_by else ""
        raise UserError(
            f"INC-{leader.id} was closed{by}, {in_utc(leader.closed_at)}. To {verb} it, reopen it first: "
            f"`/incident reopen INC-{leader.id}`"
        )


async def record(store: Store, ctx: Context, group: Sequence[Incident], deed: Deed, by: By) -> int | None:
    """Write a deed into the history of a group's leader; return the entry's number, `None` if it was there."""
    entry = TimelineEntry(
        incident_id=group[0].id,
        at=by.at,
        kind=deed.kind,
        actor=by.name,
        text=deed.text or None,
        was=deed.was,
        via=await via(store, ctx, group, by),
    )
    return await store.incidents.add_entry(entry, f"slack:{by.request_id}:{deed.kind}")


async def tell(
    store: Store, ctx: Context, group: Sequence[Incident], deed: Deed, by: By, *, is_reply: bool = True
) -> None:
    """Write a deed into the history, edit the cards, and say it in their threads if `is_reply`."""
    number = await record(store, ctx, group, deed, by)
    if number is not None:
        await notify(store, ctx, group, by, [f"entry:{number}"] if is_reply else [])


async def notify(store: Store, ctx: Context, group: Iterable[Incident], by: By, parts: Iterable[str] = ()) -> None:
    """Edit a group's cards wherever they are shown, and say these parts in their threads."""
    cards = [n for m in group for n in incident_notices(None, m, ctx.topology) if n.part == CARD]
    replies = [replace(card, part=part) for part in parts for card in cards]
    await store.outbox.notify([*cards, *replies], by.at)


async def via(store: Store, ctx: Context, group: Iterable[Incident], by: By) -> str:
    """Return from which side a person acts on a group."""
    services = {service for member in group for service in member.services}
    return await acting_via(store, ctx.topology, services, by.channel_id)


async def attributed(store: Store, ctx: Context, incidents: list[Incident]) -> list[Notice]:
    """Let attribution follow what a person did; return what is to be said of the deployments held to blame."""
    shifted = await attribute(store, Touched(incidents=incidents), ctx.topology.suspect_within)
    return await shifted_notices(store, ctx.topology, incidents, shifted)


def leaders_of(members: Iterable[Incident]) -> list[Incident]:
    """Return one incident for each group, in order."""
    return list({m.leader_id or m.id: m for m in reversed(list(members))}.values())[::-1]


async def no_such(store: Store, number: int) -> str:
    """Return the complaint that there is no such incident, with the nearest that there is."""
    near = await store.incidents.nearest(number)
    meant = f"Did you mean INC-{near}?" if near else "None has been opened yet."
    return f"There is no incident INC-{number}. {meant} `/incident list` shows what is open."
