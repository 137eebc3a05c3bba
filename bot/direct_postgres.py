"""A short way to PostgreSQL for the hot paths.

A statement that goes to the driver takes half the processor of one that goes through SQLAlchemy's adapter, and a
connection that is kept a tenth of one that the pool hands out and checks.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import asyncpg
from sqlalchemy import CursorResult, Dialect, Executable
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.direct import Answer

MOST_STATEMENTS: Final = 256


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
        """Commit at the end of the block. Who lent the connection closes it where it raises, which takes back all."""
        with self._as_dbapi("BEGIN"):
            await self._driver.execute("BEGIN")
        yield
        with self._as_dbapi("COMMIT"):
            await self._driver.execute("COMMIT")

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

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Write many new rows without a statement."""
        with self._as_dbapi(f"COPY {table}"):
            await self._driver.copy_records_to_table(table, columns=columns, records=rows)

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
