"""The one place where a person logs a small change or takes one back: record and notices in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from handlers.context import Context
from handlers.debts import drop_debt, refuse_end
from handlers.errors import UserError
from handlers.routing import LATER, change_notices
from handlers.views.times import in_utc
from models.debts import debt_of
from models.records import Change
from models.words import ChangeKind, Risk

SOURCE: Final = "slack"

# Senders report changes after they happened; the ledger is ordered by when they happened.
_LATE: Final = timedelta(hours=6)
_MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person says of a small change; names are the configuration's. `until` is when it is to be gone again."""

    service: str
    summary: str
    environment: str | None = None
    kind: ChangeKind | None = None
    risk: Risk | None = None
    revert: str | None = None
    url: str | None = None
    until: datetime | None = None


async def log_change(
    ctx: Context, draft: Draft, *, by: str, request_id: str, at: datetime, user_id: str | None = None
) -> Change:
    """Store a small change, with its debt if it is one, and tell both sides.

    The same `request_id` again returns what is stored.

    Raises:
        UserError: its end is past, or too far away.
    """
    if draft.until:
        refuse_end(draft.until, at)
    change = Change(
        source=SOURCE,
        change_id=request_id,
        service=draft.service,
        environment=draft.environment,
        summary=draft.summary,
        kind=draft.kind,
        risk=draft.risk,
        revert=draft.revert,
        url=draft.url,
        actor=by,
        occurred_at=at,
        status_at=at,
        received_at=at,
        latest_at=at,
    )
    async with ctx.transaction() as store:
        stored = await store.changes.add(change)
        if debt := debt_of(stored, draft.until, by, user_id):
            await store.debts.add(debt)
        await store.outbox.notify(change_notices(None, stored, ctx.topology), at)
    ctx.wake_outbox()
    return stored


async def undo_change(ctx: Context, change_id: int, *, by: str, at: datetime) -> Change:
    """Take a small change back and tell both sides. Anybody may; it is recorded in their name.

    Raises:
        UserError: there is no such change, it was undone before, or the time for it is over.
    """
    async with ctx.transaction() as store:
        change = await store.changes.get(change_id)
        if change is None:
            raise UserError(f"There is no small change #{change_id}.")
        _refuse_late_undo(change, at, ctx)
        undone = None if change.is_undone else await store.changes.set_undone(change_id, by=by)
        if undone is None:
            who = (change if change.is_undone else await store.changes.get(change_id) or change).undone_by
            raise UserError(f"#{change_id} was undone already, by {who or 'somebody'}.")
        await drop_debt(store, change_id, by, at)
        await store.outbox.notify(change_notices(change, undone, ctx.topology), at)
    ctx.wake_outbox()
    return undone


async def end_undo(ctx: Context, *, since: datetime, at: datetime) -> int:
    """Take *Undo* off the cards of changes whose time for it ended in `(since, at]`; return how many changes."""
    window = ctx.topology.undo_window
    async with ctx.transaction() as store:
        recent = await store.changes.recent(since=since - window - _LATE, limit=_MOST)
        ended = [change for change in recent if since < change.received_at + window <= at]
        notices = [notice for change in ended for notice in change_notices(None, change, ctx.topology)]
        await store.outbox.notify([replace(notice, priority=LATER) for notice in notices], at)
    if ended:
        ctx.wake_outbox()
    return len(ended)


def _refuse_late_undo(change: Change, at: datetime, ctx: Context) -> None:
    until = change.received_at + ctx.topology.undo_window
    if not change.is_undone and at >= until:
        raise UserError(
            f"#{change.id} could be undone until {in_utc(until)}. If the change itself was reverted, log that: "
            f"`/change {change.service}: reverted “{change.summary[:60]}”`"
        )
