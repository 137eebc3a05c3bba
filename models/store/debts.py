"""Change debt."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from models.debts import Debt
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import DebtRow

_DEBTS = table_of(DebtRow)
_COLUMNS = record_fields(Debt, renamed={})


class Debts(Noun):
    """Which small changes are to go again."""

    async def add(self, debt: Debt) -> None:
        """Store a debt; what is there stays."""
        await self._connection.execute(self._upsert(_DEBTS).values(to_values(debt, _COLUMNS)).on_conflict_do_nothing())

    async def save(self, debt: Debt) -> None:
        """Write a debt back."""
        statement = update(_DEBTS).where(_DEBTS.c.change_id == debt.change_id)
        await self._connection.execute(statement.values(to_values(debt, _COLUMNS)))

    async def get(self, change_id: int, *, lock: bool = False) -> Debt | None:
        """Return the debt of a small change, locked where wanted."""
        query = select(_DEBTS).where(_DEBTS.c.change_id == change_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return to_record(Debt, row, _COLUMNS) if row else None

    async def open(
        self, services: Collection[str] | None = None, *, ended_by: datetime | None = None, lock: bool = False
    ) -> list[Debt]:
        """Return what is still there, of some services or of all, the first to end first, without an end last.

        `ended_by`: only what should be gone by then, and of which nobody was told.
        """
        c = _DEBTS.c
        query = select(_DEBTS).where(c.closed_at.is_(None))
        if services is not None:
            query = query.where(c.service.in_(list(services)))
        if ended_by is not None:
            query = query.where(c.until <= ended_by, c.told_at.is_(None))
        query = query.order_by(c.until.is_(None), c.until, c.change_id)
        rows = await self._connection.execute(query.with_for_update() if lock else query)
        return [to_record(Debt, row, _COLUMNS) for row in rows]
