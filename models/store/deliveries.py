"""Raw deliveries: stored in groups, claimed in batches."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import delete, func, or_, select, text, tuple_, update

from models.store.base import Noun, Upsert, in_slices, table_of
from models.tables import DeliveryRow

_DELIVERIES = table_of(DeliveryRow)
# The very words of the partial index: SQLite uses it only for these (https://www.sqlite.org/partialindex.html).
_UNDONE = text("deliveries.state <> 'done'")


DeliveryKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A request that is authentic and well-formed, on its way to disk. `body` is stored as it is: zstd-compressed."""

    source: str
    key: str
    event: str
    received_at: datetime
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A stored delivery. `state` is waiting, done, held or failed; `error` says why it failed."""

    id: int
    source: str
    key: str
    event: str
    received_at: datetime
    headers: dict[str, str]
    body: bytes
    state: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a delivery is: its id, and whether this call stored it (false: it was there before)."""

    id: int
    is_new: bool


class Deliveries(Noun):
    """What came in through the door."""

    async def add_group(self, group: Sequence[NewDelivery]) -> list[Stored]:
        """Store a group; return one result for each, in order. Of two with the same key the first counts."""
        first = {(d.source, d.key): d for d in reversed(group)}
        rows = [_row(d) for d in first.values()]
        is_sqlite = self._connection.dialect.name == "sqlite"
        new = await (self._add_numbered(rows) if is_sqlite else self._add_returning(rows))
        ids = new if len(new) == len(first) else new | await self._ids(first.keys() - new.keys())
        return [Stored(ids[d.source, d.key], (d.source, d.key) in new and first[d.source, d.key] is d) for d in group]

    async def _add_returning(self, rows: Sequence[dict[str, Any]]) -> dict[DeliveryKey, int]:
        """Insert rows; return the ids of those that were not there."""
        results = await self._insert_many(_DELIVERIES, rows, _unless_there_returning)
        return {(row.source, row.key): row.id for result in results for row in result}

    async def _add_numbered(self, rows: Sequence[dict[str, Any]]) -> dict[DeliveryKey, int]:
        """Do the same on SQLite, where numbering the rows ourselves takes a third of the time: one writer, no race."""
        last = (await self._connection.execute(select(func.max(_DELIVERIES.c.id)))).scalar_one() or 0
        numbered = [{"id": number, **row} for number, row in enumerate(rows, last + 1)]
        results = await self._insert_many(_DELIVERIES, numbered, _unless_there)
        new = {(row["source"], row["key"]): row["id"] for row in numbered}
        if sum(result.rowcount for result in results) == len(rows):
            return new
        stored = await self._ids(new.keys())
        return {key: number for key, number in new.items() if stored[key] == number}

    async def _ids(self, keys: Collection[DeliveryKey]) -> dict[DeliveryKey, int]:
        columns = tuple_(_DELIVERIES.c.source, _DELIVERIES.c.key)
        query = select(_DELIVERIES.c.source, _DELIVERIES.c.key, _DELIVERIES.c.id).where(columns.in_(list(keys)))
        return {(row.source, row.key): row.id for row in await self._connection.execute(query)}

    async def claim(self, limit: int) -> list[Delivery]:
        """Return the oldest waiting deliveries, locked until the transaction ends."""
        query = (
            select(_DELIVERIES)
            .where(_UNDONE, _DELIVERIES.c.state == "waiting")
            .order_by(_DELIVERIES.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [_delivery(row) for row in await self._connection.execute(query)]

    async def get(self, delivery_id: int) -> Delivery | None:
        """Return one delivery."""
        row = (await self._connection.execute(select(_DELIVERIES).where(_DELIVERIES.c.id == delivery_id))).first()
        return _delivery(row) if row else None

    async def mark(self, ids: Collection[int], state: str, at: datetime, error: str | None = None) -> None:
        """Set what became of deliveries."""
        for part in in_slices(ids):
            statement = update(_DELIVERIES).where(_DELIVERIES.c.id.in_(part))
            await self._connection.execute(statement.values(state=state, applied_at=at, error=error))

    async def counts(self) -> dict[str, int]:
        """Return how many deliveries wait, are held or have failed."""
        query = select(_DELIVERIES.c.state, func.count().label("n")).where(_UNDONE).group_by(_DELIVERIES.c.state)
        return {"waiting": 0, "held": 0, "failed": 0} | {
            row.state: row.n for row in await self._connection.execute(query)
        }

    async def oldest_waiting(self) -> datetime | None:
        """Return when the oldest waiting delivery came in."""
        query = (
            select(_DELIVERIES.c.received_at)
            .where(_UNDONE, _DELIVERIES.c.state == "waiting")
            .order_by(_DELIVERIES.c.id)
            .limit(1)
        )
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def failed(self, limit: int = 20) -> list[Delivery]:
        """Return the newest deliveries that could not be applied."""
        query = (
            select(_DELIVERIES)
            .where(_UNDONE, _DELIVERIES.c.state == "failed")
            .order_by(_DELIVERIES.c.id.desc())
            .limit(limit)
        )
        return [_delivery(row) for row in await self._connection.execute(query)]

    async def replay(self, *, states: Collection[str], source: str | None = None, since: datetime | None = None) -> int:
        """Let deliveries be applied again; return how many."""
        statement = update(_DELIVERIES).where(_DELIVERIES.c.state.in_(list(states)))
        if source is not None:
            statement = statement.where(_DELIVERIES.c.source == source)
        if since is not None:
            statement = statement.where(_DELIVERIES.c.received_at >= since)
        result = await self._connection.execute(statement.values(state="waiting", error=None))
        return result.rowcount

    async def prune(self, before: datetime) -> int:
        """Forget raw deliveries that were applied and came in before an instant; return how many."""
        # Ids grow with time, so the first young delivery ends the search; no index on the time is needed.
        young = select(_DELIVERIES.c.id).where(_DELIVERIES.c.received_at >= before)
        youngest = young.order_by(_DELIVERIES.c.id).limit(1).scalar_subquery()
        is_old = or_(_DELIVERIES.c.id < youngest, youngest.is_(None))
        statement = delete(_DELIVERIES).where(_DELIVERIES.c.state == "done", is_old)
        return (await self._connection.execute(statement)).rowcount


def _unless_there(statement: Upsert) -> Any:
    return statement.on_conflict_do_nothing(index_elements=["source", "key"])


def _unless_there_returning(statement: Upsert) -> Any:
    return _unless_there(statement).returning(_DELIVERIES.c.id, _DELIVERIES.c.source, _DELIVERIES.c.key)


def _row(delivery: NewDelivery) -> dict[str, Any]:
    return {
        "source": delivery.source,
        "key": delivery.key,
        "event": delivery.event,
        "received_at": delivery.received_at,
        "headers": delivery.headers,
        "body": delivery.body,
    }


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        source=row.source,
        key=row.key,
        event=row.event,
        received_at=row.received_at,
        headers=row.headers,
        body=row.body,
        state=row.state,
        error=row.error,
    )
