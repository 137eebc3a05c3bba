"""Long reading runs beside the event loop, on both databases, and ends with the bot."""

import asyncio
import threading
import time

import pytest

from bot.database import Database
from handlers.errors import Unavailable
from models.store import Store


async def _thread(store: Store) -> tuple[str, int]:
    return threading.current_thread().name, len(await store.sources.all())


async def test_work_aside_reads_in_a_thread_of_its_own(database: Database) -> None:
    assert ("aside", 0) == await database.aside(_thread)
    assert ("aside", 0) == await database.aside(_thread)


async def test_the_event_loop_goes_on_while_work_aside_is_busy(database: Database) -> None:
    async def busy(store: Store) -> None:
        await store.sources.all()
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            pass

    turns, reading = 0, asyncio.create_task(database.aside(busy))
    while not reading.done():
        turns += 1
        await asyncio.sleep(0)
    await reading
    assert turns > 10


async def test_the_next_work_aside_waits_for_a_rest(database: Database) -> None:
    async def busy(_store: Store) -> float:
        time.sleep(0.1)  # noqa: ASYNC251  # what it stands for is work of the processor
        return time.monotonic()

    first, second = await asyncio.gather(database.aside(busy), database.aside(busy))
    assert abs(second - first) >= 0.2


async def test_an_error_aside_is_the_callers(database: Database) -> None:
    async def wrong(_store: Store) -> None:
        raise KeyError("no such number")

    with pytest.raises(KeyError, match="no such number"):
        await database.aside(wrong)


async def test_work_that_is_given_up_is_broken_off(database: Database) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def endless(_store: Store) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(database.aside(endless))
    assert await asyncio.to_thread(begun.wait, 5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(ended.wait, 5)


async def test_closing_ends_what_still_reads() -> None:
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    with pytest.raises(Unavailable):
        await database.aside(_thread)
    await database.close()
    await database.close()
