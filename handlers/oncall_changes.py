"""The one place where people change who is on call: overrides, and shifts swapped between two."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.oncall import is_called, rota
from handlers.routing import CARD, CRITICAL, Notice
from handlers.views.times import in_utc
from models.oncall import HORIZON, OnCallSchedule, Override, Shift
from models.people import Person
from models.store import Store

_LONGEST = timedelta(days=62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One person's next shift for another's, in one schedule."""

    schedule: str
    asker: Person
    theirs: Shift
    other: Person
    others: Shift


async def override(
    ctx: Context, schedule: OnCallSchedule, person: Person, span: tuple[datetime, datetime], by: By
) -> Override:
    """Let somebody be on call for a while, instead of whoever would be.

    Raises:
        UserError: it ends before it begins, is over already, or takes longer than two months.
    """
    start, end = span
    if end <= start:
        raise UserError(f"That would end ({in_utc(end)}) before it begins ({in_utc(start)}).")
    if end <= by.at:
        raise UserError(f"That is past already: it would end {in_utc(end)}. What was cannot be changed.")
    if end - start > _LONGEST:
        raise UserError("An override lasts two months at most; for longer, change the schedule itself.")
    made = Override(
        schedule=schedule.name,
        person=name_in(schedule, person),
        start=max(start, by.at),
        end=end,
        by=by.name,
        made_at=by.at,
    )
    async with ctx.transaction() as store:
        if not await store.seen.first_time("oncall", by.request_id, by.at):
            raise UserError("That override is made already; `/oncall overrides` shows it.")
        number = await store.oncall.add_override(made)
    return replace(made, id=number)


async def cancel(ctx: Context, number: int, by: By) -> Override:
    """Take an override back.

    Raises:
        UserError: there is none, it was taken back, or it is over.
    """
    async with ctx.transaction() as store:
        found = await store.oncall.override(number)
        if found is None:
            raise UserError("There is no such override; `/oncall overrides` shows what there is.")
        if found.cancelled_at or found.end <= by.at:
            raise UserError("That override is over, or was taken back already.")
        await store.oncall.cancel_override(number, by.at)
    return found


async def propose_swap(ctx: Context, schedule: OnCallSchedule, asker: Person, other: Person, by: By) -> Swap:
    """Ask another person, by direct message, to take one's next shift for theirs.

    Raises:
        UserError: it is oneself, or one of the two has no shift in the next weeks.
    """
    if asker.user_id == other.user_id:
        raise UserError("Swapping with yourself changes nothing: name somebody else.")
    async with ctx.transaction() as store:
        ahead = await rota(store, schedule, by.at, by.at + HORIZON)
        mine, yours = _next_of(asker, ahead, by.at), _next_of(other, ahead, by.at)
        if mine is None or yours is None:
            who = "You have" if mine is None else f"{other.name} has"
            raise UserError(f"{who} no shift in {schedule.name} in the next five weeks.")
        swap = Swap(schedule=schedule.name, asker=asker, theirs=mine, other=other, others=yours)
        await store.outbox.notify([swap_notice(swap, by.request_id)], by.at)
    ctx.wake_outbox()
    return swap


def swap_notice(swap: Swap, request_id: str) -> Notice:
    """Return the question to the other person; its params say everything."""
    params = {
        "schedule": swap.schedule,
        "asker": swap.asker.name,
        "asker_id": swap.asker.user_id,
        "asker_as": swap.theirs.person,
        "start": swap.theirs.start.isoformat(),
        "end": swap.theirs.end.isoformat(),
        "other_as": swap.others.person,
        "other_start": swap.others.start.isoformat(),
        "other_end": swap.others.end.isoformat(),
    }
    return Notice(
        subject=f"swap:{request_id}",
        part=CARD,
        channel=swap.other.user_id,
        side="ops",
        priority=CRITICAL,
        params=params,
    )


async def accept_swap(ctx: Context, params: dict[str, str], by: By) -> None:
    """Write both halves of a swap; tell who asked.

    Raises:
        UserError: one of the shifts began, or was changed since.
    """
    schedule = ctx.topology.schedule_named(params["schedule"])
    if schedule is None:
        raise UserError("That schedule is not in the configuration any more.")
    halves = [
        (params["other_as"], datetime.fromisoformat(params["start"]), datetime.fromisoformat(params["end"])),
        (
            params["asker_as"],
            datetime.fromisoformat(params["other_start"]),
            datetime.fromisoformat(params["other_end"]),
        ),
    ]
    async with ctx.transaction() as store:
        await _refuse_changed(store, schedule, params, by.at)
        for person, start, end in halves:
            made = Override(schedule=schedule.name, person=person, start=start, end=end, by=by.name, made_at=by.at)
            await store.oncall.add_override(made)
        told = Notice(
            subject=f"swapped:{by.request_id}",
            part=CARD,
            channel=params["asker_id"],
            side="ops",
            priority=CRITICAL,
            params={**params, "other": by.name, "answer": "yes"},
        )
        await store.outbox.notify([told], by.at)
    ctx.wake_outbox()


async def decline_swap(ctx: Context, params: dict[str, str], by: By) -> None:
    """Tell who asked that the other person does not swap."""
    told = Notice(
        subject=f"swapped:{by.request_id}",
        part=CARD,
        channel=params["asker_id"],
        side="ops",
        params={**params, "other": by.name, "answer": "no"},
    )
    async with ctx.transaction() as store:
        await store.outbox.notify([told], by.at)
    ctx.wake_outbox()


async def _refuse_changed(store: Store, schedule: OnCallSchedule, params: dict[str, str], at: datetime) -> None:
    wanted = [("asker_as", "start", "end"), ("other_as", "other_start", "other_end")]
    for who, start, end in wanted:
        begins, ends = datetime.fromisoformat(params[start]), datetime.fromisoformat(params[end])
        if begins <= at:
            raise UserError("One of the two shifts has begun already; swap the next ones.")
        now = await rota(store, schedule, begins, ends)
        if [(params[who], begins, ends)] != [(s.person, s.start, s.end) for s in now]:
            raise UserError("The schedule was changed since this was asked; ask again with `/oncall swap @name`.")


def name_in(schedule: OnCallSchedule, person: Person) -> str:
    """Return what a schedule calls a person: as its members are written, else by id."""
    return next((m for m in schedule.members if is_called(person, m)), person.user_id)


def _next_of(person: Person, ahead: list[Shift], at: datetime) -> Shift | None:
    return next((s for s in ahead if s.start > at and is_called(person, s.person)), None)
