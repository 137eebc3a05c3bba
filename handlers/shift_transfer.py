"""What changes hands with a shift, with its acceptance: duty, incidents, reminders, freezes, deploys in soak."""

from collections.abc import Collection
from dataclasses import replace

from handlers.acting import By
from handlers.context import Context
from handlers.debts import give_debts
from handlers.freezes import give_freeze
from handlers.handoff_brief import services_of
from handlers.incident_groups import Deed, leaders_of, locked_group, tell
from handlers.offers import settle_offer
from handlers.oncall import is_called, rota
from handlers.routing import subject_of
from handlers.soaks import give_watch
from models.handoffs import Handoff, goes_along
from models.oncall import HORIZON, OnCallSchedule, Override, shift_at
from models.people import Person
from models.records import Incident
from models.response import LEAD, Holder
from models.store import Store
from models.topology import Topology
from models.words import EntryKind


async def take_shift(store: Store, schedule: OnCallSchedule, handoff: Handoff, person: Person, by: By) -> None:
    """Write an override where the schedule alone does not say what was accepted: by whom, or how early."""
    shift = shift_at(await rota(store, schedule, handoff.boundary, handoff.boundary + HORIZON), handoff.boundary)
    if shift is None:
        return
    is_incoming = is_called(person, handoff.incoming)
    if is_incoming and by.at >= handoff.boundary:
        return
    member = handoff.incoming if is_incoming else person.user_id
    end = handoff.boundary if is_incoming else shift.end
    if end > by.at:
        made = Override(schedule=schedule.name, person=member, start=by.at, end=end, by=by.name, made_at=by.at)
        await store.oncall.add_override(made)


async def take_all(
    store: Store,
    ctx: Context,
    schedule: OnCallSchedule,
    outgoing: Person,
    person: Person,
    chosen: Collection[int] | None,
    by: By,
) -> None:
    """Give what the outgoing person has to the one who accepts; of the incidents those that are chosen."""
    if outgoing.user_id == person.user_id:
        return
    for leader in await theirs(store, ctx.topology, schedule, outgoing):
        if chosen is None or leader.id in chosen:
            await _take_incident(store, ctx, leader.id, outgoing, person, by)
    await _take_freezes(store, ctx, outgoing, person, by)
    await give_debts(store, services_of(ctx.topology, schedule), outgoing, person, by.at)
    for soak in await store.soaks.open(services_of(ctx.topology, schedule), lock=True):
        # One without a watcher was watched by whoever is on call: by name from now on.
        if soak.watcher_id in (None, outgoing.user_id):
            await give_watch(store, soak, person.name, person.user_id, by.at)


async def theirs(store: Store, topology: Topology, schedule: OnCallSchedule, outgoing: Person) -> list[Incident]:
    """Return the open incidents that change hands with a shift.

    They are those that the outgoing person leads, and those of the schedule's services that they have acknowledged and
    nobody leads.
    """
    led = [held.incident_id for held in await store.responses.held_by(outgoing.user_id) if held.role == LEAD]
    found = {i.id: i for i in (await store.incidents.by_numbers(led)).values() if i.is_open}
    here = leaders_of(await store.incidents.list_open(services_of(topology, schedule)))
    leads = {h.incident_id: h for h in await store.responses.holders([i.id for i in here]) if h.role == LEAD}
    return list((found | {i.id: i for i in here if goes_along(i, leads.get(i.id), outgoing)}).values())


async def _take_incident(store: Store, ctx: Context, number: int, outgoing: Person, person: Person, by: By) -> None:
    group = await locked_group(store, number)
    before = next((h for h in await store.responses.holders([group[0].id]) if h.role == LEAD), None)
    is_theirs = group[0].is_open and goes_along(group[0], before, outgoing)
    if not is_theirs:
        return
    holder = Holder(
        incident_id=group[0].id, role=LEAD, person=person.name, user_id=person.user_id, since=by.at, by=by.name
    )
    await store.responses.assign(holder)
    await store.outbox.notify(await settle_offer(store, group[0].id, person.user_id, by.at), by.at)
    await _take_reminders(store, group[0])
    deed = Deed(kind=EntryKind.ROLE, text=f"{LEAD}: {person.name} (shift handoff)", was=outgoing.name)
    await tell(store, ctx, group, deed, by)


async def _take_reminders(store: Store, leader: Incident) -> None:
    """Let what the outgoing person snoozed or dismissed remind the one who accepts: it was not theirs to silence."""
    for reminder in (await store.responses.reminders()).values():
        if reminder.subject == subject_of(leader):
            await store.responses.save_reminder(replace(reminder, snoozed_until=None, dismissed_at=None))


async def _take_freezes(store: Store, ctx: Context, outgoing: Person, person: Person, by: By) -> None:
    """Give the freezes that the outgoing person owns to the one who accepts."""
    for one in await store.freezes.standing(by.at):
        if one.owner_id == outgoing.user_id and outgoing.user_id != person.user_id:
            await give_freeze(store, ctx.topology, one, person.name, person.user_id, by)
