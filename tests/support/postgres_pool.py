"""Databases on the tests' PostgreSQL: emptied and handed on, for making one takes longer than most tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Final

import asyncpg
from sqlalchemy.engine import make_url

from models.tables import Base

# Above this, deleted rows are still in the way of the next test: a new database is quicker.
_STILL_SMALL: Final = 24 * 2**20

_HANG_UP: Final = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY: Final = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables))
_FROM_ONE: Final = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""
# Two databases with the same columns of the same tables and indexes answer this alike: copies keep the numbers.
_SHAPE: Final = """
    SELECT md5(string_agg(concat(attrelid, attnum, attname, atttypid, attnotnull), ',' ORDER BY attrelid, attnum))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
"""
_SIZE: Final = "SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"


@dataclass(slots=True)
class _Idle:
    name: str
    connection: asyncpg.Connection
    shape: str


class Pool:
    """Databases that are copies of a template, one after another; `server` is the address of the maintenance database.

    Each is used by one test at a time and is as new for the next: no row, numbers from 1, nobody connected.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._runner = asyncio.Runner()
        self._numbers = count(1)
        self._idle: _Idle | None = None

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the address of a database that is as new."""
        lent = self._idle or self._runner.run(self._create())
        self._idle = None
        yield make_url(self._server).set(database=lent.name).render_as_string(hide_password=False)
        if self._runner.run(_emptied(lent)):
            self._idle = lent
        else:
            self._runner.run(self._drop(lent))

    def close(self) -> None:
        """Drop what is left."""
        if self._idle:
            self._runner.run(self._drop(self._idle))
        self._runner.close()

    async def _create(self) -> _Idle:
        name = f"{self._template}_{next(self._numbers)}"
        await execute(self._server, f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        connection = await _connect(self._server, name)
        return _Idle(name, connection, await connection.fetchval(_SHAPE))

    async def _drop(self, lent: _Idle) -> None:
        lent.connection.terminate()
        await execute(self._server, f'DROP DATABASE "{lent.name}" WITH (FORCE)')


async def _emptied(lent: _Idle) -> bool:
    """Make a database as new; say whether it is."""
    connection = lent.connection
    try:
        await connection.execute(_HANG_UP)
        if await connection.fetchval(_SHAPE) != lent.shape:
            return False
        await connection.execute(_EMPTY)
        await connection.execute(_FROM_ONE)
        return bool(await connection.fetchval(_SIZE) < _STILL_SMALL)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False


async def execute(server: str, statement: str) -> None:
    """Run one statement in the maintenance database."""
    connection = await _connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _connect(server: str, database: str | None = None) -> asyncpg.Connection:
    url = make_url(server).set(drivername="postgresql")
    return await asyncpg.connect(
        (url.set(database=database) if database else url).render_as_string(hide_password=False)
    )
