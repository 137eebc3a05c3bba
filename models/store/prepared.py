"""Statements that are compiled once, for what is asked thousands of times a second.

Core takes longer to find a statement's compiled form and to wrap the answer than the database takes to answer.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Dialect, Float, Numeric
from sqlalchemy.sql.visitors import cloned_traverse

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as the driver takes it.

    `places` are its parameters in order: the name of a value, whether that is a list which stands there whole, and what
    turns it into the driver's form. `row` makes rows, after `results` have turned the columns at these places into
    values.
    """

    sql: str
    places: tuple[tuple[str, bool, Callable[[Any], Any] | None], ...]
    constants: Mapping[str, Any]
    row: Callable[[Iterable[Any]], Any] | None
    results: tuple[tuple[int, Callable[[Any], Any]], ...]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the parameters in the driver's order and form."""
        given = {**self.constants, **values}
        found: list[Any] = []
        for name, is_list, process in self.places:
            asked = given[name] if is_list else (given[name],)
            found += asked if process is None else map(process, asked)
        return tuple(found)

    def rows(self, result: Iterable[Sequence[Any]]) -> list[Any]:
        """Return the rows as named tuples of the columns' own values."""
        assert self.row is not None
        if not self.results:
            return list(map(self.row, result))
        columns: list[Iterable[Any]] = list(zip(*result, strict=True))
        if not columns:
            return []
        for place, process in self.results:
            columns[place] = map(process, columns[place])
        return list(map(self.row, zip(*columns, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement of Core, made once. Its lists (`bindparam(…, expanding=True)`) may be of any length."""

    statement: Any

    def for_driver(self, dialect: Dialect, values: Mapping[str, Any]) -> tuple[Compiled, tuple[Any, ...]]:
        """Return the compiled form for these values, and the parameters it takes."""
        lists = {name: _padded(value) for name, value in values.items() if isinstance(value, list)}
        compiled = _compiled(self, dialect, tuple((name, len(value)) for name, value in lists.items()))
        return compiled, compiled.parameters({**values, **lists})


def _padded(values: list[_Item]) -> list[_Item]:
    """Repeat the last value up to a power of two: few lengths, so that few statements have to be compiled."""
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else values


@lru_cache(maxsize=1_024)
def _compiled(prepared: Prepared, dialect: Dialect, sizes: tuple[tuple[str, int], ...]) -> Compiled:
    lengths = dict(sizes)

    def lengthen(bind: Any) -> None:
        bind.required = False
        if bind.key in lengths:
            bind.value = [None] * lengths[bind.key]

    statement: Any = cloned_traverse(prepared.statement, {}, {"bindparam": lengthen})
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    of_lists = {f"{name}_{n + 1}": name for name, size in sizes for n in range(size)}
    places: list[tuple[str, bool, Callable[[Any], Any] | None]] = []
    # The values of a list follow each other, in order.
    for name, binds in groupby(compiled.positiontup or (), lambda bind: of_lists.get(bind, bind)):
        process = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        places += [(name, name in lengths, process)] * (len(list(binds)) // lengths.get(name, 1))
    columns = list(getattr(prepared.statement, "selected_columns", ()))
    # Both drivers give floating-point numbers as they are; asyncpg's type would have to be told which it got.
    typed = [(n, c.type) for n, c in enumerate(columns) if not isinstance(c.type, Numeric | Float)]
    found = [(n, type_.dialect_impl(dialect).result_processor(dialect, None)) for n, type_ in typed]
    return Compiled(
        sql=str(compiled),
        places=tuple(places),
        constants={name: compiled.params[name] for name, _, _ in places if name in compiled.params},
        row=_row_of(tuple(c.key for c in columns)),
        results=tuple((n, process) for n, process in found if process is not None),
    )


def _row_of(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any] | None:
    row: Any = namedtuple("row", names, rename=True) if names else None  # the columns are a statement's
    return row and row._make  # type: ignore[no-any-return]
