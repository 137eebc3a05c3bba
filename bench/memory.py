"""Resident memory of the bot, idle and after many deliveries: `python -m bench.memory [--quick]`. Linux only.

Prints megabytes idle, and after each of several equal loads of 10 KB deliveries that were all applied.
"""

import sys
from pathlib import Path

from bench.ingest import drain, load, on_sqlite

MEGABYTE = 1024 * 1024


def resident(pid: int) -> float:
    """Return a process's resident memory in megabytes (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) * 1024 / MEGABYTE


def main() -> None:
    """Measure on SQLite."""
    loads, rate = (3, 500) if "--quick" in sys.argv else (3, 1_250)
    seconds = 10 if "--quick" in sys.argv else 80
    with on_sqlite() as bot:
        print(f"idle                        {resident(bot.pid):6.1f} MB")
        total = 0
        for _ in range(loads):
            total += load(bot.port, "/webhooks/github", seconds, rate=rate)["requests"]
            drain(bot.port)
            print(f"after {total:>8,} deliveries   {resident(bot.pid):6.1f} MB")


if __name__ == "__main__":
    main()
