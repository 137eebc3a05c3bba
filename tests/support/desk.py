"""The outbox before the local Slack: what is queued, said over real HTTP, and how the channels read after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.database import Database
from bot.sandbox.app import Sandbox
from bot.slack.messenger import SlackMessenger
from handlers.context import Context
from handlers.outbox import Dispatcher
from handlers.routing import CARD, NORMAL, Notice
from handlers.speech import render
from handlers.views import Message
from models.pace import Pace
from models.store import Store
from models.topology import Topology
from models.words import Side
from tests.support.world import Clock

DEV, OPS = "#payments-dev", "#payments-ops"
PACE = Pace(gather=0.0, between_messages=0.0, poll=0.01, first_retry=1.0, when_refused=60.0, lease=30.0)


def to(channel: str, subject: str = "deploy:1", part: str = CARD, priority: int = NORMAL, says: str = "") -> Notice:
    """Return a notice whose message says what it is about, and `says`."""
    side: Side = "ops" if channel == OPS else "dev"
    params = {"says": says} if says else {}
    return Notice(subject=subject, part=part, channel=channel, side=side, priority=priority, params=params)


async def plain_words(
    store: Store,
    topology: Topology,
    *,
    subject: str,
    part: str,
    side: str,
    channel: str,
    params: dict[str, str],
    at: datetime,
) -> Message | None:
    """Say what the notice says; words of the bot's own for what is not about a deploy."""
    if not subject.startswith("deploy:"):
        return await render(
            store, topology, subject=subject, part=part, side=side, channel=channel, params=params, at=at
        )
    other = await store.messages.card(subject, OPS if channel == DEV else DEV)
    words = [subject, part, params.get("says", ""), "linked" if other and part == CARD else ""]
    return Message(text=" ".join(word for word in words if word))


@dataclass
class Desk:
    """A database, a sandbox, and as many dispatchers as a test wants."""

    database: Database
    sandbox: Sandbox
    ctx: Context
    clock: Clock
    slept: list[float] = field(default_factory=list)

    def dispatcher(self, holder: str = "one") -> Dispatcher:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            await asyncio.sleep(0)

        return Dispatcher(
            ctx=self.ctx,
            render=plain_words,
            holder=holder,
            now=self.clock,
            elapsed=lambda: 0.0,
            sleep=sleep,
            jitter=lambda: 1.0,
            pace=PACE,
        )

    @asynccontextmanager
    async def speaking(self, holder: str = "one") -> AsyncIterator[Dispatcher]:
        """Run a dispatcher of a new process for the length of a block."""
        dispatcher = self.dispatcher(holder)
        worker = asyncio.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            await dispatcher.stop()
            await worker

    async def queue(self, *notices: Notice) -> None:
        async with self.database.transaction() as store:
            await store.outbox.notify(notices, self.clock())

    async def say_everything(self, *notices: Notice) -> None:
        """Queue, and let a new process say all that waits."""
        await self.queue(*notices)
        async with self.speaking():
            await self.until(self.is_silent)

    async def is_silent(self) -> bool:
        async with self.database.reading() as store:
            return (await store.outbox.backlog())[0] == 0

    async def until(self, seen: Callable[[], Awaitable[bool]], within: float = 30.0) -> None:
        async with asyncio.timeout(within):
            while not await seen():
                await asyncio.sleep(0.01)

    async def until_silent_in_time(self) -> None:
        """Let seconds pass, one after another, until nothing waits."""
        while not await self.is_silent():
            self.clock.forward(1)
            await asyncio.sleep(0.02)

    async def until_paused(self, *channels: str) -> None:
        """Wait until these channels are held back for a reason."""

        async def seen() -> bool:
            async with self.database.reading() as store:
                paused = {queue.channel for queue in await store.outbox.queues() if queue.pause_reason}
            return paused.issuperset(channels)

        await self.until(seen)

    async def until_called(self, method: str, times: int, within: float = 30.0) -> None:
        await self.sandbox.workspace.until(lambda: self.called(method) >= times, within)

    def called(self, method: str) -> int:
        return sum(call.method == method for call in self.sandbox.workspace.calls)

    def texts(self, channel: str) -> list[str]:
        return [message.text for message in self.sandbox.workspace.timeline(channel)]

    def replies(self, channel: str) -> list[str]:
        """Return the replies below the first message of a channel."""
        first = self.sandbox.workspace.timeline(channel)[0]
        return [message.text for message in self.sandbox.workspace.thread(channel, first.ts)[1:]]

    def messenger(self) -> SlackMessenger:
        assert isinstance(self.ctx.messenger, SlackMessenger)
        return self.ctx.messenger
