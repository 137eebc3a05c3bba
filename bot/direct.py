"""Short ways to the database for the hot paths, and the turns that writers of one file take.

aiosqlite hands every statement over to its thread and back, which costs more than the statement; work in a thread of
its own does without. On PostgreSQL a statement that goes to the driver takes half the processor of one that goes
through SQLAlchemy's adapter, and a connection that is kept a tenth of one that the pool hands out and checks.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar, cast

import asyncpg
from sqlalchemy import Connection, CursorResult, Dialect, Executable
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_Result = TypeVar("_Result")

MOST_STATEMENTS: Final = 256


class Turn:
    """The right to write: one at a time, in the order in which they asked."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._asking = 0

    @property
    def is_wanted(self) -> bool:
        """Say whether somebody waits for it."""
        return self._asking > 1

    async def __aenter__(self) -> None:
        self._asking += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._asking -= 1
            raise

    async def __aexit__(self, *_error: object) -> None:
        self._asking -= 1
        self._lock.release()


class Answer(list[Any]):
    """The rows of one statement, and how many it touched."""

    def __init__(self, rows: Iterable[Any], rowcount: int) -> None:
        super().__init__(rows)
        self.rowcount = rowcount


class OnSqlite:
    """A blocking connection in the shape of an asynchronous one: awaiting it never gives up the thread.

    Transactions, and what comes in the driver's own words, go to the driver, past Core, which takes longer than SQLite.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._driver = driver

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end of the block; take back what it did where it raises."""
        self._drive("BEGIN IMMEDIATE")
        try:
            yield
            self._drive("COMMIT")
        except BaseException:
            if self._driver.in_transaction:
                self._drive("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def dialect(self) -> Dialect:
        """The database in use."""
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        """Run one statement, blocking."""
        return self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = (), /) -> Answer:
        """Run one statement in the driver's own words, blocking."""
        return self._drive(statement, parameters)

    def _drive(self, statement: str, parameters: Any = ()) -> Answer:
        try:
            cursor = self._driver.execute(statement, parameters)
            return Answer(cursor.fetchall(), cursor.rowcount)
        except sqlite3.Error as error:
            raise DBAPIError.instance(statement, parameters, error, sqlite3.Error, dialect=self.dialect) from error


class OnPostgres:
    """A connection of which the store's prepared statements go to the driver. It begins no transaction by itself."""

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self._connection = connection
        self._driver = driver
        self._statements: dict[str, Any] = {}

    @classmethod
    async def open(cls, engine: AsyncEngine) -> "OnPostgres":
        """Open a connection of an engine whose isolation level is AUTOCOMMIT."""
        connection = await engine.connect()
        return cls(connection, (await connection.get_raw_connection()).driver_connection)

    @property
    def is_closed(self) -> bool:
        """Say whether the other end is known to be gone."""
        return bool(self._driver.is_closed())

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        self._driver.terminate()
        await self._connection.invalidate()
        await self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit at the end of the block; take back what it did where it raises."""
        with self._as_dbapi("BEGIN"):
            await self._driver.execute("BEGIN")
        try:
            yield
            with self._as_dbapi("COMMIT"):
                await self._driver.execute("COMMIT")
        except BaseException:
            if not self._driver.is_closed():
                await self._driver.execute("ROLLBACK")
            raise

    @property
    def dialect(self) -> Dialect:
        """The database in use."""
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        """Run one statement of Core."""
        return await self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Any = (), /) -> Answer:
        """Run one statement in the driver's own words."""
        with self._as_dbapi(statement):
            prepared = self._statements.get(statement) or await self._prepare(statement)
            rows = await prepared.fetch(*parameters)
            return Answer(rows, _count(prepared.get_statusmsg()))

    async def _prepare(self, statement: str) -> Any:
        if len(self._statements) >= MOST_STATEMENTS:
            self._statements.clear()
        prepared = self._statements[statement] = await self._driver.prepare(statement)
        return prepared

    @contextmanager
    def _as_dbapi(self, statement: str) -> Iterator[None]:
        """Raise the driver's errors as SQLAlchemy would."""
        try:
            yield
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError) as error:
            raise OperationalError(statement, None, error) from error
        except asyncpg.InvalidCachedStatementError as error:  # a migration went by: the next attempt prepares anew
            self._statements.clear()
            raise DBAPIError(statement, None, error) from error
        except asyncpg.PostgresError as error:
            raise DBAPIError(statement, None, error) from error


def _count(status: str) -> int:
    """Return how many rows a command touched, from its tag, as in `UPDATE 3`."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def run_through(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine that never waits to its end."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast(_Result, end.value)
    work.close()
    raise RuntimeError("work given to at_once awaited something other than the store")
