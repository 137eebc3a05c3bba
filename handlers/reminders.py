"""Reminds people of what is due of an incident, and stops by itself when it no longer is.

Nothing is scheduled: a sweep looks at what is open, so a restart loses nothing. What was said is kept, so that two
processes say it once; when its reason is gone, the reminder is edited to say so and forgotten.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import group_of
from handlers.routing import CRITICAL, LOUD, Notice, ops_channels, subject_of
from handlers.views import Message
from handlers.views import reminders as views
from handlers.where_said import without_history
from models.records import Incident
from models.reminders import Due, Heard, ReminderKind, due_of, is_to_say
from models.response import LEAD
from models.store import Store
from models.store.responses import Reminder
from models.topology import Topology

PART = "remind"


async def remind(ctx: Context, at: datetime) -> None:
    """Say what is due and was not said; take back what is over."""
    async with ctx.transaction() as store:
        known = await store.responses.reminders()
        opened = [i for i in await store.incidents.list_open() if i.id == (i.leader_id or i.id)]
        leaders = {subject_of(i): i for i in await without_history(store, ctx.topology, opened)}
        responses = await store.responses.of([i.id for i in leaders.values()])
        notices: list[Notice] = []
        due_now: set[tuple[str, str]] = set()
        for subject, leader in leaders.items():
            response = responses.get(leader.id) or await store.responses.get(leader.id)
            for due in due_of(leader, response, ctx.topology.response.level(leader.severity), at):
                due_now.add((subject, due.kind))
                notices += await _say(store, ctx.topology, leader, due, known.get((subject, due.kind)), at)
        for key, reminder in known.items():
            if key not in due_now:
                notices += await _end(store, reminder)
        await store.outbox.notify(notices, at)
    if notices:
        ctx.wake_outbox()


async def _say(
    store: Store, topology: Topology, leader: Incident, due: Due, before: Reminder | None, at: datetime
) -> list[Notice]:
    if not is_to_say(due, _heard(before), at):
        return []
    subject = subject_of(leader)
    reminder = before or Reminder(subject=subject, kind=due.kind)
    await store.responses.save_reminder(replace(reminder, said_at=at, times=reminder.times + 1, snoozed_until=None))
    channels = ops_channels(leader, topology)
    lead = next((h for h in await store.responses.holders([leader.id]) if h.role == LEAD), None)
    people = [lead.user_id] if lead and lead.user_id and due.kind is not ReminderKind.UNACKNOWLEDGED else []
    return [_notice(subject, due.kind, reminder.times + 1, where) for where in (*channels, *people)]


async def _end(store: Store, reminder: Reminder) -> list[Notice]:
    """Forget a reminder whose reason is gone; what was said of it last is edited to say so."""
    await store.responses.forget_reminder(reminder.subject, reminder.kind)
    part = _part(ReminderKind(reminder.kind), reminder.times)
    said = [m for m in await store.messages.of_subject(reminder.subject) if m.part == part]
    return [_notice(reminder.subject, ReminderKind(reminder.kind), reminder.times, m.channel) for m in said]


def _notice(subject: str, kind: ReminderKind, times: int, channel: str) -> Notice:
    return Notice(subject=subject, part=_part(kind, times), channel=channel, side="ops", priority=CRITICAL)


def _part(kind: ReminderKind, times: int) -> str:
    """Return the name of a reminder's message: what nobody has is said in the channel, the rest in the thread."""
    name = f"{PART}:{kind}:{times}"
    return f"{LOUD}{name}" if kind is ReminderKind.UNACKNOWLEDGED else name


async def rendered(store: Store, topology: Topology, leader: Incident, part: str, at: datetime) -> Message | None:
    """Return a reminder as it reads at `at`: what is due, or that it is over; `None` where it was never said."""
    kind = ReminderKind(part.removeprefix(LOUD).split(":")[1])
    response = await store.responses.get(leader.id)
    due = next(
        (d for d in due_of(leader, response, topology.response.level(leader.severity), at) if d.kind is kind), None
    )
    holders = await store.responses.holders([leader.id])
    if due is not None:
        return views.reminder(leader, due, holders, response)
    was_said = any(m.part == part for m in await store.messages.of_subject(subject_of(leader)))
    return views.over(leader, kind) if was_said else None


async def snooze(ctx: Context, number: int, length: timedelta, by: By, kind: str | None = None) -> Incident:
    """Remind of an incident no earlier than after a while; without a kind, of nothing about it.

    Raises:
        UserError: there is no such incident, or it is over.
    """
    until = by.at + length
    return await _answer(ctx, number, kind, lambda reminder: replace(reminder, by=by.name, snoozed_until=until))


async def dismiss(ctx: Context, number: int, by: By, kind: str | None = None) -> Incident:
    """Remind no more of what is due now; what becomes due later is said.

    Raises:
        UserError: there is no such incident, or it is over.
    """
    return await _answer(ctx, number, kind, lambda reminder: replace(reminder, by=by.name, dismissed_at=by.at))


async def _answer(ctx: Context, number: int, kind: str | None, answered: Callable[[Reminder], Reminder]) -> Incident:
    async with ctx.transaction() as store:
        leader = (await group_of(store, number))[0]
        if not leader.is_open:
            raise UserError(f"INC-{leader.id} is {leader.status.value}: nothing reminds of it any more.")
        subject = subject_of(leader)
        known = await store.responses.reminders()
        for name in [kind] if kind in set(ReminderKind) else list(ReminderKind):
            before = known.get((subject, str(name))) or Reminder(subject=subject, kind=str(name))
            await store.responses.save_reminder(answered(before))
    return leader


def _heard(reminder: Reminder | None) -> Heard | None:
    if reminder is None:
        return None
    return Heard(
        said_at=reminder.said_at,
        times=reminder.times,
        snoozed_until=reminder.snoozed_until,
        dismissed_at=reminder.dismissed_at,
    )
