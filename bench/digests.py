"""What a digest costs, and whether many at once are felt at the door: `python -m bench.digests`.

On SQLite and on PostgreSQL in one run, 40 services with 20,000 deploys of a year: a weekly digest from its claim to its
rows in the outbox (median of 21 weeks, nothing else running); then 200 digests due at the same minute while 200
webhooks a second arrive, and how long their acknowledgements take beside those of the same load without digests.
"""

import asyncio
import statistics
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.ingest import Server, fresh, load, server, stats
from bench.metrics import fill
from bench.server import DIGESTS, NOW, Nowhere, plans, settings
from bot.app import build
from bot.aside import LONGEST_REST_SECONDS
from bot.database import Database, migrate
from bot.interpreter import settle
from handlers.digest_runs import run_digest
from tests.support import postgres

RATE = 200
SECONDS = 40


async def digest_ms(url: str) -> float:
    """Return the median of what one digest takes, in milliseconds."""
    settle()  # as a server does: else some digests are a full collection of garbage longer
    bot = build(settings(url), messenger=Nowhere())
    plan, took = plans()[0], []
    for weeks in range(21):
        slot = NOW - timedelta(weeks=weeks)
        await asyncio.sleep(LONGEST_REST_SECONDS)  # belongs to the one before
        began = time.perf_counter()
        assert await run_digest(bot.ctx, plan, slot, slot)
        took.append(1000 * (time.perf_counter() - began))
    await bot.database.close()
    return statistics.median(took)


async def prepared(url: str) -> None:
    """Write a year of history."""
    await asyncio.to_thread(migrate, url)
    database = Database(url)
    await fill(database, 1, services=40)
    await database.close()


def measure(name: str, url: str) -> None:
    """Print both measurements of one database."""
    asyncio.run(prepared(url))
    print(
        f"{name:11} one digest of 40 services, from claim to outbox: {asyncio.run(digest_ms(url)):.0f} ms", flush=True
    )
    with server(url) as bot:
        alone = load(bot.port, "/webhooks/github", SECONDS / 2, rate=RATE)
        began = time.perf_counter()
        start(bot)
        beside = load(bot.port, "/webhooks/github", SECONDS, rate=RATE)
        while not stats(bot.port)["digests"]:
            time.sleep(0.5)
        for said, told in (("alone", alone), (f"beside {DIGESTS} digests", beside)):
            print(f"{'':11} acknowledgements {said}: p50 {told['p50_ms']:.1f} ms, p99 {told['p99_ms']:.1f} ms")
        print(f"{'':11} all digests done after {time.perf_counter() - began:.0f} s", flush=True)


def start(bot: Server) -> None:
    """Let the digests be due."""
    with urllib.request.urlopen(f"http://127.0.0.1:{bot.port}/digests", timeout=30):
        pass


@contextmanager
def on_sqlite() -> Iterator[str]:
    """Yield the address of a new SQLite file."""
    with TemporaryDirectory(prefix="twinspan-bench-") as folder:
        yield f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"


def main() -> None:
    """Measure both databases."""
    with on_sqlite() as url:
        measure("SQLite", url)
    with postgres.cluster("-c", "fsync=on", "-c", "synchronous_commit=on") as maintenance:
        measure("PostgreSQL", asyncio.run(fresh(maintenance)))


if __name__ == "__main__":
    main()
