"""How many events a second `twinspan import` writes, and in how much memory: `python -m bench.imports`.

Two histories in one run, one five times as long: the rate is that of their difference, so that starting does not
count; the ratios of rate and peak memory say whether either depends on the length. First deploys with a commit each,
then, beside them, an incident for every fifth deploy, held against it.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.ingest import fresh
from bot.database import migrate
from tests.support import postgres

SHORT, LONG = 10_000, 50_000
DEPLOYS_PER_INCIDENT = 5
SERVICES = 40
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DEPLOYS = "deploy_id,service,environment,finished_at,started_at,version,sha,repository,actor,commit_authored_at"
INCIDENTS = "incident_id,services,started_at,acknowledged_at,resolved_at,severity,title"


@dataclass(frozen=True)
class Took:
    """One import: seconds, and the process's peak of resident memory in MB."""

    seconds: float
    peak_mb: float


def deploy(n: int) -> tuple[str | datetime, ...]:
    """Return the cells of a deploy, one every ten minutes."""
    at, name = FIRST + timedelta(minutes=10 * n), f"svc{n % SERVICES}"
    began, authored = at - timedelta(minutes=5), at - timedelta(hours=5)
    return f"d{n}", name, "production", at, began, f"v{n}", f"{n:040x}", f"acme/{name}", "ada", authored


def incident(n: int) -> tuple[str | datetime, ...]:
    """Return the cells of an incident that began two minutes after a deploy of its service."""
    deploys = n * DEPLOYS_PER_INCIDENT
    at, name = FIRST + timedelta(minutes=10 * deploys + 2), f"svc{deploys % SERVICES}"
    return f"i{n}", name, at, at + timedelta(minutes=4), at + timedelta(minutes=50), "sev2", f"Errors of {name}"


def write(path: Path, header: str, rows: Iterable[tuple[str | datetime, ...]]) -> Path:
    """Write a CSV."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{header}\n")
        for row in rows:
            file.write(",".join(v.isoformat() if isinstance(v, datetime) else v for v in row) + "\n")
    return path


def run(url: str, path: Path) -> Took:
    """Import a file, in a process of its own."""
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


def measured(name: str, events: tuple[int, int], short: Took, long: Took) -> str:
    """Return a line of what was found, given two lengths of a history and what they took."""
    rate = (events[1] - events[0]) / (long.seconds - short.seconds)
    return (
        f"{name:22}{rate:>7,.0f} a second ({events[1] / long.seconds:,.0f} with the start)   "
        f"peak {long.peak_mb:.0f} MB, {long.peak_mb / short.peak_mb:.2f} times that of {events[0]:,}"
    )


def main() -> None:
    """Measure both databases."""
    with tempfile.TemporaryDirectory(prefix="twinspan-bench-") as folder:
        place = Path(folder)
        few, many = SHORT // DEPLOYS_PER_INCIDENT, LONG // DEPLOYS_PER_INCIDENT
        deploys = [write(place / f"d{n}.csv", DEPLOYS, map(deploy, range(n))) for n in (SHORT, LONG)]
        incidents = [write(place / f"i{n}.csv", INCIDENTS, map(incident, range(n))) for n in (few, many)]
        for kind in ("SQLite", "PostgreSQL"):
            with databases(kind) as urls:
                for url in urls:
                    migrate(url)
                short, long = (run(url, file) for url, file in zip(urls, deploys, strict=True))
                print(measured(f"{kind:11}deploys", (SHORT, LONG), short, long), flush=True)
                short, long = (run(url, file) for url, file in zip(urls, incidents, strict=True))
                print(measured(f"{kind:11}incidents", (few, many), short, long), flush=True)


if __name__ == "__main__":
    main()
