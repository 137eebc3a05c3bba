"""Reads CSV files with a known header: each cell by its column's name, each mistake by its line and column."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TextIO, TypeAlias, TypeVar

from handlers.errors import MalformedPayload
from handlers.imports import EventReport, Format, Item, Wrong
from handlers.payload import instant, not_ahead
from handlers.suggest import did_you_mean, nearest
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
        names = _names(next(lines, []))
        if complaint := _complaint(names, header, needed):
            yield Wrong(*complaint)
            return
        for cells in lines:
            if any(map(str.strip, cells)):
                yield _line(names, cells, f"line {lines.line_num}", at, read)
    except csv.Error as error:
        yield Wrong(f"line {lines.line_num}", f"not CSV: {error}")


def most_like(start: str, forms: Sequence[Format]) -> Format | None:
    """Return the form whose header the beginning of a file resembles most, mistyped names and all.

    `None` where it shares less than two names, or no more than half of its own, with each of them.
    """
    try:
        names = _names(next(csv.reader([start.partition("\n")[0]], strict=True)))
    except csv.Error:
        return None
    likeness = {form.name: _likeness(names, form.header) for form in forms}
    found = max(forms, key=lambda form: likeness[form.name])
    _, near = likeness[found.name]
    return found if near > max(1, len(names) / 2) else None


def _names(cells: Iterable[str]) -> list[str]:
    return [name.strip().lstrip("\ufeff").casefold() for name in cells]


def _likeness(names: list[str], header: tuple[str, ...]) -> tuple[int, int]:
    """Return how many of a header's columns are named, and how many are if nearly is enough."""
    if len(names) > 2 * len(header):
        return 0, 0  # spares the search for what is meant in a line that is no header
    return len({*names} & {*header}), len({meant for name in names if (meant := nearest(name, header))})


def _complaint(names: list[str], header: tuple[str, ...], needed: tuple[str, ...]) -> tuple[str, str] | None:
    """Return what is wrong with a header, and where."""
    for number, name in enumerate(names, 1):
        if name not in header:
            return f"line 1, column {number}", f"unknown column {name[:60]!r}." + _meant(name, names, header, needed)
        if names.index(name) != number - 1:
            return f"line 1, column {number}", f"column {name!r} is there twice"
    missing = [name for name in needed if name not in names]
    return ("line 1", f"the header lacks {', '.join(missing)}. It needs {', '.join(needed)}") if missing else None


def _meant(name: str, names: list[str], header: tuple[str, ...], needed: tuple[str, ...]) -> str:
    """Say what an unknown column may have been meant for: one that is needed and lacks, else one that is not there."""
    lacking = [column for column in needed if column not in names]
    if meant := next((c for c in lacking if c.endswith(f"_{name}")), nearest(name, lacking)):
        return f" Did you mean {meant}?"
    complaint = did_you_mean(name, [column for column in header if column not in names])
    return complaint + (f" The header lacks {', '.join(lacking)}." if lacking else "")


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
        _refuse_ahead(report, names, at)
    except MalformedPayload as error:
        return Wrong(f"{place}, column {error.path}", error.problem)
    return Item(place, source, received_at or report.occurred_at, report)


def _refuse_ahead(report: EventReport, names: list[str], at: datetime) -> None:
    """Refuse instants that are absurdly far in the future, as of other senders; columns are called as in the report.

    Raises:
        MalformedPayload: one is; the first column of those.
    """
    for name in names:
        told = getattr(report, name, None)
        if isinstance(told, datetime):
            not_ahead(told, at, name)


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
