"""Shared fixtures: a migrated database of each kind, new for every test."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import structlog
from sqlalchemy.engine import make_url

from bot.database import Database, migrate
from tests.support import postgres, scratch

DATABASES = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]
# Several processes run tests side by side, against one server where TEST_DATABASE_URL names it.
_OURS = f"twinspan_test_{os.getpid()}"
_numbers = count(1)

# By default structlog prints every local of every frame: half a minute for one exception with a big payload in it.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_configure() -> None:
    """Put `tmp_path` where nothing waits for a disk (TMPDIR, if set, says where)."""
    memory = scratch.folder()
    if memory and "TMPDIR" not in os.environ:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed where CI is set: there, what the tests need is installed, or it is a fault."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI is set: {call.excinfo.value if call.excinfo else ''}"
    return report


@pytest.fixture
def at() -> datetime:
    """Return the instant at which tests happen: a Monday morning."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run PostgreSQL for the session, with a migrated template database; skip where there is none."""
    reason = postgres.why_not()
    if reason:
        pytest.skip(reason)
    with postgres.cluster() as url:
        asyncio.run(_execute(url, f'CREATE DATABASE "{_OURS}_template"'))
        migrate(make_url(url).set(database=f"{_OURS}_template").render_as_string(hide_password=False))
        yield url
        asyncio.run(_execute(url, f'DROP DATABASE "{_OURS}_template" WITH (FORCE)'))


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a fresh, migrated database: each test runs on SQLite and on PostgreSQL."""
    yield from _fresh(request, request.param, tmp_path)


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a fresh, migrated SQLite file."""
    yield from _fresh(request, "sqlite", tmp_path)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a fresh, migrated PostgreSQL database; tests that ask for it are marked `postgres`."""
    yield from _fresh(request, "postgres", tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return an open database, on SQLite and on PostgreSQL."""
    opened = Database(database_url)
    yield opened
    await opened.close()


def _fresh(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        path = folder / "twinspan.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"{_OURS}_{next(_numbers)}"
    asyncio.run(_execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{_OURS}_template"'))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    asyncio.run(_execute(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
