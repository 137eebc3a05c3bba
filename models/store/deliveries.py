"""Raw deliveries: stored in groups, claimed in batches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

import msgspec
from sqlalchemy import bindparam, delete, func, or_, select, text, tuple_, update

from models.store.base import Noun, in_slices, table_of
from models.store.prepared import Prepared
from models.tables import DeliveryRow
from models.tables.base import as_sqlite_text

_DELIVERIES = table_of(DeliveryRow)
# The very words of the partial index: SQLite uses it only for these (https://www.sqlite.org/partialindex.html).
_UNDONE = text("deliveries.state <> 'done'")


DeliveryKey: TypeAlias = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class NewDelivery:
    """A request that is authentic and well-formed, on its way to disk, where `body` is compressed (zstd).

    Not frozen: thousands are made in a second, and freezing makes that five times as slow.
    """

    source: str
    key: str
    event: str
    received_at: datetime
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
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


# Made once: making a statement takes longer than running it.
_COLUMNS = [_DELIVERIES.c[f.name] for f in fields(Delivery)]
_CLAIM = Prepared(
    select(*_COLUMNS)
    .where(_UNDONE, _DELIVERIES.c.state == "waiting")
    .order_by(_DELIVERIES.c.id)
    .limit(bindparam("size"))
    .with_for_update(skip_locked=True)
)
_MARK = Prepared(
    update(_DELIVERIES)
    .where(_DELIVERIES.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=bindparam("new_state"), applied_at=bindparam("at"), error=bindparam("why"))
)


class Deliveries(Noun):
    """What came in through the door."""

    async def add_group(self, group: Sequence[NewDelivery]) -> list[Stored]:
        """Store a group; return one result for each, in order. Of two with the same key the first counts."""
        first: dict[DeliveryKey, NewDelivery] = {}
        for delivery in group:
            first.setdefault((delivery.source, delivery.key), delivery)
        is_sqlite = self._connection.dialect.name == "sqlite"
        new = await (self._add_numbered(first) if is_sqlite else self._add_returning(first))
        ids = new if len(new) == len(first) else new | await self._ids(first.keys() - new.keys())
        return [Stored(ids[d.source, d.key], (d.source, d.key) in new and first[d.source, d.key] is d) for d in group]

    async def _add_returning(self, group: Mapping[DeliveryKey, NewDelivery]) -> dict[DeliveryKey, int]:
        """Insert deliveries in one statement; return the ids of those that were not there."""
        columns = tuple(list(column) for column in zip(*map(_values, group.values()), strict=True))
        result = await self._connection.exec_driver_sql(_INSERT_UNNESTED, columns)
        return {(source, key): number for number, source, key in result}

    async def _add_numbered(self, group: Mapping[DeliveryKey, NewDelivery]) -> dict[DeliveryKey, int]:
        """Do the same on SQLite. Its one writer numbers the rows itself: reading ids back costs a step for each."""
        [(last,)] = await self._connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM deliveries", ())
        new = {key: number for number, key in enumerate(group, last + 1)}
        inserted = 0
        for part in in_slices(group.items(), 128):
            values = tuple(value for key, d in part for value in (new[key], *_sqlite_values(d)))
            inserted += (await self._connection.exec_driver_sql(_insert_numbered(len(part)), values)).rowcount
        if inserted == len(group):
            return new
        stored = await self._ids(new.keys())
        return {key: number for key, number in new.items() if stored[key] == number}

    async def _ids(self, keys: Collection[DeliveryKey]) -> dict[DeliveryKey, int]:
        columns = tuple_(_DELIVERIES.c.source, _DELIVERIES.c.key)
        query = select(_DELIVERIES.c.source, _DELIVERIES.c.key, _DELIVERIES.c.id).where(columns.in_(list(keys)))
        return {(row.source, row.key): row.id for row in await self._connection.execute(query)}

    async def claim(self, limit: int) -> list[Delivery]:
        """Return the oldest waiting deliveries, locked until the transaction ends."""
        return [Delivery(*row) for row in await self._ask(_CLAIM, size=limit)]

    async def get(self, delivery_id: int) -> Delivery | None:
        """Return one delivery."""
        row = (await self._connection.execute(select(*_COLUMNS).where(_DELIVERIES.c.id == delivery_id))).first()
        return Delivery(*tuple(row)) if row else None

    async def mark(self, ids: Collection[int], state: str, at: datetime, error: str | None = None) -> None:
        """Set what became of deliveries."""
        for part in in_slices(ids):
            await self._do(_MARK, ids=list(part), new_state=state, at=at, why=error)

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
            select(*_COLUMNS)
            .where(_UNDONE, _DELIVERIES.c.state == "failed")
            .order_by(_DELIVERIES.c.id.desc())
            .limit(limit)
        )
        return [Delivery(*tuple(row)) for row in await self._connection.execute(query)]

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


# The hot path speaks to the driver: building these through Core takes longer than running them.
_INSERT_UNNESTED = """
    INSERT INTO deliveries (source, key, event, received_at, headers, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::bytea[])
    ON CONFLICT (source, key) DO NOTHING
    RETURNING id, source, key
"""


_INSERT_NUMBERED = "INSERT INTO deliveries (id, source, key, event, received_at, headers, body)"


@lru_cache(maxsize=128)
def _insert_numbered(rows: int) -> str:
    values = ",".join(["(?,?,?,?,?,?,?)"] * rows)
    return f"{_INSERT_NUMBERED} VALUES {values} ON CONFLICT (source, key) DO NOTHING"


def _values(delivery: NewDelivery) -> tuple[str, str, str, datetime, str, bytes]:
    headers = msgspec.json.encode(delivery.headers).decode()
    return delivery.source, delivery.key, delivery.event, delivery.received_at, headers, delivery.body


def _sqlite_values(delivery: NewDelivery) -> tuple[str, str, str, str | None, str, bytes]:
    """Return the values with the instant as `UtcDateTime` keeps it on SQLite."""
    source, key, event, received_at, headers, body = _values(delivery)
    return source, key, event, as_sqlite_text(received_at), headers, body
