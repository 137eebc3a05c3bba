"""A short way to SQLite for the hot paths, and the turns that writers of one file take.

aiosqlite hands every statement over to its thread and back, which costs more than the statement; work in a thread of
its own does without.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Dialect, Executable
from sqlalchemy.exc import DBAPIError

_Result = TypeVar("_Result")


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


def run_through(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine that never waits to its end."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast(_Result, end.value)
    work.close()
    raise RuntimeError("work given to at_once awaited something other than the store")
