"""What a report costs, and how little the length of the history matters: `python -m bench.metrics [--small]`.

A one-week report of one bridge (all five metrics and the incident numbers, with the previous week and eight weeks of
history), on SQLite and on PostgreSQL in one run: over a year with 20,000 deploys, 80,000 commits and 2,000 incidents,
and over one with 50 such bridges. Then what a late deploy costs beside one that arrives in order.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from bot.database import Database, migrate
from bot.interpreter import settle
from handlers.between import with_both_sides
from handlers.bookkeeping import Told, book
from handlers.reports import Scope, read_report
from models.periods import window
from models.reports import CommitReport, DeployReport
from models.store.base import table_of
from models.tables import (
    CommitRow,
    DeployCommitRow,
    IncidentRow,
    IncidentServiceRow,
    LedgerRow,
    RolloutRow,
)
from models.topology import Service, Topology
from models.words import DeployStatus, Remedy, Tier
from tests.support import postgres

START = datetime(2025, 3, 3, tzinfo=UTC)
YEAR = timedelta(days=364)
DEPLOYS, INCIDENTS, SERVICES = 20_000, 2_000, 5
AS_OF = START + YEAR
WEEK = window((AS_OF - timedelta(days=7)).date(), "week", "UTC")
SCOPE = Scope(name="bridge 0", services=tuple(f"b0-s{n}" for n in range(SERVICES)))
TOPOLOGY = Topology(services=tuple(Service(name=name) for name in SCOPE.services or ()))
TABLES = (LedgerRow, CommitRow, DeployCommitRow, RolloutRow, IncidentRow, IncidentServiceRow)


def rows(bridges: int, services: int = SERVICES) -> Iterator[dict[type[Any], list[dict[str, Any]]]]:
    """Make a year of history, some thousand rows of each table at a time."""
    chance = random.Random(1)
    for bridge in range(bridges):
        for first in range(0, DEPLOYS, 2_000):
            made: dict[type[Any], list[dict[str, Any]]] = {table: [] for table in TABLES}
            for number in range(first, first + 2_000):
                _deploy(made, bridge, number, services, chance)
            for number in range(first // 10, (first + 2_000) // 10):
                _incident(made, bridge, number, services, chance)
            yield made


def _deploy(
    made: dict[type[Any], list[dict[str, Any]]], bridge: int, number: int, services: int, chance: random.Random
) -> None:
    ledger_id = bridge * DEPLOYS + number + 1
    at = START + YEAR * (number / DEPLOYS)
    service = f"b{bridge}-s{number % services}"
    shas = [f"{ledger_id:x}-{n}".rjust(40, "0") for n in range(4)]
    leads = [(sha, float(int(chance.lognormvariate(10, 1)))) for sha in shas]
    failed = at if chance.random() < 0.1 else None
    common = {"service": service, "finished_at": at}
    made[LedgerRow].append(
        {
            **common,
            "id": ledger_id,
            "type": "deploy",
            "source": "ci",
            "external_id": f"d{ledger_id}",
            "environment": "production",
            "at": at,
            "received_at": at,
            "status_at": at,
            "latest_at": at,
            "said": {},
            "deploy_status": DeployStatus.SUCCEEDED,
            "tier": Tier.PRODUCTION,
            "version": f"v{ledger_id}",
            "ran": f"v{ledger_id}",
            "commits_known": True,
            "remedy": Remedy.NONE,
        }
    )
    for place, (sha, lead) in enumerate(leads):
        written = at - timedelta(seconds=lead)
        made[CommitRow].append({"repository": service, "sha": sha, "authored_at": written})
        made[DeployCommitRow].append({"deploy_id": ledger_id, "sha": sha, "repository": service, "position": place})
    made[RolloutRow].append(
        {
            **common,
            "key": f"#{ledger_id}",
            "name": f"d{ledger_id}",
            "environments": ("production",),
            "is_rollback": False,
            "is_rework": chance.random() < 0.05,
            "failed_at": failed,
            "recovered_at": failed and failed + timedelta(hours=1),
            "leads": leads,
        }
    )


def _incident(
    made: dict[type[Any], list[dict[str, Any]]], bridge: int, number: int, services: int, chance: random.Random
) -> None:
    incident_id = bridge * INCIDENTS + number + 1
    started = START + YEAR * (number / INCIDENTS)
    service = f"b{bridge}-s{number % services}"
    resolved = started + timedelta(seconds=chance.expovariate(1 / 3600))
    made[IncidentRow].append(
        {
            "id": incident_id,
            "source": "pager",
            "incident_id": f"i{incident_id}",
            "services": (service,),
            "title": "slow",
            "status": "resolved",
            "status_at": resolved,
            "started_at": started,
            "acknowledged_at": started + timedelta(minutes=4),
            "resolved_at": resolved,
            "received_at": started,
            "latest_at": resolved,
            "said": {},
        }
    )
    made[IncidentServiceRow].append(
        {
            "service": service,
            "incident_id": incident_id,
            "started_at": started,
            "acknowledged_at": started + timedelta(minutes=4),
            "resolved_at": resolved,
        }
    )


async def fill(database: Database, bridges: int, services: int = SERVICES) -> None:
    """Write the history."""
    for made in rows(bridges, services):
        async with database.transaction() as store:
            for table, listed in made.items():
                await store._connection.execute(insert(table_of(table)), listed)
    async with database.transaction() as store:
        if not database.is_sqlite:
            # The rows came with numbers of their own, which the sequence does not know.
            await store._connection.execute(
                text("SELECT setval(pg_get_serial_sequence('ledger', 'id'), (SELECT max(id) FROM ledger))")
            )
        await store._connection.execute(text("ANALYZE"))


async def report_ms(database: Database, rounds: int = 21) -> float:
    """Return the median of what a report takes, in milliseconds."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        async with database.reading() as store:
            report = await with_both_sides(store, TOPOLOGY, await read_report(store, SCOPE, WEEK, AS_OF))
        took.append(1000 * (time.perf_counter() - began))
        assert report.now.lead_time_n > 1_000
    return statistics.median(took)


