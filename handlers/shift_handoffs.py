"""Hands shifts from person to person: drafted, posted at the boundary, asked again, accepted.

Until a handoff is accepted the outgoing person is on call. The acceptance and everything that changes owner with it
are one transaction. Nothing is scheduled: a sweep looks at the clock, so a restart loses nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.oncall import everybody, person_of, rota, who
from handlers.routing import CARD, CRITICAL, LOUD, Notice
from handlers.shift_transfer import take_all, take_shift
from handlers.views.times import in_utc
from models.handoffs import Handoff, HandoffPlan, HandoffState
from models.oncall import HORIZON, OnCallSchedule, Shift, shift_at
from models.people import Person
from models.store import Store

AGAIN: Final = 2
BACKUP: Final = 3
LEAD_ASKED: Final = 4
_MISSED: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the steps share: the store, who is who, when."""

    ctx: Context
    store: Store
    people: Collection[Person]
    at: datetime

    def notice(self, handoff: Handoff, part: str, member: str | None, channel: str | None = None) -> list[Notice]:
        """Return what tells a member by direct message, or a channel; nothing where Slack knows nobody of that name."""
        person = person_of(member, self.people) if member else None
        where = channel or (person.user_id if person else None)
        if where is None:
            return []
        subject = f"handoff:{handoff.id}"
        outgoing = person_of(handoff.outgoing, self.people)
        params = {"outgoing": outgoing.user_id} if outgoing else {}
        return [Notice(subject=subject, part=part, channel=where, side="ops", priority=CRITICAL, params=params)]

    async def asked(self, handoff: Handoff) -> list[Notice]:
        """Return what edits every message that asks somebody to take the shift over: it must not go on asking."""
        said = await self.store.messages.of_subject(f"handoff:{handoff.id}")
        asking = [m for m in said if m.part.startswith("ask:") or m.part == f"{LOUD}late"]
        return [notice for m in asking for notice in self.notice(handoff, m.part, None, m.channel)]

    def ops(self, schedule: OnCallSchedule) -> str | None:
        """Return the ops channel in which a schedule's shifts are handed over."""
        bridge = self.ctx.topology.bridge_named(schedule.bridge) if schedule.bridge else None
        return bridge.ops if bridge else None


async def tend(ctx: Context, at: datetime) -> None:
    """Draft what is near, post what is due, ask again what is not accepted."""
    schedules = [s for s in ctx.topology.schedules if s.bridge]
    if not schedules:
        return
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        desk = _Desk(ctx, store, people, at)
        notices: list[Notice] = []
        for schedule in schedules:
            notices += await _draft(desk, schedule)
            for handoff in await store.oncall.open_handoffs(schedule.name, lock=True):
                notices += await _go_on(desk, schedule, handoff)
        await store.outbox.notify(notices, at)
    if notices:
        ctx.wake_outbox()


async def _draft(desk: _Desk, schedule: OnCallSchedule) -> list[Notice]:
    """Draft the handoff of the next boundary when it is near; one that was missed while the bot was down, too."""
    plan = desk.ctx.topology.handoffs
    around = await rota(desk.store, schedule, desk.at - HORIZON, desk.at + HORIZON)
    current = shift_at(around, desk.at)
    near = [s for s in around if desk.at < s.start <= desk.at + plan.draft_before]
    is_missed = current is not None and current.start > desk.at - _MISSED
    missed = [current] if current and is_missed and not await _is_settled(desk, schedule.name, current) else []
    notices: list[Notice] = []
    for shift in [*missed, *near]:
        before = shift_at(around, shift.start - timedelta(microseconds=1))
        if before is None or before.person == shift.person:
            continue
        drafted = Handoff(
            schedule=schedule.name,
            boundary=shift.start,
            outgoing=before.person,
            incoming=shift.person,
            drafted_at=desk.at,
        )
        number = await desk.store.oncall.add_handoff(drafted)
        if number is not None and shift.start > desk.at:
            notices += desk.notice(replace(drafted, id=number), "draft", before.person)
    return notices


