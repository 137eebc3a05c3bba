"""The small language of the block rules: a check takes a value and its JSON pointer, and yields problems.

Problems are worded as Slack words them in `response_metadata.messages`, so that what is learned here helps there:
`must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any, str], Iterator[str]]
Rule: TypeAlias = Callable[[dict[str, Any], str], Iterator[str]]


def at(pointer: str, words: str) -> str:
    """A problem as Slack words it."""
    return f"{words} [json-pointer:{pointer}]"


def string(most: int | None = None, least: int = 1) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield at(pointer, "must provide a string")
        elif len(value) < least:
            yield at(pointer, f"must be more than {least - 1} characters")
        elif most is not None and len(value) > most:
            yield at(pointer, f"must be less than {most + 1} characters")

    return check


def enum(*allowed: str) -> Check:
    """One of these strings."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if value not in allowed:
            yield at(pointer, "must be a valid enum value")

    return check


def boolean(value: Any, pointer: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield at(pointer, "must provide a boolean")


def number(value: Any, pointer: str) -> Iterator[str]:
    """Any number; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield at(pointer, "must provide a number")


def integer(least: int, most: int | None = None) -> Check:
    """A whole number within bounds."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield at(pointer, "must provide an integer")
        elif value < least:
            yield at(pointer, f"must be greater than {least - 1}")
        elif most is not None and value > most:
            yield at(pointer, f"must be less than {most + 1}")

    return check


def url(most: int = 3000) -> Check:
    """A web address. 3,000 characters: https://docs.slack.dev/reference/block-kit/blocks/image-block ."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        found = list(string(most)(value, pointer))
        yield from found
        if not found and not str(value).startswith(("https://", "http://", "mailto:")):
            yield at(pointer, "must be a valid URL")

    return check


def items(check: Check, most: int, least: int = 1) -> Check:
    """A list of `least` to `most` values, each of which passes `check`."""

    def check_all(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield at(pointer, "must provide an array")
            return
        if len(value) > most:
            yield at(pointer, f"no more than {most} items allowed")
        if len(value) < least:
            yield at(pointer, f"must have at least {least} items")
        for index, one in enumerate(value):
            yield from check(one, f"{pointer}/{index}")

    return check_all


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *rules: Rule) -> Check:
    """An object with these fields and no others; `rules` look at the whole object once its fields are right."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield at(pointer, "must provide an object")
            return
        found = [at(pointer, f"missing required field: {name}") for name in required if name not in value]
        for name, field in value.items():
            if name in known:
                found += known[name](field, f"{pointer}/{name}")
            elif name != "type":
                found.append(at(pointer, f"invalid additional property: {name}"))
        yield from found
        if not found:
            for rule in rules:
                yield from rule(value, pointer)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` names the check that it must pass."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield at(pointer, "must provide an object")
        elif "type" not in value:
            yield at(pointer, "missing required field: type")
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            yield at(f"{pointer}/type", f"unsupported type: {value['type']}")
        else:
            yield from kinds[value["type"]](value, pointer)

    return check
