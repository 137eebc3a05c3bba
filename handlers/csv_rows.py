"""Reads CSV files with a known header: each cell by its column's name, each mistake by its line and column."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TextIO, TypeAlias, TypeVar

from handlers.errors import MalformedPayload
from handlers.imports import EventReport, Item, Wrong
from handlers.payload import instant, not_ahead
from handlers.suggest import did_you_mean
from models.words import UNSET, Maybe

_Word = TypeVar("_Word")
Row: TypeAlias = Mapping[str, str]


def rows(
    text: TextIO,
    header: tuple[str, ...],
    needed: tuple[str, ...],
    at: datetime,
    read: Callable[[Row], tuple[str, datetime | None, EventReport]],
) -> Iterator[Item | Wrong]:
    """Yield what each line says, seen from `at`; `read` returns its source, when it arrived (`None`: when it occurred),
    and its report.
    """
    lines = csv.reader(text, strict=True)
    try:
        names = [name.strip().lstrip("\ufeff").casefold() for name in next(lines, [])]
        if complaint := _complaint(names, header, needed):
            yield Wrong(*complaint)
            return
        for cells in lines:
            if any(map(str.strip, cells)):
                yield _line(names, cells, f"line {lines.line_num}", at, read)
    except csv.Error as error:
        yield Wrong(f"line {lines.line_num}", f"not CSV: {error}")


def _complaint(names: list[str], header: tuple[str, ...], needed: tuple[str, ...]) -> tuple[str, str] | None:
    """Return what is wrong with a header, and where."""
    for number, name in enumerate(names, 1):
        if name not in header:
            return f"line 1, column {number}", f"unknown column {name[:60]!r}." + did_you_mean(name, header)
        if names.index(name) != number - 1:
            return f"line 1, column {number}", f"column {name!r} is there twice"
    missing = [name for name in needed if name not in names]
    return ("line 1", f"the header lacks {', '.join(missing)}. It needs {', '.join(needed)}") if missing else None


def _line(
    names: list[str],
    cells: list[str],
    place: str,
    at: datetime,
    read: Callable[[Row], tuple[str, datetime | None, EventReport]],
) -> Item | Wrong:
    if len(cells) != len(names):
        return Wrong(place, f"has {len(cells)} cells, and the header {len(names)}")
    try:
        source, received_at, report = read(dict(zip(names, map(str.strip, cells), strict=True)))
        not_ahead(report.occurred_at, at, "finished_at" if "finished_at" in names else "started_at")
    except MalformedPayload as error:
        return Wrong(f"{place}, column {error.path}", error.problem)
    return Item(place, source, received_at or report.occurred_at, report)


def needed(row: Row, name: str) -> str:
    """Return a cell that must say something.

    Raises:
        MalformedPayload: it is empty, or too long to be kept.
    """
    value = row.get(name, "")
    if not value:
        raise MalformedPayload(name, "is empty")
    if len(value) > 255:
        raise MalformedPayload(name, "has more than 255 characters")
    return value


def when(row: Row, name: str) -> datetime | None:
    """Return the instant in a cell, `None` for an empty one.

    Raises:
        MalformedPayload: it is none, or has no offset from UTC.
    """
    value = row.get(name, "")
    return instant(value, name) if value else None


def word(row: Row, name: str, kind: Callable[[str], _Word], known: Sequence[str]) -> Maybe[_Word]:
    """Return the word in a cell; an empty one says nothing.

    Raises:
        MalformedPayload: there is no such word.
    """
    value = row.get(name, "")
    if not value:
        return UNSET
    try:
        return kind(value.casefold())
    except ValueError as error:
        raise MalformedPayload(name, f"{value[:60]!r} is none of them." + did_you_mean(value, known)) from error


def said(value: str | None) -> Maybe[str]:
    """Return a cell's text; an empty one says nothing."""
    return value or UNSET


def names_in(value: str | None) -> Maybe[tuple[str, ...]]:
    """Return the names in a cell, which stand apart by spaces or semicolons."""
    found = tuple((value or "").replace(";", " ").split())
    return found or UNSET
