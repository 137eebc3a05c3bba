"""How fast the gate answers, beside the same server's bare 202, and while webhooks come: `python -m bench.gate`.

64 connections. The second part offers the gate 200 questions a second while webhooks come at half of what the door
took in this run; latencies count from when a question was due.
"""

import json
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor

from bench.ingest import drain, load, on_postgres, on_sqlite

ASKED = 200
PATH = "/gate?service=payments&environment=production"


def measure(port: int, seconds: float, rounds: int) -> list[dict[str, float]]:
    """Run every part, round by round."""
    found = []
    for _ in range(rounds):
        bare = load(port, "/bare", seconds, kind="get")
        gate = load(port, PATH, seconds, kind="get", status="200")
        top = load(port, "/webhooks/github", seconds)
        drain(port)
        with ThreadPoolExecutor() as both:
            hooks = both.submit(load, port, "/webhooks/github", seconds, rate=top["per_second"] / 2)
            beside = load(port, PATH, seconds, rate=ASKED, kind="get", status="200")
            arrived = hooks.result()
        drain(port)
        found.append(
            {
                "bare": bare["per_second"],
                "gate": gate["per_second"],
                "gate_p99_ms": gate["p99_ms"],
                "webhooks": arrived["per_second"],
                "beside_p50_ms": beside["p50_ms"],
                "beside_p99_ms": beside["p99_ms"],
            }
        )
        print(json.dumps(found[-1]), file=sys.stderr)
    return found


def report(name: str, rounds: list[dict[str, float]]) -> None:
    """Print the medians of one database."""

    def median(key: str) -> float:
        return statistics.median(one[key] for one in rounds)

    ratio = statistics.median(one["gate"] / one["bare"] for one in rounds)
    print(f"{name}, medians of {len(rounds)} rounds")
    print(f"  gate {median('gate'):.0f} a second, {ratio:.2f} of the bare 202 ({median('bare'):.0f}), aimed at 0.40")
    print(
        f"  beside {median('webhooks'):.0f} webhooks a second: p50 {median('beside_p50_ms'):.1f} ms, "
        f"p99 {median('beside_p99_ms'):.1f} ms, aimed at 20"
    )


def main() -> None:
    """Measure both databases."""
    seconds, rounds = (4.0, 1) if "--quick" in sys.argv else (10.0, 3)
    with on_sqlite() as bot:
        report("SQLite", measure(bot.port, seconds, rounds))
    with on_postgres() as bot:
        report("PostgreSQL", measure(bot.port, seconds, rounds))


if __name__ == "__main__":
    main()
