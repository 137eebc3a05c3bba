"""How many events a second `twinspan import` writes, and in how much memory: `python -m bench.imports`.

Two histories in one run, one five times as long: the rate is that of their difference, so that starting does not
count; the ratios of rate and peak memory say whether either depends on the length. An event is a deploy with a commit.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.ingest import fresh
from bot.database import migrate
from tests.support import postgres

SHORT, LONG = 10_000, 50_000
SERVICES = 40
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
HEADER = "deploy_id,service,environment,finished_at,started_at,version,sha,repository,actor,commit_authored_at"


@dataclass(frozen=True)
class Took:
    """One import: seconds, and the process's peak of resident memory in MB."""

    seconds: float
    peak_mb: float


def write_history(path: Path, events: int) -> None:
    """Write deploys, one every ten minutes."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{HEADER}\n")
        for n in range(events):
            at = FIRST + timedelta(minutes=10 * n)
            began, authored = at - timedelta(minutes=5), at - timedelta(hours=5)
            name = f"svc{n % SERVICES}"
            row = (f"d{n}", name, "production", at, began, f"v{n}", f"{n:040x}", f"acme/{name}", "ada", authored)
            file.write(",".join(v.isoformat() if isinstance(v, datetime) else v for v in row) + "\n")


def run(url: str, path: Path) -> Took:
    """Import a file into an empty database, in a process of its own."""
    migrate(url)
    # Nothing of whoever runs this may reach the command.
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-bench"}
    environment["SLACK_SIGNING_SECRET"] = "bench"
    words = [sys.executable, "-m", "bot", "import", "--as-named", str(path)]
    began = time.perf_counter()
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the import ended with {process.returncode}")
    return Took(time.perf_counter() - began, used.ru_maxrss / 1024)


@contextmanager
def databases(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses of two empty databases."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(prefix="twinspan-bench-") as folder:
            yield f"sqlite+aiosqlite:///{folder}/short.db", f"sqlite+aiosqlite:///{folder}/long.db"
        return
    durable = ("-c", "fsync=on", "-c", "synchronous_commit=on")
    with postgres.cluster(*durable, "-c", "autovacuum_naptime=1s") as maintenance:
        yield maintenance, asyncio.run(fresh(maintenance))


def main() -> None:
    """Measure both databases."""
    with tempfile.TemporaryDirectory(prefix="twinspan-bench-") as folder:
        files = {events: Path(folder) / f"{events}.csv" for events in (SHORT, LONG)}
        for events, path in files.items():
            write_history(path, events)
        for kind in ("SQLite", "PostgreSQL"):
            with databases(kind) as urls:
                short, long = (run(url, files[events]) for url, events in zip(urls, files, strict=True))
            rate = (LONG - SHORT) / (long.seconds - short.seconds)
            print(
                f"{kind:11}{rate:>7,.0f} events a second ({LONG / long.seconds:,.0f} with the start)   "
                f"peak {long.peak_mb:.0f} MB, {long.peak_mb / short.peak_mb:.2f} times that of {SHORT:,} events",
                flush=True,
            )


if __name__ == "__main__":
    main()
