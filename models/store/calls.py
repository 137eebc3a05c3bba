"""Calls to services elsewhere: written, claimed, made."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update

from models.calls import Call, CallQueue, CallState, Verb
from models.store.base import Noun, in_slices, record_fields, table_of, to_record, to_values
from models.tables import CallRow

_CALLS = table_of(CallRow)
_COLUMNS = record_fields(Call, renamed={})
_OPEN: Final = [CallState.WAITING, CallState.CALLING]
# A service tells back at once what it was told; its clock may differ from ours.
_TOLD_BACK_WITHIN: Final = timedelta(minutes=10)


class Calls(Noun):
    """Calls."""

    async def add(self, calls: Iterable[Call]) -> int:
        """Write calls; those whose key is there are left as they are. Returns how many are new."""
        added = 0
        for call in calls:
            statement = self._upsert(_CALLS).values(to_values(call, _COLUMNS)).on_conflict_do_nothing()
            row = (await self._connection.execute(statement.returning(_CALLS.c.id))).first()
            added += row is not None
        return added

    async def of(self, ids: Collection[int]) -> list[Call]:
        """Return the calls about these incidents, in order."""
        found: list[Call] = []
        for part in in_slices(ids):
            query = select(_CALLS).where(_CALLS.c.incident_id.in_(part)).order_by(_CALLS.c.id)
            found += [_call(row) for row in await self._connection.execute(query)]
        return found

    async def get(self, number: int) -> Call | None:
        """Return a call by its number, locked."""
        row = (await self._connection.execute(select(_CALLS).where(_CALLS.c.id == number).with_for_update())).first()
        return _call(row) if row else None

    async def is_any_due(self, at: datetime) -> bool:
        """Say whether there is anything to claim."""
        return (await self._connection.execute(select(_CALLS.c.id).where(_due(at)).limit(1))).first() is not None

    async def claim(self, at: datetime, until: datetime, limit: int) -> list[Call]:
        """Take calls that are due, or were left in somebody's hands; nobody else takes them before `until`."""
        query = select(_CALLS).where(_due(at)).order_by(_CALLS.c.due_at, _CALLS.c.id).limit(limit)
        calls = [_call(row) for row in await self._connection.execute(query.with_for_update(skip_locked=True))]
        claimed = [
            replace(call, state=CallState.CALLING, attempts=call.attempts + 1, claimed_until=until) for call in calls
        ]
        for call in claimed:
            await self.save(call)
        return claimed

    async def save(self, call: Call) -> None:
        """Write a call back."""
        statement = update(_CALLS).where(_CALLS.c.id == call.id)
        await self._connection.execute(statement.values(to_values(call, _COLUMNS)))

    async def withdraw(self, incident_id: int, target: str | None = None, *, what: Sequence[Verb]) -> int:
        """Let calls that wait, or failed, go untold: what they would tell is no longer so. Returns how many."""
        c = _CALLS.c
        is_untold = c.state.in_([CallState.WAITING, CallState.FAILED])
        mine = and_(c.incident_id == incident_id, c.what.in_(what), is_untold)
        if target is not None:
            mine = and_(mine, c.target == target)
        statement = update(_CALLS).where(mine).values(state=CallState.WITHDRAWN)
        return (await self._connection.execute(statement)).rowcount

    async def heard(self, incident_id: int, what: Verb, at: datetime) -> bool:
        """Say whether a service tells us back what we told it, or were about to; of each call that is so once."""
        c = _CALLS.c
        near = or_(c.done_at.is_(None), c.done_at >= at - _TOLD_BACK_WITHIN)
        mine = and_(c.incident_id == incident_id, c.what == what, c.heard_at.is_(None))
        is_told = c.state.in_([*_OPEN, CallState.DONE])
        query = select(_CALLS).where(mine, is_told, near, c.made_at <= at + _TOLD_BACK_WITHIN).order_by(c.id).limit(1)
        row = (await self._connection.execute(query.with_for_update())).first()
        if row is None:
            return False
        state = case((c.state == CallState.WAITING, CallState.WITHDRAWN), else_=c.state)
        await self._connection.execute(update(_CALLS).where(c.id == row.id).values(heard_at=at, state=state))
        return True

    async def reopened_there(self, incident_id: int, at: datetime) -> bool:
        """Say whether an incident was reopened here and, by now, by its sender too, which could not be told; once."""
        c = _CALLS.c
        mine = and_(c.incident_id == incident_id, c.what == "reopen", c.heard_at.is_(None), c.made_at <= at)
        return bool((await self._connection.execute(update(_CALLS).where(mine).values(heard_at=at))).rowcount)

    async def retry(self, target: str | None, at: datetime, give_up_at: datetime) -> int:
        """Let failed calls be made again, to one target or to all; return how many."""
        statement = update(_CALLS).where(_CALLS.c.state == CallState.FAILED)
        if target is not None:
            statement = statement.where(_CALLS.c.target == target)
        again = {"state": CallState.WAITING, "due_at": at, "give_up_at": give_up_at, "attempts": 0, "reason": None}
        return (await self._connection.execute(statement.values(again))).rowcount

    async def queues(self) -> list[CallQueue]:
        """Return the state of every target that was ever called, by name."""
        c = _CALLS.c
        waits, failed = c.state.in_(_OPEN), c.state == CallState.FAILED
        query = select(
            c.target,
            func.count(case((waits, 1))).label("waiting"),
            func.min(case((waits, c.made_at)), type_=c.made_at.type).label("oldest_at"),
            func.max(case((waits, c.reason))).label("waiting_reason"),
            func.count(case((failed, 1))).label("failed"),
            func.max(case((failed, c.reason))).label("failed_reason"),
            func.max(case((c.state == CallState.DONE, c.done_at)), type_=c.done_at.type).label("last_done_at"),
        )
        rows = await self._connection.execute(query.group_by(c.target).order_by(c.target))
        return [CallQueue(**row._mapping) for row in rows]


def _due(at: datetime) -> ColumnElement[bool]:
    c = _CALLS.c
    is_due = and_(c.state == CallState.WAITING, c.due_at <= at)
    is_left = and_(c.state == CallState.CALLING, c.claimed_until <= at)
    return and_(c.state.in_(_OPEN), or_(is_due, is_left))


def _call(row: Row[Any]) -> Call:
    return to_record(Call, row, _COLUMNS)
