"""Reads JSON values from a text one by one: an array's elements, or values that follow each other (JSON lines)."""

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

_CHUNK: Final = 256 * 1024
# A value that has no end within this is no event.
_LONGEST: Final = 32 * 1024 * 1024
_BETWEEN: Final = " \t\r\n,"


class BrokenJson(Exception):
    """The text is no JSON from `line` on."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def values(text: TextIO) -> Iterator[tuple[int, Any]]:
    """Yield (line, value) for each value at the top, or in the array at the top, or under `events` of an object there.

    Raises:
        BrokenJson: something is no JSON, or the text ends within a value.
    """
    decoder = json.JSONDecoder()
    buffer, line, is_array = _entered(text.read(_CHUNK), 1)
    is_over = False
    while True:
        stripped = buffer.lstrip(_BETWEEN)
        line += buffer[: len(buffer) - len(stripped)].count("\n")
        buffer = stripped
        if is_array and buffer.startswith("]"):
            is_over = True
            break
        if not buffer:
            buffer = text.read(_CHUNK)
            if not buffer:
                break
            continue
        value, buffer, end = _next(decoder, text, buffer, line)
        yield line, value
        line += end
    if is_array and not is_over:
        raise BrokenJson(line, "the file ends within its array: it was cut off")


def _entered(buffer: str, line: int) -> tuple[str, int, bool]:
    """Step into the array, if there is one."""
    stripped = buffer.lstrip("\ufeff" + _BETWEEN)
    line += buffer[: len(buffer) - len(stripped)].count("\n")
    if stripped.startswith("["):
        return stripped[1:], line, True
    if stripped.startswith("{"):
        key, colon, rest = stripped[1:].lstrip().partition(":")
        if colon and key.strip() == '"events"' and rest.lstrip().startswith("["):
            return rest.lstrip()[1:], line, True
    return stripped, line, False


def _next(decoder: json.JSONDecoder, text: TextIO, buffer: str, line: int) -> tuple[Any, str, int]:
    """Return the value that a buffer begins with, the rest, and how many lines the value spans."""
    while True:
        try:
            value, end = decoder.raw_decode(buffer)
            # A number may go on in what was not read yet.
            if end < len(buffer) or isinstance(value, (dict, list)) or not (more := text.read(_CHUNK)):
                return value, buffer[end:], buffer[:end].count("\n")
        except json.JSONDecodeError as error:
            more = text.read(_CHUNK)
            if not more or len(buffer) > _LONGEST:
                raise BrokenJson(line + error.lineno - 1, _in_words(error, is_cut=not more)) from error
        except RecursionError as error:
            raise BrokenJson(line, "nested too deeply") from error
        buffer += more


def _in_words(error: json.JSONDecodeError, *, is_cut: bool) -> str:
    is_at_end = error.pos >= len(error.doc.rstrip()) - 1
    return "the file ends within a value: it was cut off" if is_cut and is_at_end else f"not JSON: {error.msg}"
