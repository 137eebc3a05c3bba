"""The database: engine, transactions, migrations. The only place that knows which database it is.

SQLite has one writer at a time. All writing takes turns inside the process, in order, instead of polling for
SQLite's lock; readers have their own connections and, in WAL mode, never wait for the writer. The hot paths
(`at_once`, `in_turn`) run in a thread of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from bot.aside import Aside
from bot.direct import OnSqlite, Turn, run_through
from handlers.errors import Unavailable
from handlers.ports import Job
from models.store import Store

if TYPE_CHECKING:
    from bot.direct_postgres import OnPostgres

_Result = TypeVar("_Result")

# PostgreSQL ended this transaction so that another could go on; the same again works
# (https://www.postgresql.org/docs/current/errcodes-appendix.html: serialization failure, deadlock).
_GAVE_WAY = frozenset({"40001", "40P01"})
# It is starting, stopping, full, or serves nobody more: not the statement's fault either.
_AWAY = ("08", "53", "57P")

_SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"


class OldSchema(Exception):
    """The database's schema is not the one this release needs."""


class Database:
    """One database for the life of the process.

    `transaction()` commits when its block ends and rolls back when it raises; `reading()` never writes. Never open
    one inside the other: on SQLite the inner one would wait for the outer one for ever.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._writer = _engine(url, pool_size=1 if self.is_sqlite else 10)
        self._turn = Turn()
        self._reader = self._one_state(_engine(url, pool_size=3) if self.is_sqlite else self._writer)
        if not self.is_sqlite:
            self._hot = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
            self._few = asyncio.Semaphore(4)
            self._kept: list[OnPostgres] = []
            # Apart: a connection's first use of a statement takes 10 ms and more, which the door waits for once.
            self._kept_for_jobs: list[OnPostgres] = []
        self._aside = Aside(lambda: self._one_state(_engine(url, pool_size=1)))
        if self.is_sqlite:
            _begin_with(self._writer.sync_engine, "BEGIN IMMEDIATE")
            self._direct = _direct_engine(url)
            self._connection: OnSqlite | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    def _one_state(self, engine: AsyncEngine) -> AsyncEngine:
        """Return a reader: each block sees the database as it was at its first query."""
        if not self.is_sqlite:
            return engine.execution_options(isolation_level="REPEATABLE READ")
        _begin_with(engine.sync_engine, "BEGIN")
        return engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Store]:
        """Yield a store whose writes are committed together, or not at all."""
        with _unavailable():
            if not self.is_sqlite:
                async with self._writer.begin() as connection:
                    yield Store(connection)
                return
            async with self._turn, self._writer.begin() as connection:
                yield Store(connection)

    async def at_once(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> _Result:
        """Run work that awaits nothing but the store in a transaction of its own; return its result."""
        if not self.is_sqlite:
            with _unavailable():
                async with self._few, self._straight(self._kept) as connection, connection.transaction():
                    return await work(Store(connection))
        with _unavailable():
            async with self._turn:
                return await self._in_thread(self._work_off, work)

    async def in_turn(self, next_job: Callable[[], Job | None]) -> None:
        """Run jobs one after another, each stored for itself, until there is none or another wants to write.

        Cancelled, it first ends the job it is at.
        """
        if not self.is_sqlite:
            await _to_its_end(self._jobs_apart(next_job))
            return
        async with self._turn:
            await _to_its_end(self._in_thread(self._work_off_jobs, next_job))

    def _in_thread(self, work: Callable[..., _Result], *arguments: Any) -> Awaitable[_Result]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _work_off(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> _Result:
        if self._connection is None:
            self._connection = OnSqlite(self._direct.connect())
        with self._connection.transaction():
            return run_through(work(Store(self._connection)))

    def _work_off_jobs(self, next_job: Callable[[], Job | None]) -> None:
        """Work off jobs without a word to the event loop: it may be busy for longer than a job takes."""
        while (job := next_job()) is not None:
            error: Exception | None = None
            try:
                with _unavailable():
                    job.prepare()
                    self._work_off(job.work)
            except Exception as raised:
                error = raised
            job.done(error)
            if self._turn.is_wanted:
                return

    async def _jobs_apart(self, next_job: Callable[[], Job | None]) -> None:
        """Do the same on PostgreSQL, where a job's one statement is a transaction without being told so."""
        while (job := next_job()) is not None:
            error: Exception | None = None
            try:
                with _unavailable():
                    job.prepare()
                    async with self._straight(self._kept_for_jobs) as connection:
                        await job.work(Store(connection))
            except Exception as raised:
                error = raised
            job.done(error)

    @asynccontextmanager
    async def _straight(self, kept: "list[OnPostgres]") -> AsyncIterator["OnPostgres"]:
        """Yield a connection past SQLAlchemy's adapter and pool; one that PostgreSQL closed meanwhile is not used."""
        from bot import direct_postgres  # its driver is 3 MB that a process on SQLite does without

        while kept and kept[-1].is_closed:
            await kept.pop().close()
        connection = kept.pop() if kept else await direct_postgres.OnPostgres.open(self._hot)
        try:
            yield connection
        except BaseException:
            await connection.close()
            raise
        kept.append(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Store]:
        """Yield a store that sees one state of the database and writes nothing."""
        with _unavailable():
            async with self._reader.connect() as connection:
                yield Store(connection)

    async def aside(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> _Result:
        """Run reading that takes its time off the event loop, on one state of the database; return its result."""
        with _unavailable():
            return await self._aside.run(work)

    async def revision(self) -> str | None:
        """Return the schema's revision; `None` for an empty database."""
        async with self._writer.connect() as connection:
            if not await connection.run_sync(lambda c: inspect(c).has_table("alembic_version")):
                return None
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            return cast("str | None", found.scalar_one_or_none())

    async def close(self) -> None:
        """Close every connection."""
        await self._aside.close()
        await self._writer.dispose()
        if not self.is_sqlite:
            for connection in (*self._kept, *self._kept_for_jobs):
                await connection.close()
        await self._reader.dispose()
        self._thread.shutdown()
        if self.is_sqlite:
            if self._connection is not None:
                self._connection.close()
            self._direct.dispose()


def _direct_engine(url: str) -> Engine:
    path = make_url(url).set(drivername="sqlite+pysqlite")
    engine = create_engine(path, poolclass=StaticPool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _set_pragmas)
    return engine


async def _to_its_end(work: Awaitable[None]) -> None:
    """Await work that is not to be left in the middle: cancelled, end it first."""
    running = asyncio.ensure_future(work)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await running
        raise


@contextmanager
def _unavailable() -> Iterator[None]:
    """Tell a database that does not answer, or that chose another transaction, apart from a statement that is wrong."""
    try:
        yield
    except (PoolTimeout, OSError) as error:
        raise Unavailable(f"the database does not answer: {type(error).__name__}") from error
    except DBAPIError as error:
        state = str(getattr(error.orig, "sqlstate", None) or "")
        is_away = isinstance(error, OperationalError | InterfaceError) or state.startswith(_AWAY)
        if not is_away and state not in _GAVE_WAY:
            raise
        raise Unavailable(f"the database does not answer: {type(error).__name__}") from error


def _engine(url: str, *, pool_size: int) -> AsyncEngine:
    is_sqlite = url.startswith("sqlite")
    if is_sqlite and (path := make_url(url).database) not in (None, "", ":memory:"):
        Path(str(path)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=60, pool_pre_ping=not is_sqlite)
    if is_sqlite:
        event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    """Make SQLite durable, concurrent and strict about foreign keys (https://www.sqlite.org/pragma.html)."""
    # The driver must not open transactions by itself; `_begin_with` does, with the right kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_with(engine: Engine, statement: str) -> None:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begin)


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema to a revision, up or down (`base` empties it). Blocks; call it off the event loop."""
    from alembic import command  # seldom needed, and 7 MB of a process that runs for months
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = url
    is_down = revision == "base" or revision.startswith("-")
    (command.downgrade if is_down else command.upgrade)(config, head_revision() if revision == "head" else revision)


async def with_schema(database: Database) -> None:
    """Migrate a file of SQLite to the schema this release needs; elsewhere that is for a person to decide.

    Raises:
        OldSchema: a database that is not a file has an older schema.
    """
    revision, needed = await database.revision(), head_revision()
    # A newer release's schema serves this one too: else going back, or one replica after the other, would not do.
    if revision is not None and revision >= needed:
        return
    if not database.is_sqlite:
        raise OldSchema(
            f"the database's schema is at {revision or 'nothing'}, this release needs {needed}: "
            "run `twinspan migrate`, then start again"
        )
    await asyncio.to_thread(migrate, database.url)


def head_revision() -> str:
    """Return the revision this release needs."""
    return revisions()[-1]


def revisions() -> list[str]:
    """Return the revisions this release knows, oldest first: the files' names begin with theirs."""
    return sorted(path.stem.partition("_")[0] for path in (_SCRIPTS / "versions").glob("[0-9]*.py"))
