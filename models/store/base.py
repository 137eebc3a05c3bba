"""What every noun of the store shares: the connection, rows as records."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol, TypeVar, runtime_checkable

from sqlalchemy import CursorResult, Dialect, Executable, Table
from sqlalchemy.orm import DeclarativeBase

from models.store.inserts import Upsert, as_it_is, driven, in_powers, statements, upsert
from models.store.of_many import OfMany
from models.store.prepared import Prepared

_Record = TypeVar("_Record")
_Item = TypeVar("_Item")

# SQLite takes 32,766 parameters in a statement, PostgreSQL 32,767 (https://www.sqlite.org/limits.html, item 9).
LOOKUP_SIZE = 5_000

# From so many rows on, asking for their numbers first and copying them in takes less than inserting them.
_WORTH_COPYING = 256


def table_of(row: type[DeclarativeBase]) -> Table:
    """Return the table behind a mapped class."""
    table = row.__table__
    assert isinstance(table, Table)
    return table


def record_fields(record: type[Any], *, renamed: Mapping[str, str]) -> dict[str, str]:
    """Return column name by field name of a record; `renamed` lists the fields whose column is called otherwise."""
    return {f.name: renamed.get(f.name, f.name) for f in fields(record)}


def to_record(record: type[_Record], row: Any, columns: Mapping[str, str]) -> _Record:
    """Build a record from a row of its table."""
    return record(**dict(zip(columns, _reader(tuple(columns.values()))(row), strict=True)))


def to_values(record: Any, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the column values of a record, its id left out."""
    values = dict(zip(columns.values(), _reader(tuple(columns))(record), strict=True))
    values.pop("id", None)
    return values


def row_of(columns: Mapping[str, str]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return the columns of a table that a record fills, its id left out, and what reads their values off a record."""
    without_id = {name: column for name, column in columns.items() if column != "id"}
    return tuple(without_id.values()), _reader(tuple(without_id))


@lru_cache
def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*names)


def in_slices(items: Iterable[_Item], size: int = LOOKUP_SIZE) -> Iterable[Sequence[_Item]]:
    """Cut a look-up into pieces that fit a statement's parameters."""
    listed = list(items)
    return (listed[start : start + size] for start in range(0, len(listed), size))


class DriverResult(Protocol):
    """What the store needs of an answer in the driver's own words: plain rows, and how many were touched."""

    @property
    def rowcount(self) -> int: ...  # noqa: D102
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """What the store needs of an open connection; SQLAlchemy's `AsyncConnection` is one."""

    @property
    def dialect(self) -> Dialect:
        """The database in use."""

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        """Run one statement."""

    async def exec_driver_sql(self, statement: str, parameters: Any = None, /) -> DriverResult:
        """Run one statement in the driver's own words."""


@runtime_checkable
class Copying(Protocol):
    """A connection that takes many new rows at once, without a statement (PostgreSQL's `COPY`)."""

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows, each the values of these columns in the driver's form."""


class Noun:
    """One part of the store, on an open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _upsert(self, table: Table) -> Upsert:
        """Return an insert that knows `ON CONFLICT`; both databases spell it alike."""
        return upsert(table, self._connection.dialect.name)

    async def _ask(self, prepared: Prepared, /, **values: Any) -> list[Any]:
        """Run a statement; return its rows as named tuples of the columns' own values."""
        return (await self._run(prepared, values))[0]

    async def _do(self, prepared: Prepared, /, **values: Any) -> int:
        """Run a statement that returns nothing; return how many rows it touched."""
        return (await self._run(prepared, values))[1]

    async def _run(self, prepared: Prepared, values: dict[str, Any]) -> tuple[list[Any], int]:
        compiled, parameters = prepared.for_driver(self._connection.dialect, values)
        result = await self._connection.exec_driver_sql(compiled.sql, parameters)
        return (compiled.rows(result) if compiled.row else []), result.rowcount

    async def _ask_each(self, asked: OfMany, things: Sequence[Sequence[Any]]) -> list[list[tuple[Any, ...]]]:
        """Ask a question about many things, some dozen in a statement; return the rows for each, `k.n` left out."""
        dialect = self._connection.dialect.name
        found: list[list[tuple[Any, ...]]] = []
        for part in in_powers(things, 64):
            rows: list[list[tuple[Any, ...]]] = [[] for _ in part]
            sql, values = asked.sql(len(part), dialect), asked.values(part, dialect)
            for number, *row in await self._connection.exec_driver_sql(sql, values):
                rows[number].append(tuple(row))
            found += rows
        return found

    async def _insert_many(
        self,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        finish: Callable[[Upsert], Any],
    ) -> list[DriverResult]:
        """Insert rows of the same columns, many in one statement; `finish` adds what follows VALUES."""
        columns = tuple(rows[0]) if rows else ()
        listed = [tuple(map(row.__getitem__, columns)) for row in rows]
        return await self._insert_rows(table, columns, listed, finish)

    async def _insert_rows(
        self,
        table: Table,
        columns: tuple[str, ...],
        rows: Sequence[tuple[Any, ...]],
        finish: Callable[[Upsert], Any],
    ) -> list[DriverResult]:
        """Insert rows, each the values of these columns; `finish` adds what follows the values."""
        run = self._connection.exec_driver_sql
        made = statements(table, columns, rows, self._connection.dialect, finish)
        return [await run(sql, parameters) for sql, parameters in made]

    async def _next_numbers(self, table: Table, count: int) -> Sequence[int]:
        """Return numbers for new rows. SQLite's one writer finds them itself: reading them back costs a step each."""
        run = self._connection.exec_driver_sql
        if self._connection.dialect.name == "sqlite":
            [(last,)] = await run(f"SELECT coalesce(max(id), 0) FROM {table.name}", ())  # noqa: S608  # our own name
            return range(last + 1, last + 1 + count)
        numbers = await run(f"SELECT nextval('{table.name}_id_seq') FROM generate_series(1, $1)", (count,))  # noqa: S608
        return [number for (number,) in numbers]

    def _copying(self, count: int) -> Copying | None:
        """Return what copies so many new rows in; `None` where they had better be inserted."""
        connection = self._connection
        return connection if count >= _WORTH_COPYING and isinstance(connection, Copying) else None

    async def _insert_new(self, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows that are not there, in the way that takes least for so many."""
        if copying := self._copying(len(rows)):
            await copying.copy(table.name, *driven(table, columns, rows, self._connection.dialect))
        else:
            await self._insert_rows(table, columns, rows, as_it_is)
