"""Reading that takes its time, in a thread with an event loop of its own: no acknowledgement waits for it.

The numbers of a month are tens of thousands of rows, and making them into objects takes longer than the query. One
piece of work at a time, and a rest after each for as long as it took: threads share one interpreter, and what the door
got behind with meanwhile it makes up for then.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from models.store import Store

_Result = TypeVar("_Result")

LONGEST_REST_SECONDS: Final = 0.25


@dataclass(slots=True)
class Aside:
    """The thread, started when it is first needed. `engine` makes connections; they belong to the thread's loop."""

    engine: Callable[[], AsyncEngine]
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: Thread | None = None
    _connections: AsyncEngine | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> _Result:
        """Return what work returns that is given a store and reads from it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._work(work), self._running()))

    async def _work(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> _Result:
        loop = asyncio.get_running_loop()
        await self._turn.acquire()
        began = loop.time()
        try:
            if self._connections is None:
                self._connections = self.engine()
            async with self._connections.connect() as connection:
                return await work(Store(connection))
        finally:
            loop.call_later(min(loop.time() - began, LONGEST_REST_SECONDS), self._turn.release)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = Thread(target=self._loop.run_forever, name="aside", daemon=True)
            self._thread.start()
        return self._loop

    async def close(self) -> None:
        """Close the connections and end the thread; what still reads is broken off."""
        if self._loop is None or self._thread is None:
            return
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._end(), self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()
        self._loop = self._thread = None

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._connections is not None:
            await self._connections.dispose()
            self._connections = None
