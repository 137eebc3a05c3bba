"""Reads payloads: strict JSON into typed structs, instants with their offset, text without what breaks a database."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import msgspec

from handlers.errors import MalformedPayload

# An event over 24 hours ahead of us is refused, with its path.
REFUSED_AHEAD: Final = timedelta(hours=24)

# The longest way to write an instant has about 40 characters; the patterns below are slow on very long texts.
_LONGEST_INSTANT: Final = 64

_T = TypeVar("_T")
_OFFSET_APART: Final = re.compile(r"\s+([+-]\d{2}:?\d{2})$")
# `Object missing required field `x` - at `$.deployment`` / `Expected `int`, got `str` - at `$.deployment.id``
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_PLACED: Final = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)


def decode(decoder: "msgspec.json.Decoder[_T]", body: bytes) -> _T:
    """Decode a body. Of a key that stands twice in an object the last one counts.

    Raises:
        MalformedPayload: it is empty, not JSON, not UTF-8, nested too deeply, or not of the decoder's type.
    """
    if not body.strip():
        raise MalformedPayload("$", "the body is empty")
    try:
        if not body.isascii():
            body.decode()  # the decoder does not look into the fields that it passes over
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise placed(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedPayload("$", f"not JSON: {error}") from error
    except RecursionError as error:
        raise MalformedPayload("$", "nested too deeply") from error


def convert(value: object, type_: type[_T], path: str = "$") -> _T:
    """Turn plain JSON values into a typed struct; `path` is where the value stands in the body.

    Raises:
        MalformedPayload: it is not of that type.
    """
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise placed(error, path) from error
    except RecursionError as error:
        raise MalformedPayload(path, "nested too deeply") from error


def placed(error: msgspec.ValidationError, root: str = "$") -> MalformedPayload:
    """Return what a decoder complains of as the path of the first wrong field, and why."""
    found = _PLACED.match(str(error))
    assert found is not None  # the pattern matches any text
    path = (found["path"] or "$").removeprefix("$")
    if missing := _MISSING.fullmatch(found["problem"]):
        return MalformedPayload(f"{root}{path}.{missing['name']}", "missing")
    return MalformedPayload(root + path, found["problem"].replace("`", "'"))


def instant(text: str, path: str) -> datetime:
    """Read an RFC 3339 instant (a space may stand for the T, and before the offset); return it in UTC.

    Raises:
        MalformedPayload: it is none, or carries no offset from UTC.
    """
    if len(text) > _LONGEST_INSTANT:
        raise MalformedPayload(path, f"{text[:64]!r}… is not an RFC 3339 time")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = _loosely_written(text, path)
    if at.tzinfo is None:
        raise MalformedPayload(path, f"{text[:64]!r} has no offset from UTC; add Z or one like +02:00")
    return utc(at, path)


def _loosely_written(text: str, path: str) -> datetime:
    """Read what few senders write, with patterns that take ten times as long as reading the usual form."""
    written = re.sub(r" UTC$", "Z", text.strip())
    try:
        return datetime.fromisoformat(_OFFSET_APART.sub(r"\1", written))
    except ValueError as error:
        raise MalformedPayload(path, f"{text[:64]!r} is not an RFC 3339 time") from error


def utc(at: datetime, path: str) -> datetime:
    """Return an aware instant in UTC.

    Raises:
        MalformedPayload: it lies in the first or last hours of the calendar.
    """
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise MalformedPayload(path, f"{at.isoformat()} is out of range") from error


def not_ahead(occurred: datetime, at: datetime, path: str) -> datetime:
    """Return an instant that is not absurdly far in the future.

    Raises:
        MalformedPayload: it is more than 24 hours ahead of `at`.
    """
    if occurred - at > REFUSED_AHEAD:
        raise MalformedPayload(path, f"{occurred.isoformat()} is more than 24 h in the future")
    return occurred


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header (its name in lower case).

    Raises:
        MalformedPayload: it is missing or empty.
    """
    value = headers.get(name, "")
    if not value:
        raise MalformedPayload(f"header {name}", "missing")
    return value[:255]


def clean(text: str) -> str:
    """Replace what no database takes: NUL, and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
