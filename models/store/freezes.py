"""Freezes, the passes through them, who was held up, and the deploys that came all the same."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import and_, bindparam, func, or_, select, update

from models.freezes import Freeze, Hold, Pass
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.store.prepared import Prepared
from models.tables import FreezeHoldRow, FreezeRow, FrozenDeployRow, PassRow

_FREEZES = table_of(FreezeRow)
_PASSES = table_of(PassRow)
_HOLDS = table_of(FreezeHoldRow)
_DEPLOYS = table_of(FrozenDeployRow)

_COLUMNS = record_fields(Freeze, renamed={})
_PASS_COLUMNS = record_fields(Pass, renamed={})
_HOLD_COLUMNS = record_fields(Hold, renamed={})
_AHEAD, _BEGUN, _ENDED = "ahead", "begun", "ended"
_BETWEEN = Prepared(
    select(_FREEZES)
    .where(
        _FREEZES.c.until > bindparam("start"),
        func.coalesce(_FREEZES.c.lifted_at, _FREEZES.c.until) > bindparam("start"),
        _FREEZES.c.since <= bindparam("end"),
    )
    .order_by(_FREEZES.c.since, _FREEZES.c.id)
)


class Freezes(Noun):
    """Freezes."""

    async def add(self, freeze: Freeze) -> int | None:
        """Store a freeze; return its number, `None` if one with its key is there."""
        statement = self._upsert(_FREEZES).values(to_values(freeze, _COLUMNS)).on_conflict_do_nothing()
        row = (await self._connection.execute(statement.returning(_FREEZES.c.id))).first()
        return int(row.id) if row else None

    async def get(self, number: int, *, lock: bool = False) -> Freeze | None:
        """Return a freeze by its number, locked where wanted."""
        query = select(_FREEZES).where(_FREEZES.c.id == number)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return to_record(Freeze, row, _COLUMNS) if row else None

    async def keyed(self, key: str) -> Freeze | None:
        """Return a freeze by its key."""
        row = (await self._connection.execute(select(_FREEZES).where(_FREEZES.c.key == key))).first()
        return to_record(Freeze, row, _COLUMNS) if row else None

    async def save(self, freeze: Freeze) -> None:
        """Write a freeze back."""
        statement = update(_FREEZES).where(_FREEZES.c.id == freeze.id)
        await self._connection.execute(statement.values(to_values(freeze, _COLUMNS)))

    async def standing(self, at: datetime) -> list[Freeze]:
        """Return the freezes that stand at an instant or are still to come, the earliest first."""
        c = _FREEZES.c
        query = select(_FREEZES).where(c.until > at, c.lifted_at.is_(None)).order_by(c.since, c.id)
        return [to_record(Freeze, row, _COLUMNS) for row in await self._connection.execute(query)]

    async def between(self, start: datetime, end: datetime) -> list[Freeze]:
        """Return the freezes that touch `[start, end]`, lifted ones too."""
        return [to_record(Freeze, row, _COLUMNS) for row in await self._ask(_BETWEEN, start=start, end=end)]

    async def untold(self, at: datetime) -> list[Freeze]:
        """Return the freezes that began or ended without anybody having been told, locked."""
        c = _FREEZES.c
        begins = and_(c.told.in_(("", _AHEAD)), c.since <= at)
        ends = and_(c.told == _BEGUN, or_(c.until <= at, c.lifted_at.is_not(None)))
        query = select(_FREEZES).where(c.told != _ENDED, or_(begins, ends)).order_by(c.id).with_for_update()
        return [to_record(Freeze, row, _COLUMNS) for row in await self._connection.execute(query)]

    async def add_pass(self, one: Pass) -> int:
        """Store a pass; return its number."""
        statement = self._upsert(_PASSES).values(to_values(one, _PASS_COLUMNS))
        return int((await self._connection.execute(statement.returning(_PASSES.c.id))).scalar_one())

    async def save_pass(self, one: Pass) -> None:
        """Write a pass back."""
        statement = update(_PASSES).where(_PASSES.c.id == one.id)
        await self._connection.execute(statement.values(to_values(one, _PASS_COLUMNS)))

    async def claim_pass(self, number: int, holder: str) -> bool:
        """Give a pass to the deploy that asked first; return whether it has it now."""
        c = _PASSES.c
        mine = and_(c.id == number, or_(c.holder.is_(None), c.holder == holder))
        done = await self._connection.execute(update(_PASSES).where(mine).values(holder=holder))
        return done.rowcount == 1

    async def passes(self, at: datetime) -> list[Pass]:
        """Return the passes that can be used at an instant, the oldest first."""
        c = _PASSES.c
        query = select(_PASSES).where(c.used_at.is_(None), c.expires_at > at, c.made_at <= at).order_by(c.id)
        return [to_record(Pass, row, _PASS_COLUMNS) for row in await self._connection.execute(query)]

    async def passes_through(self, freeze_id: int) -> list[Pass]:
        """Return every pass that was given through a freeze."""
        query = select(_PASSES).where(_PASSES.c.freeze_id == freeze_id).order_by(_PASSES.c.id)
        return [to_record(Pass, row, _PASS_COLUMNS) for row in await self._connection.execute(query)]

    async def get_pass(self, number: int) -> Pass | None:
        """Return a pass by its number."""
        row = (await self._connection.execute(select(_PASSES).where(_PASSES.c.id == number))).first()
        return to_record(Pass, row, _PASS_COLUMNS) if row else None

    async def hold(self, holds: Iterable[Hold]) -> None:
        """Remember who was told to wait; who asks again is one line."""
        keys = ["freeze_id", "service", "environment", "who", "deploy"]
        for hold in holds:
            statement = self._upsert(_HOLDS).values(to_values(hold, _HOLD_COLUMNS))
            again = {"last_at": hold.last_at}
            await self._connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=again))

    async def held_by(self, freeze_id: int) -> list[Hold]:
        """Return who was told to wait because of a freeze, the first first."""
        query = select(_HOLDS).where(_HOLDS.c.freeze_id == freeze_id).order_by(_HOLDS.c.first_at)
        return [to_record(Hold, row, _HOLD_COLUMNS) for row in await self._connection.execute(query)]

    async def mark(self, deploy_id: int, freeze_id: int, pass_id: int | None) -> bool:
        """Mark a deploy as begun during a freeze; return whether it was not marked before."""
        values = {"deploy_id": deploy_id, "freeze_id": freeze_id, "pass_id": pass_id}
        statement = self._upsert(_DEPLOYS).values(values).on_conflict_do_nothing()
        return (await self._connection.execute(statement)).rowcount == 1

    async def marks(self, deploy_ids: Collection[int]) -> dict[int, tuple[Freeze, Pass | None]]:
        """Return the freezes during which these deploys began, with the pass each had."""
        query = select(_DEPLOYS).where(_DEPLOYS.c.deploy_id.in_(list(deploy_ids)))
        marks = {}
        for row in (await self._connection.execute(query)).all():
            freeze = await self.get(row.freeze_id)
            if freeze:
                marks[row.deploy_id] = (freeze, await self.get_pass(row.pass_id) if row.pass_id else None)
        return marks
