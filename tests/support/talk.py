"""People who talk in the local Slack, and a bot that is told of it when, in what order and how often a test wants."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import handlers.events as event_files
from bot.database import Database
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import ALL_SCOPES, SandboxConfig
from bot.sandbox.limits import Rates
from bot.sandbox.state import Message
from bot.slack.conversation import Conversation
from bot.slack.directory import Directory
from bot.slack.messenger import SlackMessenger, web_client
from handlers.commands import Command, change, incident
from handlers.events import Event
from handlers.mirror_catch_up import Missed
from handlers.outbox import Dispatcher
from handlers.registry import discover
from handlers.routing import CARD
from handlers.speech import render
from models.pace import Pace
from models.store import Store
from models.topology import Bridge, Topology
from tests.support.world import TOPOLOGY, Clock, context, typed

DEV, OPS = "payments-dev", "payments-ops"
EVENTS: Final = {event.type: event for event in discover(event_files, "EVENT", Event)}


def bridged(**changes: Any) -> Topology:
    """Return the usual configuration with another bridge."""
    bridge = Bridge(name="payments", dev="#payments-dev", ops="#payments-ops", services=("payments", "checkout"))
    return replace(TOPOLOGY, bridges=(replace(bridge, **changes),))


@dataclass
class Talk:
    """A conversation. What Slack tells waits in `told` until a test passes it on."""

    database: Database
    sandbox: Sandbox
    clock: Clock
    url: str
    topology: Topology
    slept: float = 0.0
    _told: int = 0
    threads: dict[str, dict[str, str]] = field(default_factory=dict)
    missed: Missed = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew, as a new process does: nothing is remembered but what the database holds."""
        client = web_client(self.sandbox.config.bot_token, f"{self.url}/api/", 5)
        self.ctx = context(self.database, SlackMessenger(client, self.clock, self.sleep), self.topology)
        self.ctx.directory = Directory(client, self.clock)
        self.ctx.conversation = Conversation(client, self.clock, self.sleep)
        self.missed = Missed(self.ctx)
        self.ctx.hear = self.missed.hear

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept += seconds
        self.clock.forward(seconds)
        await asyncio.sleep(0)

    async def incident(self, title: str = "Disk full") -> str:
        """Open an incident, and let it be said; return its subject."""
        return await self._typed(incident.COMMAND, f"open sev3 payments: {title}", "incident")

    async def change(self, title: str = "pool to 40") -> str:
        """Log a small change, and let it be said; return its subject."""
        return await self._typed(change.COMMAND, f"payments: {title} !prod", "change")

    async def _typed(self, command: Command, text: str, kind: str) -> str:
        request_id = f"{kind}-{len(self.threads)}"
        await command.run(self.ctx, typed(text, self.clock(), request_id=request_id))
        await self.say()
        subject = f"{kind}:{1 + sum(known.startswith(kind) for known in self.threads)}"
        await self.know(subject)
        return subject

    async def know(self, subject: str) -> None:
        """Find the threads of a subject."""
        async with self.database.reading() as store:
            cards = await store.messages.of_subject(subject)
        rooms = self.sandbox.workspace.channels
        self.threads[subject] = {rooms[m.channel_id].name: m.ts for m in cards if m.part == CARD}

    @property
    def subject(self) -> str:
        """What is talked about where nothing else is said."""
        return next(iter(self.threads))

    async def write(self, user: str, channel: str, text: str, subject: str | None = None) -> Message:
        self.clock.forward(1)
        ts = self.threads[subject or self.subject][channel]
        outcome = await self.sandbox.actor.post_message(user, channel, text, ts)
        assert outcome.message is not None
        return outcome.message

    async def share(self, user: str, channel: str, name: str, text: str = "") -> Message:
        ts = self.threads[self.subject][channel]
        outcome = await self.sandbox.actor.share_file(user, channel, name, b"x", text, ts)
        assert outcome.message is not None
        return outcome.message

    async def told(self) -> list[dict[str, Any]]:
        """Return what Slack has told since it was last asked, in the order in which it happened."""
        await self.sandbox.idle()
        deliveries = self.sandbox.workspace.deliveries
        new = [d.payload["event"] for d in deliveries[self._told :] if d.kind == "event"]
        self._told = len(deliveries)
        return sorted(new, key=lambda event: float(event["event_ts"]))

    async def pass_on(self, events: Iterable[dict[str, Any]] | None = None) -> None:
        """Tell the bot; of everything new, where nothing is given."""
        for event in await self.told() if events is None else events:
            if event["type"] in EVENTS and not self._is_own(event):
                await EVENTS[event["type"]].run(self.ctx, event, self.clock())

    def _is_own(self, event: dict[str, Any]) -> bool:
        # As Bolt does: what the bot did itself is not told to it.
        workspace = self.sandbox.workspace
        return event.get("bot_id") == workspace.bot_id or event.get("user") == workspace.bot_user

    async def say(self, within: float = 60, look: float = 0.005) -> None:
        """Say everything that waits, however long that takes; look every so many real seconds what is left."""
        dispatcher = self._dispatcher(look)
        worker = asyncio.create_task(dispatcher.run())
        try:
            async with asyncio.timeout(within):
                while await self._waits():
                    await asyncio.sleep(look)
                    self.clock.forward(10 * look)
        finally:
            await dispatcher.stop()
            await worker

    async def heard_and_said(self) -> None:
        """Pass on what Slack tells, and say what follows from it, until nothing follows."""
        await self.pass_on()
        await self.say()

    async def come_back(self) -> None:
        """Start again after some time, and make up for what was missed."""
        self.restart()
        await self.missed.begin(self.clock())
        await self.missed.look(self.clock())
        await self.missed.beat(self.clock())
        await self.say()

    def thread(self, channel: str, subject: str | None = None) -> list[Message]:
        return self.sandbox.workspace.thread(channel, self.threads[subject or self.subject][channel])[1:]

    def copies(self, channel: str, subject: str | None = None) -> list[Message]:
        """Return what was carried over to a channel."""
        return [m for m in self.thread(channel, subject) if m.username]

    def words(self, channel: str, subject: str | None = None) -> list[str]:
        """Return the words that were carried over to a channel."""
        return [m.text for m in self.copies(channel, subject)]

    def notes(self, channel: str) -> list[str]:
        return [m.text for m in self.thread(channel) if m.bot_id and not m.username]

    def everything(self, channel: str) -> str:
        """Return all that a channel ever showed and still does, blocks and all."""
        return str([(m.text, m.blocks, m.files) for m in self.sandbox.workspace.channel(channel).messages.values()])

    async def _waits(self) -> bool:
        async with self.database.reading() as store:
            return (await store.outbox.backlog())[0] > 0

    def _dispatcher(self, poll: float) -> Dispatcher:
        return Dispatcher(
            ctx=self.ctx,
            render=render,
            holder="one",
            now=self.clock,
            elapsed=lambda: 0.0,
            sleep=self.sleep,
            jitter=lambda: 1.0,
            pace=Pace(poll=poll, lease=5.0),
        )


class Died(Exception):  # no error: a test wants it
    """The process is no more."""


@dataclass
class Dying:
    """For the length of a block the process dies before it commits anything."""

    talk: Talk

    def __enter__(self) -> None:
        begin = self.talk.ctx.transaction

        @asynccontextmanager
        async def dies() -> AsyncIterator[Store]:
            async with begin() as store:
                yield store
                raise Died

        self.talk.ctx.transaction = dies

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> bool:
        return kind is not None and issubclass(kind, Died)


@asynccontextmanager
async def talking(
    database: Database,
    topology: Topology | None = None,
    rates: Rates | None = None,
    scopes: frozenset[str] = ALL_SCOPES,
) -> AsyncIterator[Talk]:
    """Run the local Slack for the length of a block; its events reach the bot when a test passes them on."""
    clock = Clock()
    sandbox = build_sandbox(SandboxConfig(clock=clock, rates=rates, retry_delays=(), scopes=scopes))
    async with sandbox.running() as url:
        yield Talk(database, sandbox, clock, url, topology or bridged())