async def booking_ms(database: Database, lateness: timedelta, first: int, rounds: int = 21) -> float:
    """Return the median of what booking one deploy takes that arrives so late, in milliseconds."""
    took = []
    for number in range(first, first + rounds):
        at = AS_OF - lateness + timedelta(seconds=number)
        report = DeployReport(
            deploy_id=f"late-{number}",
            service="b0-s0",
            environment="production",
            occurred_at=at,
            status=DeployStatus.SUCCEEDED,
            version=f"late-{number}",
            commits=(CommitReport(repository="b0-s0", sha=f"late-{number}", authored_at=at),),
        )
        told = [Told(0, "ci", at, report)]
        began = time.perf_counter()
        await database.at_once(partial(book, topology=TOPOLOGY, batch=told))
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


@asynccontextmanager
async def on_sqlite() -> AsyncIterator[Database]:
    """Yield a new SQLite file."""
    with tempfile.TemporaryDirectory(prefix="twinspan-bench-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        await asyncio.to_thread(migrate, url)
        database = Database(url)
        yield database
        await database.close()


@asynccontextmanager
async def on_postgres() -> AsyncIterator[Database]:
    """Yield a new PostgreSQL."""
    with postgres.cluster() as maintenance:
        await asyncio.to_thread(migrate, maintenance)
        database = Database(maintenance)
        yield database
        await database.close()


async def measure(name: str, sizes: Sequence[int]) -> None:
    """Measure one database at every size and print a line for each."""
    small: float | None = None
    for bridges in sizes:
        async with on_sqlite() if name == "SQLite" else on_postgres() as database:
            await fill(database, bridges)
            await report_ms(database, 3)
            took = await report_ms(database)
            small = small or took
            now = await booking_ms(database, timedelta(), 0)
            late = await booking_ms(database, timedelta(days=30), 1_000)
            print(
                f"{name:11}{bridges * DEPLOYS:>12,} deploys{took:>10.1f} ms{took / small:>8.2f} x"
                f"   in order {now:>6.1f} ms, a month late {late:>6.1f} ms, {late - now:+.1f} ms",
                flush=True,
            )


def main() -> None:
    """Measure both databases."""
    settle()
    sizes = (1,) if "--small" in sys.argv else (1, 50)
    for name in ("SQLite", "PostgreSQL"):
        asyncio.run(measure(name, sizes))


if __name__ == "__main__":
    main()
