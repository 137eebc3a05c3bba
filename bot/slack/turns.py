"""Handles events one at a time for each channel, in the order in which Slack says they happened."""

import heapq
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from bot.clock import sleep
from bot.slack.tasks import Tasks

# Slack does not promise to tell in order: what follows within so many seconds is put in its place.
PATIENCE: Final = 0.25
Work = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Turns:
    """What waits, by channel. Each piece of work catches its own failures."""

    tasks: Tasks
    patience: float = PATIENCE
    _waiting: dict[str, list[tuple[float, int, Work]]] = field(default_factory=dict)
    _arrivals: Iterator[int] = field(default_factory=lambda: count())

    def put(self, channel: str, happened: float, work: Work) -> None:
        """Do something in its turn; `happened` is when Slack says it happened, in epoch seconds."""
        is_first = channel not in self._waiting
        heapq.heappush(self._waiting.setdefault(channel, []), (happened, next(self._arrivals), work))
        if is_first:
            self.tasks.start(self._take_turns(channel), f"events {channel}")

    async def _take_turns(self, channel: str) -> None:
        await sleep(self.patience)
        while waiting := self._waiting[channel]:
            _, _, work = heapq.heappop(waiting)
            await work()
        del self._waiting[channel]
