"""The one place where the command of a running incident changes hands: offered with a brief, taken, told everywhere."""

from datetime import datetime, timedelta

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, open_group, tell
from handlers.incident_roles import holder_of
from handlers.incident_shown import shown_with
from handlers.routing import CARD, CRITICAL, LOUD, Notice
from handlers.views.command_handoff import CommandBrief
from models.handoffs import Offer
from models.people import Person
from models.records import Change, Deploy, Incident
from models.response import LEAD, Holder
from models.store import Store
from models.topology import Topology
from models.words import DeployKind, EntryKind

_HOUR = timedelta(hours=1)


async def offer(ctx: Context, number: int, taker: Person, why: str | None, by: By) -> tuple[Incident, Offer]:
    """Offer an incident's command to a person, by direct message, with the brief; an earlier offer is withdrawn.

    Raises:
        UserError: there is no such incident, it is over, or the person has its command.
    """
    async with ctx.transaction() as store:
        group = await open_group(store, number, "hand over")
        if not group[0].is_open:
            raise UserError(f"INC-{group[0].id} is {group[0].status.value}: there is no command to hand over.")
        lead = await holder_of(store, group[0].id)
        if lead and lead.user_id == taker.user_id:
            raise UserError(f"{taker.name} has command of INC-{group[0].id} already.")
        made = Offer(
            incident_id=group[0].id,
            giver=lead.person if lead else by.name,
            giver_id=lead.user_id if lead else by.user_id,
            taker=taker.name,
            taker_id=taker.user_id,
            why=why,
            offered_at=by.at,
        )
        offer_id = await store.oncall.add_offer(made)
        deed = Deed(kind=EntryKind.COMMAND, text=f"offered to {taker.name}" + (f": {why}" if why else ""))
        await tell(store, ctx, group, deed, by)
        await store.outbox.notify([_notice(offer_id, CARD, taker.user_id)], by.at)
    ctx.wake_outbox()
    return group[0], made


async def take(ctx: Context, offer_id: int, by: By) -> Incident:
    """Take the command that was offered: lead, timeline, every card and both people in one transaction.

    Raises:
        UserError: the offer was answered or withdrawn, is for somebody else, or the incident is over.
    """
    async with ctx.transaction() as store:
        found = await _open_offer(store, offer_id, by)
        group = await open_group(store, found.incident_id, "take command of")
        before = await holder_of(store, group[0].id)
        await store.oncall.answer_offer(found.id, "accepted", by.at)
        holder = Holder(
            incident_id=group[0].id, role=LEAD, person=by.name, user_id=by.user_id, since=by.at, by=found.giver
        )
        await store.responses.assign(holder)
        deed = Deed(kind=EntryKind.COMMAND, was=before.person if before else None)
        await tell(store, ctx, group, deed, by)
        notices = [_notice(found.id, CARD, found.taker_id)]
        notices += [_notice(found.id, "released", found.giver_id)] if found.giver_id else []
        await store.outbox.notify(notices, by.at)
    ctx.wake_outbox()
    return group[0]


async def refuse(ctx: Context, offer_id: int, by: By) -> Incident:
    """Say that one cannot take the command; who offered it is told, and keeps it.

    Raises:
        UserError: the offer was answered or withdrawn, or is for somebody else.
    """
    async with ctx.transaction() as store:
        found = await _open_offer(store, offer_id, by)
        group = await open_group(store, found.incident_id, "refuse")
        await store.oncall.answer_offer(found.id, "declined", by.at)
        await tell(store, ctx, group, Deed(kind=EntryKind.NOTE, text="cannot take command"), by)
        notices = [_notice(found.id, CARD, found.taker_id)]
        notices += [_notice(found.id, "released", found.giver_id)] if found.giver_id else []
        await store.outbox.notify(notices, by.at)
    ctx.wake_outbox()
    return group[0]


async def _open_offer(store: Store, offer_id: int, by: By) -> Offer:
    found = await store.oncall.offer(offer_id, lock=True)
    if found is None or found.state != "open":
        state = found.state if found else "gone"
        raise UserError(f"That offer is {state} already; the card of the incident shows who has command.")
    if found.taker_id != by.user_id:
        raise UserError(
            f"That offer is for {found.taker}. To take command yourself, press *I have command* on the card."
        )
    return found


def _notice(offer_id: int, part: str, user_id: str) -> Notice:
    return Notice(subject=f"offer:{offer_id}", part=part, channel=user_id, side="ops", priority=CRITICAL)


async def brief(store: Store, topology: Topology, incident: Incident, at: datetime) -> CommandBrief:
    """Return what the next person in command has to know, in under twelve lines."""
    shown = await shown_with(store, topology, incident, at=at)
    timeline = await store.incidents.timeline(incident.id)
    ids = [member.id for member in shown.members]
    services = {service for member in shown.members for service in member.services}
    since = min(at - _HOUR, incident.started_at or at)
    deploys = await store.deploys.recent(services=services, since=since, limit=50)
    changes = await store.changes.recent(services=services, since=at - _HOUR, limit=20)
    hour: list[Deploy | Change] = [d for d in deploys if _at(d) >= at - _HOUR]
    spoken = await store.messages.of_subject(f"incident:{incident.id}")
    updates = [e for e in timeline if e.kind is EntryKind.UPDATE]
    return CommandBrief(
        incident=incident,
        shown=shown,
        at=at,
        said=updates[-1:],
        said_in=[m for m in spoken if updates and m.part.removeprefix(LOUD) == f"entry:{updates[-1].id}"],
        cards=[m for m in spoken if m.part == CARD],
        rated=[e for e in timeline if e.kind is EntryKind.SEVERITY][-1:],
        ruled_out=[e for e in timeline if e.kind is EntryKind.CLEARED],
        points=await store.points.of(ids),
        last_hour=sorted([*hour, *changes], key=_at, reverse=True),
        rollbacks=[d for d in deploys if d.kind is DeployKind.ROLLBACK and _at(d) >= (incident.started_at or at)],
        items=await store.responses.items(incident_ids=ids),
    )


def _at(entry: Deploy | Change) -> datetime:
    if isinstance(entry, Change):
        return entry.occurred_at
    return entry.finished_at or entry.started_at or entry.status_at
