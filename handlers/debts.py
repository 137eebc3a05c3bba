"""The one place where change debt is closed, opened again, kept longer, given away; its end is told.

Nothing is scheduled: a sweep looks at what is open, so a restart loses nothing and nobody is told twice.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import CARD, Notice
from handlers.views.times import in_utc
from handlers.where_said import card_channels
from models.debts import LONGEST, Debt
from models.people import Person
from models.records import Change
from models.store import Store

EXPIRED: Final = "expired"
DAY: Final = timedelta(days=1)


async def close_debt(ctx: Context, change_id: int, by: By) -> tuple[Change, Debt]:
    """Say that what was changed for a while is gone, or stays for good; who and when is kept.

    Raises:
        UserError: there is no such change, it was to stay anyway, or it is closed already, by whom.
    """
    async with ctx.transaction() as store:
        change, debt = await _owed(store, change_id)
        if not debt.is_open:
            raise UserError(f"#{change_id} is done already, by {debt.closed_by}.")
        closed = replace(debt, closed_at=by.at, closed_by=by.name)
        await _changed(store, closed, by.at)
    ctx.wake_outbox()
    return change, closed


async def reopen_debt(ctx: Context, change_id: int, by: By) -> tuple[Change, Debt]:
    """Take back that something is gone.

    Raises:
        UserError: there is no such change, it was taken back itself, or it is not closed.
    """
    async with ctx.transaction() as store:
        change, debt = await _owed(store, change_id)
        if debt.is_open:
            raise UserError(f"#{change_id} is still there; `/change done {change_id}` closes it.")
        opened = replace(debt, closed_at=None, closed_by=None)
        await _changed(store, opened, by.at)
    ctx.wake_outbox()
    return change, opened


async def extend_debt(ctx: Context, change_id: int, until: datetime, by: By) -> tuple[Change, Debt]:
    """Let something stay for longer, or set when it is to be gone; who does that answers for it.

    Raises:
        UserError: there is no such change, it is closed, or the instant is past or too far away.
    """
    refuse_end(until, by.at)
    async with ctx.transaction() as store:
        change, debt = await _owed(store, change_id)
        if not debt.is_open:
            raise UserError(
                f"#{change_id} is done already, by {debt.closed_by}. `/change open {change_id}` undoes that."
            )
        longer = replace(debt, until=until, told_at=None, owner=by.name, owner_id=by.user_id)
        await _changed(store, longer, by.at)
    ctx.wake_outbox()
    return change, longer


def refuse_end(until: datetime, at: datetime) -> None:
    """Complain of an end that is past, or too far away to mean anything."""
    if until <= at:
        raise UserError(f"{in_utc(until)} is past: until when shall it stay?")
    if until > at + LONGEST:
        raise UserError(f"{in_utc(until)} is more than a year away: leave the end out if it is to stay.")


async def drop_debt(store: Store, change_id: int, by: str, at: datetime) -> None:
    """Close the debt of a change that was taken back."""
    debt = await store.debts.get(change_id, lock=True)
    if debt and debt.is_open:
        await _changed(store, replace(debt, closed_at=at, closed_by=by), at)


async def give_debts(store: Store, services: Collection[str], outgoing: Person, person: Person, at: datetime) -> None:
    """Give what one person has to see to, to another; they are told when its end passes."""
    for debt in await store.debts.open(services, lock=True):
        if debt.owner_id == outgoing.user_id:
            await _changed(store, replace(debt, owner=person.name, owner_id=person.user_id), at)


async def tell_of_ended(ctx: Context, at: datetime) -> None:
    """Say once, in the thread in ops and to its owner, that something should be gone by now."""
    async with ctx.reading() as store:
        if not await store.debts.open(ended_by=at):
            return
    async with ctx.transaction() as store:
        ended = await store.debts.open(ended_by=at, lock=True)
        for debt in ended:
            await store.debts.save(replace(debt, told_at=at))
            await store.outbox.notify(await _reminders(store, debt) + await _cards(store, debt), at)
    if ended:
        ctx.wake_outbox()


async def open_debts(ctx: Context, services: Collection[str] | None = None) -> list[tuple[Debt, Change]]:
    """Return what is still there, with its changes, the first to end first."""
    async with ctx.reading() as store:
        return await debts_of(store, services)


async def debts_of(store: Store, services: Collection[str] | None = None) -> list[tuple[Debt, Change]]:
    """Return what is still there of some services or of all, with its changes, the first to end first."""
    found = await store.debts.open(services)
    changes = await store.changes.by_numbers([debt.change_id for debt in found])
    return [(debt, changes[debt.change_id]) for debt in found if debt.change_id in changes]


async def debt_with(ctx: Context, change_id: int) -> Debt | None:
    """Return the debt of a change; `None`: it stays."""
    async with ctx.reading() as store:
        return await store.debts.get(change_id)


async def _owed(store: Store, change_id: int) -> tuple[Change, Debt]:
    change = await store.changes.get(change_id)
    if change is None:
        raise UserError(f"There is no small change #{change_id}. `/change list` shows what is temporary.")
    debt = await store.debts.get(change_id, lock=True)
    if debt is None:
        raise UserError(f"#{change_id} was not logged as temporary. `/change list` shows what is.")
    if change.is_undone:
        raise UserError(f"#{change_id} was undone, by {change.undone_by}.")
    return change, debt


async def _changed(store: Store, debt: Debt, at: datetime) -> None:
    """Write a debt, and edit what was said of it."""
    await store.debts.save(debt)
    subject = f"change:{debt.change_id}"
    said = [m for m in await store.messages.of_subject(subject) if m.part.startswith(f"{EXPIRED}:")]
    over = [Notice(subject=subject, part=m.part, channel=m.channel, side="ops") for m in said]
    await store.outbox.notify(await _cards(store, debt) + over, at)


async def _cards(store: Store, debt: Debt) -> list[Notice]:
    subject = f"change:{debt.change_id}"
    channels = await card_channels(store, subject)
    return [Notice(subject=subject, part=CARD, channel=channel, side=side) for channel, side in channels.items()]


async def _reminders(store: Store, debt: Debt) -> list[Notice]:
    subject = f"change:{debt.change_id}"
    part = f"{EXPIRED}:{debt.until:%Y%m%dT%H%M%S}"
    rooms = [channel for channel, side in (await card_channels(store, subject)).items() if side == "ops"]
    people = [debt.owner_id] if debt.owner_id else []
    return [Notice(subject=subject, part=part, channel=where, side="ops") for where in (*rooms, *people)]
