"""How many webhooks a second are durable, beside the same server's bare 202: `python -m bench.ingest [--quick]`.

10 KB GitHub payloads, HMAC, 64 connections, SQLite (`synchronous=FULL`) and PostgreSQL (`fsync=on`) in one run. Prints
a table of rates, their ratio to the bare answer in the same round, and latencies; medians over the rounds.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bot.sandbox.serving import free_port
from tests.support import postgres

CONNECTIONS = 64


@dataclass(frozen=True)
class Plan:
    """How long each part lasts, in seconds, and how often it is repeated."""

    rounds: int
    bare: float
    burst: float
    sustained: float
    offered: float


FULL = Plan(rounds=3, bare=8, burst=20, sustained=40, offered=20)
QUICK = Plan(rounds=1, bare=3, burst=6, sustained=12, offered=5)


@dataclass(frozen=True)
class Server:
    """A running bot: where it answers, and its process."""

    port: int
    pid: int


@contextmanager
def server(database_url: str) -> Iterator[Server]:
    """Run the bot in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.server", database_url, str(port)])
    try:
        for _ in range(200):
            try:
                stats(port)
                break
            except OSError:
                time.sleep(0.1)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def on_sqlite() -> Iterator[Server]:
    """Run the bot on a new SQLite file, `synchronous=FULL` as always."""
    with (
        tempfile.TemporaryDirectory(prefix="twinspan-bench-") as folder,
        server(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}") as bot,
    ):
        yield bot


@contextmanager
def on_postgres() -> Iterator[Server]:
    """Run the bot on a new PostgreSQL that waits for the disk.

    It looks for missing statistics every second: a database in use has had them for long, and without them the
    planner reads whole lanes.
    """
    durable = ("-c", "fsync=on", "-c", "synchronous_commit=on")
    with (
        postgres.cluster(*durable, "-c", "autovacuum_naptime=1s") as maintenance,
        server(asyncio.run(fresh(maintenance))) as bot,
    ):
        yield bot


def stats(port: int) -> dict[str, int]:
    """Return what waits in the bot."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats", timeout=30) as answer:
        told: dict[str, int] = json.load(answer)
        return told


_sent = 0


def load(
    port: int, path: str, seconds: float, *, rate: float = 0, kind: str = "deploys", status: str = "202"
) -> dict[str, Any]:
    """Put load on a path from a process of its own; every answer must have the status."""
    global _sent  # every request of a run is a deployment of its own
    _sent += 10_000_000
    words = ["127.0.0.1", str(port), path, str(seconds), str(CONNECTIONS), str(rate), str(_sent), kind]
    done = subprocess.run([sys.executable, "-m", "bench.load", *words], check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    if set(told["statuses"]) != {status}:
        raise SystemExit(f"{path}: not every answer was {status}: {told['statuses']}")
    return told


def drain(port: int) -> float:
    """Wait until everything is applied; return how many seconds that took."""
    began = time.perf_counter()
    while stats(port)["waiting"]:
        time.sleep(0.2)
    return time.perf_counter() - began


def measure(port: int, plan: Plan) -> list[dict[str, float]]:
    """Run every part, round by round."""
    rounds = []
    for _ in range(plan.rounds):
        bare = load(port, "/bare", plan.bare)
        checked = load(port, "/checked", plan.bare)
        burst = load(port, "/webhooks/github", plan.burst)
        drain(port)
        single = load(port, "/single", plan.bare)
        drain(port)
        began = time.perf_counter()
        sustained = load(port, "/webhooks/github", plan.sustained)
        drain(port)
        applied = sustained["requests"] / (time.perf_counter() - began)
        began = time.perf_counter()
        mix = load(port, "/webhooks/github", plan.sustained, kind="mix")
        drain(port)
        mix_applied = mix["requests"] / (time.perf_counter() - began)
        offered = load(port, "/webhooks/github", plan.offered, rate=1000)
        drain(port)
        rounds.append(
            {
                "bare": bare["per_second"],
                "checked": checked["per_second"],
                "burst": burst["per_second"],
                "burst_p50_ms": burst["p50_ms"],
                "burst_p99_ms": burst["p99_ms"],
                "single": single["per_second"],
                "sustained": applied,
                "mix": mix_applied,
                "offered_p50_ms": offered["p50_ms"],
                "offered_p99_ms": offered["p99_ms"],
            }
        )
        print(json.dumps(rounds[-1]), file=sys.stderr)
    return rounds


def report(name: str, rounds: list[dict[str, float]]) -> None:
    """Print the medians of one database."""

    def median(key: str, over: str | None = None) -> float:
        return statistics.median(r[key] / (r[over] if over else 1) for r in rounds)

    print(f"\n{name}, {CONNECTIONS} connections, 10 KB payloads, medians of {len(rounds)} rounds")
    print(f"{'':34}{'per second':>12}{'of bare':>10}{'p50 ms':>10}{'p99 ms':>10}")
    print(f"{'bare 202':34}{median('bare'):>12.0f}{1.0:>10.2f}")
    print(f"{'verified and parsed, not stored':34}{median('checked'):>12.0f}{median('checked', 'bare'):>10.2f}")
    burst = f"{median('burst'):>12.0f}{median('burst', 'bare'):>10.2f}"
    print(f"{'durable, burst':34}{burst}{median('burst_p50_ms'):>10.1f}{median('burst_p99_ms'):>10.1f}")
    print(f"{'durable and applied, sustained':34}{median('sustained'):>12.0f}{median('sustained', 'bare'):>10.2f}")
    print(f"{'the same, mix of a day (6 to a deploy)':38}{median('mix'):>8.0f}{median('mix', 'bare'):>10.2f}")
    print(f"{'one transaction per request':34}{median('single'):>12.0f}{median('single', 'bare'):>10.2f}")
    offered = f"{median('offered_p50_ms'):>32.1f}{median('offered_p99_ms'):>10.1f}"
    print(f"{'1,000 offered per second':34}{offered}")
    print(f"burst is {median('burst', 'single'):.1f} times one transaction per request")


def main() -> None:
    """Measure both databases."""
    plan = QUICK if "--quick" in sys.argv else FULL
    with on_sqlite() as bot:
        report("SQLite, synchronous=FULL", measure(bot.port, plan))
    if "--sqlite" in sys.argv:
        return
    with on_postgres() as bot:
        report("PostgreSQL, fsync=on", measure(bot.port, plan))


async def fresh(maintenance: str) -> str:
    connection = await asyncpg.connect(maintenance.replace("+asyncpg", ""))
    await connection.execute("CREATE DATABASE bench")
    await connection.close()
    return maintenance.rsplit("/", 1)[0] + "/bench"


if __name__ == "__main__":
    main()
