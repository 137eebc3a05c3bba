"""The only impure sources of time and identity; everything else is handed them."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import uuid4


def utc_now() -> datetime:
    """Return this instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds on a clock that never goes back; only differences mean something."""
    return time.monotonic()


def new_id() -> str:
    """Return an identity that nobody else has: 32 hexadecimal digits."""
    return uuid4().hex


async def sleep(seconds: float) -> None:
    """Wait without holding anybody up."""
    await asyncio.sleep(seconds)
