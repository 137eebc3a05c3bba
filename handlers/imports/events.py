"""Generic events: a JSON array, JSON lines, or an object with `events`; the same form as the `events` webhook's.

An event's `source` says who told it. `received_at` is when it arrived; left out, it arrived when it occurred.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO

from handlers.errors import MalformedPayload
from handlers.generic_event import read_generic
from handlers.imports import Format, Item, Wrong
from handlers.json_stream import BrokenJson, values
from handlers.payload import clean, instant


def _fits(start: str) -> bool:
    return start.lstrip("\ufeff \t\r\n")[:1] in ("[", "{")


def _read(text: TextIO, at: datetime) -> Iterator[Item | Wrong]:
    number = 0
    try:
        for number, (line, value) in enumerate(values(text), 1):
            yield _item(value, f"event {number} (line {line})", at)
    except BrokenJson as error:
        yield Wrong(f"line {error.line}", error.problem)


def _item(value: Any, place: str, at: datetime) -> Item | Wrong:
    try:
        report = read_generic(value, at)
        source = value.get("source")
        if not isinstance(source, str) or not source:
            raise MalformedPayload("$.source", "missing: say who told this")
        given = value.get("received_at")
        received_at = instant(str(given), "$.received_at") if given is not None else min(report.occurred_at, at)
    except MalformedPayload as error:
        return Wrong(f"{place}, {error.path}", error.problem)
    return Item(place, clean(source)[:64], received_at, report)


FORMAT = Format(name="events", summary="generic events, as JSON or JSON lines", fits=_fits, read=_read)
