"""Cursors: https://docs.slack.dev/apis/web-api/pagination ."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.api.request import ApiError, Arguments
from bot.sandbox.state import Json

T = TypeVar("T")


def page(arguments: Arguments, things: Sequence[T], default: int, most: int = 1000) -> tuple[Sequence[T], Json]:
    """The page that `limit` and `cursor` ask for, and the answer's `response_metadata` with the next cursor ("":
    last).
    """
    limit = arguments.number("limit", default)
    if not 1 <= limit <= most:
        raise ApiError("invalid_limit")
    start = _position(arguments.text("cursor"))
    end = start + limit
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(things) else ""
    return things[start:end], {"response_metadata": {"next_cursor": cursor}}


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ApiError("invalid_cursor") from None
