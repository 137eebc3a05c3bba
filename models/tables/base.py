"""The metadata, and the column types that behave the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only for a column that is exactly INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")


# Many columns of a batch have the same instants: those of its events, and that of its writing.
@lru_cache(maxsize=2_048)
def as_sqlite_text(instant: datetime | None) -> str | None:
    """Return an aware instant as `UtcDateTime` keeps it on SQLite: in UTC, always with microseconds, sortable.

    Raises:
        ValueError: it has no zone.
    """
    if instant is None:
        return None
    if instant.tzinfo is UTC:  # nearly all are: without the offset, which stands at the end
        return instant.isoformat(" ", "microseconds")[:26]
    if instant.tzinfo is None:
        raise ValueError(f"naive datetime {instant!r}: instants carry their zone")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _as_utc(instant: datetime | None) -> datetime | None:
    """Return an aware instant in UTC, as the driver of PostgreSQL takes it.

    Raises:
        ValueError: it has no zone.
    """
    if instant is None or instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"naive datetime {instant!r}: instants carry their zone")
    return instant.astimezone(UTC)


def _from_sqlite_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def bytewise(length: int) -> String:
    """Return text that is ordered by its bytes on both databases, as Python orders it."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC: `timestamptz` on PostgreSQL, sortable text on SQLite. Refuses naive values."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep the zone where the database can."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def bind_processor(self, dialect: Dialect) -> Any:
        """Go the short way: instants are most of what is written."""
        return as_sqlite_text if dialect.name == "sqlite" else _as_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Give the zone back on SQLite; PostgreSQL's driver gives every instant in UTC."""
        return _from_sqlite_text if dialect.name == "sqlite" else None


class Word(TypeDecorator[Any]):
    """A member of a `StrEnum`, kept as its plain word, so that a new word needs no migration."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__(32)
        self.words = words

    def bind_processor(self, dialect: Dialect) -> Any:
        """Store the word itself. A look-up takes a tenth of what the type's own way takes."""
        texts: dict[str | None, str | None] = {None: None, **{word: word.value for word in self.words}}
        return texts.__getitem__

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read the word as its member."""
        words: dict[str | None, StrEnum | None] = {None: None, **{word.value: word for word in self.words}}
        return words.__getitem__


class Json(TypeDecorator[Any]):
    """A small JSON value as compact text: the same on both databases, and nobody queries inside it."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Write JSON."""
        return lambda value: None if value is None else msgspec.json.encode(value).decode()

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read JSON."""
        return lambda value: None if value is None else msgspec.json.decode(value)


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of names as a JSON array; nothing is an empty one."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Write a JSON array."""
        return lambda value: msgspec.json.encode(value).decode() if value else "[]"

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read a JSON array."""
        return lambda value: tuple(msgspec.json.decode(value)) if value and value != "[]" else ()


class Base(DeclarativeBase):
    """The declarative base of every table."""

    metadata = MetaData(naming_convention=NAMING)
