"""Small changes in the ledger."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, Select, bindparam, select, text, update

from models.records import Change
from models.store.base import Noun, in_slices, record_fields, table_of, to_record, to_values
from models.store.deploys import ledger_page, ledger_window
from models.tables import LedgerRow

_LEDGER = table_of(LedgerRow)
# A change's own instant is the ledger's `at`: that is under which people find it.
_COLUMNS = record_fields(
    Change,
    renamed={"change_id": "external_id", "status": "change_status", "kind": "change_kind", "occurred_at": "at"},
)

ChangeKey: TypeAlias = tuple[str, str]


class Changes(Noun):
    """Small changes."""

    async def get(self, change_id: int) -> Change | None:
        """Return the small change with this ledger number."""
        row = (await self._connection.execute(_all().where(_LEDGER.c.id == change_id))).first()
        return _change(row) if row else None

    async def by_numbers(self, ids: Collection[int]) -> dict[int, Change]:
        """Return the small changes with these ledger numbers."""
        found: dict[int, Change] = {}
        for part in in_slices(ids):
            rows = await self._connection.execute(_all().where(_LEDGER.c.id.in_(part)))
            found.update((change.id, change) for change in map(_change, rows))
        return found

    async def by_keys(self, keys: Collection[ChangeKey]) -> dict[ChangeKey, Change]:
        """Return the stored ones of these (source, change_id) pairs, locked."""
        found: dict[ChangeKey, Change] = {}
        for part in in_slices({change_id for _, change_id in keys}):
            rows = await self._connection.execute(_all().where(_LEDGER.c.external_id.in_(part)).with_for_update())
            found.update(((c.source, c.change_id), c) for c in map(_change, rows))
        return {key: change for key, change in found.items() if key in keys}

    async def recent(
        self,
        *,
        services: Collection[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        include_undone: bool = False,
    ) -> list[Change]:
        """Return small changes of `[since, until)`, newest first."""
        query = ledger_window(_all(), services=services, since=since, until=until)
        if not include_undone:
            query = query.where(_LEDGER.c.is_undone.is_(False))
        return [_change(row) for row in await self._connection.execute(query.limit(limit))]

    async def without_owner(
        self, services: Collection[str] | None, since: datetime, until: datetime, received_by: datetime | None
    ) -> list[datetime]:
        """Return when the small changes of `[since, until)` happened that name neither a person nor a team.

        Those taken back are left out, and those that arrived after `received_by` (`None`: none). `services=None`: all.
        """
        query = select(_LEDGER.c.at).where(
            # In so many words: an index over a part of a table is used only where a query says that part.
            text("ledger.type = 'change'"),
            _LEDGER.c.is_undone.is_(False),
            _LEDGER.c.at >= since,
            _LEDGER.c.at < until,
            _LEDGER.c.actor.is_(None),
            _LEDGER.c.team.is_(None),
        )
        if received_by is not None:
            query = query.where(_LEDGER.c.received_at <= received_by)
        if services is not None:
            query = query.where(_LEDGER.c.service.in_(list(services)))
        return list((await self._connection.execute(query)).scalars())

    async def page(
        self,
        *,
        services: Collection[str] | None,
        environment: str | None,
        status: str | None,
        since: datetime | None,
        until: datetime | None,
        before: int | None,
        limit: int,
    ) -> list[Change]:
        """Return the newest of `[since, until)` by number, of those below `before`."""
        query = ledger_page(_all(), services, environment, since, until, before)
        if status is not None:
            query = query.where(_LEDGER.c.change_status == status)
        return [_change(row) for row in await self._connection.execute(query.limit(limit))]

    async def add_many(self, changes: Sequence[Change]) -> dict[ChangeKey, int]:
        """Store new small changes; return their ledger numbers. One that is there already is left as it is."""
        if not changes:
            return {}
        statement = self._upsert(_LEDGER).on_conflict_do_nothing()
        returning = statement.returning(_LEDGER.c.id, _LEDGER.c.source, _LEDGER.c.external_id)
        rows = await self._connection.execute(returning, [_values(c) for c in changes])
        return {(r.source, r.external_id): r.id for r in rows}

    async def save_many(self, changes: Sequence[Change]) -> None:
        """Write changed small changes back."""
        if changes:
            rows = [{"ledger_id": c.id, **_values(c)} for c in changes]
            await self._connection.execute(update(_LEDGER).where(_LEDGER.c.id == bindparam("ledger_id")), rows)

    async def add(self, change: Change) -> Change:
        """Store a small change and return it with its number; told twice, the stored one is returned."""
        await self.add_many([change])
        key = change.source, change.change_id
        return (await self.by_keys({key}))[key]

    async def set_undone(self, change_id: int, *, by: str) -> Change | None:
        """Take a small change back in a person's name; `None` if it does not exist or was taken back before."""
        statement = (
            update(_LEDGER)
            .where(_LEDGER.c.id == change_id, _LEDGER.c.type == "change", _LEDGER.c.is_undone.is_(False))
            .values(is_undone=True, undone_by=by)
        )
        result = await self._connection.execute(statement)
        return await self.get(change_id) if result.rowcount else None


def _all() -> Select[Any]:
    return select(_LEDGER).where(_LEDGER.c.type == "change")


def _change(row: Row[Any]) -> Change:
    return to_record(Change, row, _COLUMNS)


def _values(change: Change) -> dict[str, Any]:
    return {"type": "change", **to_values(change, _COLUMNS)}
