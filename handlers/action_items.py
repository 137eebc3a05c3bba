"""The one place where people say what is to be done about an incident afterwards, and that it is done."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, locked_group, tell
from handlers.routing import CARD, Notice
from models.people import Person
from models.response import ActionItem
from models.words import EntryKind

_DAILY: Final = timedelta(hours=20)


async def add_item(
    ctx: Context, number: int, text: str, owner: Person | None, due_on: date | None, by: By
) -> ActionItem:
    """Write down something to be done; its owner is told.

    Raises:
        UserError: there is no such incident, or nothing is said.
    """
    words = " ".join(text.split())[:500]
    if not words:
        raise UserError("What is to be done? `/incident action INC-12 @bob by fri raise the pool's limit`")
    async with ctx.transaction() as store:
        group = await locked_group(store, number)
        item = ActionItem(
            incident_id=group[0].id,
            text=words,
            owner=owner.name if owner else None,
            owner_id=owner.user_id if owner else None,
            due_on=due_on,
            created_by=by.name,
            created_at=by.at,
            reminded_at=by.at,
        )
        if not await store.seen.first_time("action-item", by.request_id, by.at):
            raise UserError("That is written down already; `/incident actions` shows it.")
        stored = replace(item, id=await store.responses.add_item(item))
        whose = f" ({stored.owner or 'nobody yet'}{f', by {due_on}' if due_on else ''})"
        await tell(store, ctx, group, Deed(kind=EntryKind.ACTION, text=f"A{stored.id} {words}{whose}"), by)
        if owner and owner.user_id != by.user_id:
            await store.outbox.notify([_notice(stored, owner.user_id)], by.at)
    ctx.wake_outbox()
    return stored


async def finish_item(ctx: Context, item_id: int, by: By) -> ActionItem:
    """Say that something is done.

    Raises:
        UserError: there is no such item, or it is done already, by whom.
    """
    async with ctx.transaction() as store:
        item = await store.responses.item(item_id)
        if item is None:
            raise UserError(f"There is no action item A{item_id}; `/incident actions` lists the open ones.")
        if not item.is_open:
            raise UserError(f"A{item_id} was done already, by {item.done_by}.")
        done = replace(item, done_by=by.name, done_at=by.at)
        await store.responses.save_item(done)
        group = await locked_group(store, item.incident_id)
        deed = Deed(kind=EntryKind.ACTION, text=f"A{item.id} {item.text}: done")
        await tell(store, ctx, group, deed, by, is_reply=False)
        if item.owner_id:
            await store.outbox.notify([_notice(done, item.owner_id)], by.at)
    ctx.wake_outbox()
    return done


async def remind_of_items(ctx: Context, at: datetime) -> None:
    """Remind the owners of what is due, once a day, until it is done."""
    async with ctx.transaction() as store:
        due = [
            item
            for item in await store.responses.items(due_by=at.date())
            if item.owner_id and (item.reminded_at is None or item.reminded_at <= at - _DAILY)
        ]
        for item in due:
            await store.responses.save_item(replace(item, reminded_at=at))
        await store.outbox.notify(
            [
                Notice(subject=f"action:{i.id}", part=f"due:{at:%Y%m%d}", channel=i.owner_id or "", side="ops")
                for i in due
            ],
            at,
        )
    if due:
        ctx.wake_outbox()


def _notice(item: ActionItem, user_id: str) -> Notice:
    return Notice(subject=f"action:{item.id}", part=CARD, channel=user_id, side="ops")
