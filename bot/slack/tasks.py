"""Work that goes on after Slack was answered: kept alive while it runs, finished before the process ends."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """A set of running tasks. Each catches its own failures."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run something in the background."""
        # The event loop keeps only weak references: https://docs.python.org/3/library/asyncio-task.html#creating-tasks
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 (what is left is cancelled)
        """Wait for what runs; after `timeout` seconds cancel what is left."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
