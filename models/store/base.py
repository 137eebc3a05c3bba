"""What every noun of the store shares: the connection, the upsert of the database in use, rows as records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import DeclarativeBase

_Record = TypeVar("_Record")
_Item = TypeVar("_Item")

# SQLite takes 32,766 parameters in a statement, PostgreSQL 32,767 (https://www.sqlite.org/limits.html, item 9).
LOOKUP_SIZE = 5_000


def table_of(row: type[DeclarativeBase]) -> Table:
    """Return the table behind a mapped class."""
    table = row.__table__
    assert isinstance(table, Table)
    return table


def record_fields(record: type[Any], *, renamed: Mapping[str, str]) -> dict[str, str]:
    """Return column name by field name of a record; `renamed` lists the fields whose column is called otherwise."""
    return {f.name: renamed.get(f.name, f.name) for f in fields(record)}


def to_record(record: type[_Record], row: Row[Any], columns: Mapping[str, str]) -> _Record:
    """Build a record from a row of its table."""
    values = row._mapping
    return record(**{name: values[column] for name, column in columns.items()})


def to_values(record: Any, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the column values of a record, its id left out."""
    return {column: getattr(record, name) for name, column in columns.items() if name != "id"}


def in_slices(items: Iterable[_Item], size: int = LOOKUP_SIZE) -> Iterable[Sequence[_Item]]:
    """Cut a look-up into pieces that fit a statement's parameters."""
    listed = list(items)
    return (listed[start : start + size] for start in range(0, len(listed), size))


class Noun:
    """One part of the store, on an open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    def _upsert(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """Return an insert that knows `ON CONFLICT`; both databases spell it alike."""
        if self._connection.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)