async def _is_settled(desk: _Desk, name: str, shift: Shift) -> bool:
    """Say whether a shift needs no acceptance: somebody accepted since it began, or took it over themselves."""
    accepted = await desk.store.oncall.recently_accepted([name], 1)
    if accepted and accepted[0].accepted_at and accepted[0].accepted_at >= shift.start:
        return True
    for o in await desk.store.oncall.overrides(name, shift.start, shift.end):
        person = person_of(o.person, desk.people)
        if o.start == shift.start and person and person.name == o.by:
            return True
    return False


async def _go_on(desk: _Desk, schedule: OnCallSchedule, handoff: Handoff) -> list[Notice]:
    """Take the next step of one handoff that is due."""
    if handoff.state is HandoffState.DRAFTED:
        return await _post(desk, schedule, handoff) if handoff.boundary <= desk.at else []
    step = _step_due(handoff, desk.ctx.topology.handoffs, desk.at)
    if step <= handoff.step:
        return []
    await desk.store.oncall.save_handoff(replace(handoff, step=step, asked_at=desk.at))
    ops = desk.ops(schedule)
    card = desk.notice(handoff, CARD, None, ops)
    match step:
        case 2:
            return [*card, *desk.notice(handoff, "ask:2", handoff.incoming)]
        case 3:
            return [*card, *desk.notice(handoff, "ask:3", schedule.backup)]
        case _:
            loud = desk.notice(handoff, f"{LOUD}late", None, ops)
            return [*card, *desk.notice(handoff, "ask:4", schedule.lead), *loud]


def _step_due(handoff: Handoff, plan: HandoffPlan, at: datetime) -> int:
    if handoff.posted_at is None:
        return 0
    waited = at - handoff.posted_at
    if waited >= plan.lead_after:
        return LEAD_ASKED
    if waited >= plan.backup_after:
        return BACKUP
    return AGAIN if waited >= plan.again_after else 1


async def _post(desk: _Desk, schedule: OnCallSchedule, handoff: Handoff) -> list[Notice]:
    """Post a handoff in ops and ask the incoming person; one whose boundary is no more is void."""
    around = await rota(desk.store, schedule, handoff.boundary - HORIZON, handoff.boundary + HORIZON)
    shift = shift_at(around, handoff.boundary)
    duty = await who(desk.store, schedule, desk.at)
    outgoing = duty.person if duty and duty.handoff else handoff.outgoing
    if shift is None or shift.person == outgoing:
        await desk.store.oncall.save_handoff(replace(handoff, state=HandoffState.VOID))
        return []
    posted = replace(
        handoff,
        outgoing=outgoing,
        incoming=shift.person,
        state=HandoffState.WAITING,
        step=1,
        posted_at=desk.at,
        asked_at=desk.at,
    )
    await desk.store.oncall.save_handoff(posted)
    return [
        *desk.notice(posted, CARD, None, desk.ops(schedule)),
        *desk.notice(posted, "ask:1", posted.incoming),
    ]


async def accept(
    ctx: Context, number: int, person: Person, by: By, *, questions: str = "", incidents: Collection[int] | None = None
) -> Handoff:
    """Take a shift over: from now on the person is on call, and leads what the outgoing person had.

    `incidents` are those of which the lead changes hands (`None`: all). Who is not the incoming person takes the shift
    in their place.

    Raises:
        UserError: there is no such handoff, or somebody accepted it already.
    """
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        handoff = await waiting(store, number)
        schedule = ctx.topology.schedule_named(handoff.schedule)
        if schedule is None:
            raise UserError(f"The schedule {handoff.schedule} is not in the configuration any more.")
        accepted = replace(
            handoff,
            state=HandoffState.ACCEPTED,
            accepted_at=by.at,
            accepted_by=person.name,
            questions=questions.strip(),
        )
        await store.oncall.save_handoff(accepted)
        await take_shift(store, schedule, handoff, person, by)
        if outgoing := person_of(handoff.outgoing, people):
            await take_all(store, ctx, schedule, outgoing, person, incidents, by)
        desk = _Desk(ctx, store, people, by.at)
        await store.outbox.notify(
            [
                *desk.notice(accepted, CARD, None, desk.ops(schedule)),
                *await desk.asked(accepted),
                *desk.notice(accepted, "done", handoff.outgoing),
                *desk.notice(accepted, "mine", None, person.user_id),
            ],
            by.at,
        )
    ctx.wake_outbox()
    return accepted


