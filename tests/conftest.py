"""Shared fixtures: a migrated database of each kind, as new for every test."""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio
import structlog
from playwright.async_api import Browser
from sqlalchemy.engine import make_url

from bot.database import Database, migrate
from tests.support import postgres, scratch
from tests.support.browser import chromium
from tests.support.postgres_pool import Pool, execute

DATABASES = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]
# Several processes run tests side by side, against one server where TEST_DATABASE_URL names it.
_OURS = f"twinspan_test_{os.getpid()}"

# By default structlog prints every local of every frame: half a minute for one exception with a big payload in it.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


# How long one example takes says more of the machine than of the example.
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped for want of what, each reason in one line."""
    skipped = terminalreporter.stats.get("skipped", [])
    # Of a skipped test `longrepr` is where, in which line, and why.
    reasons = Counter(str(report.longrepr[-1]).removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("skipped here")
    for reason, number in reasons.most_common():
        terminalreporter.line(f"{number:5} tests: {reason}")


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
    """Run PostgreSQL for the session; skip where there is none."""
    reason = postgres.why_not()
    if reason:
        pytest.skip(reason)
    with postgres.cluster() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_pool(postgres_server: str) -> Iterator[Pool]:
    """Return migrated databases to use one after another."""
    asyncio.run(execute(postgres_server, f'CREATE DATABASE "{_OURS}"'))
    migrate(make_url(postgres_server).set(database=_OURS).render_as_string(hide_password=False))
    pool = Pool(postgres_server, _OURS)
    yield pool
    pool.close()
    asyncio.run(execute(postgres_server, f'DROP DATABASE "{_OURS}" WITH (FORCE)'))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return a Chromium that runs for the session, and in its loop: so must the tests that use it."""
    async with chromium() as started:
        yield started


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
    with request.getfixturevalue("postgres_pool").database() as url:
        yield url
