"""One question about many things: they stand in a table `k` of the statement, which Core cannot keep compiled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from models.tables.base import as_sqlite_text

_INSTANT: Final = "timestamptz"


@dataclass(frozen=True, slots=True)
class OfMany:
    """A question whose rows begin with `k.n`, the number of the thing among those asked about, from 0.

    `columns` are the others of `k`, each with its type on PostgreSQL. Nothing in it comes from outside.
    """

    columns: tuple[tuple[str, str], ...]
    question: str

    def values(self, things: Iterable[Sequence[Any]], dialect: str) -> tuple[Any, ...]:
        """Return things, each the values of `columns`, as the driver takes them."""
        if dialect == "postgresql":
            return tuple(chain.from_iterable(things))
        instants = [kind == _INSTANT for _, kind in self.columns]
        pairs = (zip(thing, instants, strict=True) for thing in things)
        # An instant is `UtcDateTime` in the driver's words.
        return tuple(as_sqlite_text(value) if is_instant else value for thing in pairs for value, is_instant in thing)

    def sql(self, count: int, dialect: str) -> str:
        """Return the statement for so many things."""
        return _sql(self, count, dialect)


@lru_cache(maxsize=128)
def _sql(asked: OfMany, count: int, dialect: str) -> str:
    names = ", ".join(("n", *(name for name, _ in asked.columns)))
    rows = ", ".join(_row(asked, number, dialect) for number in range(count))
    return f"WITH k ({names}) AS (VALUES {rows}) {asked.question}"


def _row(asked: OfMany, number: int, dialect: str) -> str:
    if dialect != "postgresql":
        return f"({number}{', ?' * len(asked.columns)})"
    first = number * len(asked.columns) + 1
    marks = (f"${first + place}::{kind}" for place, (_, kind) in enumerate(asked.columns))
    return f"({number}, {', '.join(marks)})"