async def decline(ctx: Context, number: int, by: By) -> Handoff:
    """Say that one cannot take a shift over; the backup is asked at once.

    Raises:
        UserError: there is no such handoff, or somebody accepted it already.
    """
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        handoff = await waiting(store, number)
        schedule = ctx.topology.schedule_named(handoff.schedule)
        declined = replace(
            handoff, declined_by=by.name, declined_at=by.at, step=max(handoff.step, BACKUP), asked_at=by.at
        )
        await store.oncall.save_handoff(declined)
        desk = _Desk(ctx, store, people, by.at)
        if schedule:
            notices = [*desk.notice(declined, CARD, None, desk.ops(schedule)), *await desk.asked(declined)]
            notices += desk.notice(declined, "ask:3", schedule.backup)
            await store.outbox.notify(notices, by.at)
    ctx.wake_outbox()
    return declined


async def waiting(store: Store, number: int) -> Handoff:
    """Return a handoff that waits for an acceptance, locked.

    Raises:
        UserError: there is none, or it was accepted, by whom and when.
    """
    handoff = await store.oncall.handoff(number, lock=True)
    if handoff is None or handoff.state is HandoffState.VOID:
        raise UserError("There is no such handoff any more; `/handoff` shows where things stand.")
    if handoff.state is HandoffState.ACCEPTED and handoff.accepted_at:
        raise UserError(f"{handoff.accepted_by} has accepted this handoff already, {in_utc(handoff.accepted_at)}.")
    return handoff


async def add_notes(ctx: Context, schedule: OnCallSchedule, words: str, by: By, *, replacing: bool = False) -> Handoff:
    """Write the outgoing person's own words into the next handoff, which is drafted now if it was not.

    Raises:
        UserError: nobody is to take over in the next weeks.
    """
    async with ctx.transaction() as store:
        handoff = await next_handoff(store, schedule, by.at)
        notes = words.strip() if replacing else "\n".join(filter(None, [handoff.notes, words.strip()]))
        noted = replace(handoff, notes=notes[:3_000])
        await store.oncall.save_handoff(noted)
        if noted.state is HandoffState.WAITING:
            desk = _Desk(ctx, store, await everybody(ctx), by.at)
            edited = [*desk.notice(noted, CARD, None, desk.ops(schedule)), *await desk.asked(noted)]
            await store.outbox.notify(edited, by.at)
    ctx.wake_outbox()
    return noted


async def hand_over_now(ctx: Context, schedule: OnCallSchedule, by: By) -> Handoff:
    """Post the next handoff without waiting for its boundary.

    Raises:
        UserError: nobody is to take over in the next weeks, or it is posted already.
    """
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        handoff = await next_handoff(store, schedule, by.at)
        if handoff.state is HandoffState.WAITING:
            raise UserError(f"It is posted already, and waits for {handoff.incoming}.")
        desk = _Desk(ctx, store, people, by.at)
        await store.outbox.notify(await _post(desk, schedule, handoff), by.at)
        posted = await store.oncall.handoff(handoff.id)
    ctx.wake_outbox()
    return posted or handoff


async def next_handoff(store: Store, schedule: OnCallSchedule, at: datetime) -> Handoff:
    """Return the handoff that waits, or comes next; it is drafted where it was not.

    Raises:
        UserError: nobody is to take over in the next weeks.
    """
    known = await store.oncall.open_handoffs(schedule.name, lock=True)
    if known:
        return known[0]
    duty = await who(store, schedule, at)
    ahead = await rota(store, schedule, at, at + HORIZON)
    following = next((s for s in ahead if s.start > at and duty and s.person != duty.person), None)
    if duty is None or following is None:
        raise UserError(f"Nobody takes over in {schedule.name} in the next five weeks.")
    drafted = Handoff(
        schedule=schedule.name,
        boundary=following.start,
        outgoing=duty.person,
        incoming=following.person,
        drafted_at=at,
    )
    number = await store.oncall.add_handoff(drafted)
    return replace(drafted, id=number or 0)
