"""Transactions and turns: nothing waits for ever, nothing is left half done, and a lost connection is replaced."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.database import Database
from handlers.errors import Unavailable
from models.store import Store
from models.store.deliveries import NewDelivery

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Group:
    """A job that stores one delivery."""

    def __init__(self, key: str, told: list[str]) -> None:
        self.key = key
        self.told = told

    def prepare(self) -> None:
        """Do nothing."""

    async def work(self, store: Store) -> None:
        """Store it."""
        await store.deliveries.add_group([delivery(self.key)])

    def done(self, error: Exception | None) -> None:
        """Remember that it is stored."""
        self.told.append(f"{self.key}: {type(error).__name__}" if error else self.key)


def delivery(key: str) -> NewDelivery:
    return NewDelivery(source="github", key=key, event="push", received_at=AT, headers={}, body=b"")


def jobs(told: list[str], *keys: str) -> Callable[[], Group | None]:
    left = [Group(key, told) for key in reversed(keys)]
    return lambda: left.pop() if left else None


async def stored(database: Database) -> list[str]:
    async with database.reading() as store:
        return [d.key for d in await store.deliveries.claim(100)]


async def add(store: Store) -> None:
    await store.deliveries.add_group([delivery("added")])


async def _others(database: Database) -> None:
    """End every other connection, as a restart of PostgreSQL does."""
    async with database._writer.connect() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await asyncio.sleep(0.05)


async def test_jobs_are_stored_one_after_another_and_one_that_fails_fails_alone(database: Database) -> None:
    told: list[str] = []
    await database.in_turn(jobs(told, "a", "\ud800", "b"))

    assert ["a", "b"] == await stored(database)
    assert ["a", "b"] == [key for key in told if len(key) == 1]
    assert 3 == len(told)


async def test_who_wants_to_write_waits_for_one_job_only(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    told: list[str] = []
    next_job = jobs(told, "a", "b", "c")
    async with database.transaction():
        first = asyncio.create_task(database.in_turn(next_job))
        await asyncio.sleep(0)
        other = asyncio.create_task(database.at_once(add))
        await asyncio.sleep(0)
    await asyncio.gather(first, other)
    found = await stored(database)
    await database.close()

    assert ["a", "added"] == found
    assert ["a"] == told


async def test_cancelled_it_ends_the_job_it_is_at(database: Database) -> None:
    told: list[str] = []
    turn = asyncio.create_task(database.in_turn(jobs(told, "a")))
    await asyncio.sleep(0)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn

    assert ["a"] == told == await stored(database)


async def test_what_fails_leaves_nothing_and_the_next_work_goes_on(database: Database) -> None:
    async def broken(store: Store) -> None:
        await add(store)
        raise ValueError("half done")

    with pytest.raises(ValueError, match="half done"):
        await database.at_once(broken)
    assert [] == await stored(database)

    await database.at_once(add)
    assert ["added"] == await stored(database)


@pytest.mark.postgres
async def test_a_connection_that_postgresql_closed_is_replaced_unnoticed(postgres_url: str) -> None:
    database = Database(postgres_url)
    told: list[str] = []
    await database.in_turn(jobs(told, "before"))
    await _others(database)
    await database.in_turn(jobs(told, "after"))
    await database.at_once(add)
    found = await stored(database)
    await database.close()

    assert ["before", "after"] == told
    assert ["before", "after", "added"] == found


@pytest.mark.postgres
async def test_what_comes_in_is_stored_while_other_work_holds_every_connection_it_may(postgres_url: str) -> None:
    database = Database(postgres_url)
    begun, released = asyncio.Semaphore(0), asyncio.Event()

    async def long(_: Store) -> None:
        begun.release()
        await released.wait()

    others = [asyncio.create_task(database.at_once(long)) for _ in range(4)]
    for _ in others:
        await begun.acquire()
    told: list[str] = []
    async with asyncio.timeout(30):
        await database.in_turn(jobs(told, "meanwhile"))
    released.set()
    await asyncio.gather(*others)
    await database.close()

    assert ["meanwhile"] == told


@pytest.mark.postgres
async def test_one_closed_in_the_middle_is_a_database_that_does_not_answer(postgres_url: str) -> None:
    database = Database(postgres_url)

    async def cut(store: Store) -> None:
        await _others(database)
        await add(store)

    with pytest.raises(Unavailable):
        await database.at_once(cut)
    await database.at_once(add)
    found = await stored(database)
    await database.close()

    assert ["added"] == found


@pytest.mark.postgres
async def test_a_value_that_the_driver_refuses_is_no_database_that_is_away(postgres_url: str) -> None:
    """Else a batch with such a value would be tried again for ever, in place of one delivery failing alone."""
    database = Database(postgres_url)

    async def wrong(store: Store) -> None:
        await store.deliveries._connection.exec_driver_sql("SELECT $1::int", ("no number",))

    with pytest.raises(DBAPIError):
        await database.at_once(wrong)
    await database.at_once(add)
    found = await stored(database)
    await database.close()

    assert ["added"] == found


@pytest.mark.postgres
async def test_statements_prepared_before_a_migration_are_prepared_anew(postgres_url: str) -> None:
    database = Database(postgres_url)

    async def everything(store: Store) -> None:
        await store.deliveries._connection.exec_driver_sql("SELECT * FROM deliveries", ())

    await database.at_once(everything)
    async with database._writer.begin() as connection:
        await connection.execute(text("ALTER TABLE deliveries ADD COLUMN later TEXT"))
    with pytest.raises(Exception, match="cached"):
        await database.at_once(everything)
    await database.at_once(everything)
    await database.close()


@pytest.mark.postgres
async def test_postgresql_does_not_compress_a_body_again(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database._writer.connect() as connection:
        columns = "SELECT attstorage FROM pg_attribute WHERE attrelid = 'deliveries'::regclass AND attname = 'body'"
        found = (await connection.execute(text(columns))).scalar_one()
    await database.close()

    assert b"e" == found  # "external", https://www.postgresql.org/docs/current/catalog-pg-type.html


@pytest.mark.parametrize("code", ["57P03", "57P01", "53300", "53100", "08006"])
async def test_one_that_is_starting_stopping_or_full_is_a_database_that_does_not_answer(code: str) -> None:
    """What waits must wait on, and not count as failed."""
    said = f"SFATAL\0VFATAL\0C{code}\0Mnot now\0\0".encode()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # https://www.postgresql.org/docs/current/protocol-message-formats.html : SSLRequest, then StartupMessage.
        if await reader.readexactly(8) == bytes.fromhex("0000000804d2162f"):
            writer.write(b"N")
            await reader.readexactly(8)
        writer.write(b"E" + (len(said) + 4).to_bytes(4, "big") + said)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        database = Database(f"postgresql+asyncpg://me@127.0.0.1:{server.sockets[0].getsockname()[1]}/x")
        with pytest.raises(Unavailable):
            await database.at_once(add)
        with pytest.raises(Unavailable):
            async with database.transaction() as store:
                await store.deliveries.counts()
        await database.close()
