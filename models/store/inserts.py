"""Inserts of many rows in one statement, compiled once: compiling one takes ten times as long as running it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Dialect, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = postgresql.Insert | sqlite.Insert
Finish: TypeAlias = Callable[[Upsert], Any]

_Item = TypeVar("_Item")

_CAST: Final = re.compile(r"\$\d+::[A-Z ]+")


@dataclass(frozen=True, slots=True)
class Insert:
    """An insert as the driver takes it.

    `columns` are a row's parameters in order: the place of each among the values given, and what turns it into the
    driver's form.
    """

    sql: str
    columns: tuple[tuple[int, Callable[[Any], Any] | None], ...]

    def by_columns(self, rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
        """Return each column's values in the driver's form. Goes by columns: that leaves the loops to C."""
        given = list(zip(*rows, strict=True))
        return tuple(list(given[n]) if process is None else list(map(process, given[n])) for n, process in self.columns)

    def by_rows(self, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """Return the same, one row's values after the other's."""
        return tuple(chain.from_iterable(zip(*self.by_columns(rows), strict=True)))


def upsert(table: Table, dialect: str) -> Upsert:
    """Return an insert that knows `ON CONFLICT`; both databases spell it alike."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def unless_there(statement: Upsert) -> Any:
    """Finish an insert: rows that are there stay as they are."""
    return statement.on_conflict_do_nothing()


def as_it_is(statement: Upsert) -> Any:
    """Finish an insert: no row of it is there."""
    return statement


def driven(
    table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], dialect: Dialect
) -> tuple[list[str], Iterable[tuple[Any, ...]]]:
    """Return rows in the driver's form, and the columns in their order."""
    insert = _of_rows(table, columns, 1, dialect, as_it_is)
    return [columns[place] for place, _ in insert.columns], zip(*insert.by_columns(rows), strict=True)


def statements(
    table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], dialect: Dialect, finish: Finish
) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Yield the statements that insert rows, with their parameters; `finish` adds what follows the values.

    Few statements instead of one for each row: on SQLite the driver gives up the interpreter lock at every statement
    and must win it back from a busy event loop; on PostgreSQL each is a message.
    """
    if rows and dialect.name == "postgresql":
        insert = _of_arrays(table, columns, dialect, finish)
        yield insert.sql, insert.by_columns(rows)
        return
    for part in in_powers(rows):
        insert = _of_rows(table, columns, len(part), dialect, finish)
        yield insert.sql, insert.by_rows(part)


def in_powers(rows: Sequence[_Item], largest: int = 32) -> Iterable[Sequence[_Item]]:
    """Cut rows into pieces of 32, 16, …, 1: few sizes, so that few statements are prepared, none of them large."""
    start = 0
    while start < len(rows):
        size = min(1 << ((len(rows) - start).bit_length() - 1), largest)
        yield rows[start : start + size]
        start += size


@lru_cache(maxsize=128)
def _of_arrays(table: Table, columns: tuple[str, ...], dialect: Dialect, finish: Finish) -> Insert:
    """Return an insert of any number of rows, each column an array of PostgreSQL's."""
    one = _of_rows(table, columns, 1, dialect, finish)
    head, _, rest = one.sql.partition(" VALUES (")
    marks, _, tail = rest.partition(")")
    arrays, count = _CAST.subn(lambda cast: f"{cast[0]}[]", marks)
    assert count == len(columns), marks  # a type in parentheses would need another pattern
    # Nothing in it comes from outside: it is the compiled statement, its values in another form.
    return Insert(f"{head} SELECT * FROM unnest({arrays}){tail}", one.columns)  # noqa: S608


@lru_cache(maxsize=512)
def _of_rows(table: Table, columns: tuple[str, ...], size: int, dialect: Dialect, finish: Finish) -> Insert:
    rows = [
        {name: bindparam(f"{name}_{number}", type_=table.c[name].type) for name in columns} for number in range(size)
    ]
    compiled = finish(upsert(table, dialect.name).values(rows)).compile(dialect=dialect)
    order = [bind.removesuffix("_0") for bind in (compiled.positiontup or ())[: len(columns)]]
    assert compiled.positiontup == [f"{name}_{number}" for number in range(size) for name in order]
    types = {name: table.c[name].type.dialect_impl(dialect) for name in order}
    driven = tuple((columns.index(name), types[name].bind_processor(dialect)) for name in order)
    return Insert(str(compiled), driven)
