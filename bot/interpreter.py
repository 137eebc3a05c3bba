"""How the interpreter runs a server: a fast event loop, short turns between threads, rare collections of garbage."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, Final

from uvicorn.loops.auto import auto_loop_factory

# A thread that comes back from the database waits this long for a busy event loop; the default is 5 ms, and one
# group commit comes back several times.
TURN_SECONDS: Final = 0.001

# The defaults (700, 10, 10) look for cycles after every few dozen requests, which leave none.
THRESHOLDS: Final = (2_000, 10, 10)

# Thousands of records live for the length of a transaction: looking through them again and again finds nothing.
BULK_THRESHOLDS: Final = (50_000, 20, 50)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a server to its end, on uvloop where there is one."""
    settle()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(main)


def settle() -> None:
    """Set the interpreter for a long run. To be called when everything is imported: that is never looked at again."""
    sys.setswitchinterval(TURN_SECONDS)
    gc.set_threshold(*THRESHOLDS)
    gc.collect()
    gc.freeze()


def settle_for_bulk() -> None:
    """Set the interpreter for a command that makes many records at once."""
    gc.set_threshold(*BULK_THRESHOLDS)
