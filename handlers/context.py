"""What a handler is given: the memory, the configuration, the outside world, and who may be nudged."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handlers.errors import CallFailure, PostFailure
from handlers.heard import Said
from handlers.ports import (
    Aside,
    AtOnce,
    Conversation,
    Directory,
    Elsewhere,
    Hear,
    Messenger,
    Operations,
    Rooms,
    Sharing,
    Telemetry,
    Transaction,
    Wake,
)
from models.calls import Matter, Verb
from models.links import Room
from models.operations import OperationsReading
from models.people import Person
from models.topology import Service, Topology


def _nobody() -> None:
    """Wake nobody: what waits is found when the worker next looks."""


class NoOperations:
    """Knows nothing of how services run: there is no Prometheus to ask."""

    async def read(
        self,
        services: Sequence[Service],  # noqa: ARG002  # the port's
        start: datetime,  # noqa: ARG002
        end: datetime,  # noqa: ARG002
    ) -> list[OperationsReading]:
        """Return no reading."""
        return []


class NobodyKnown:
    """Knows nobody: there is no Slack to ask."""

    async def people(self) -> Sequence[Person]:
        """Return no one."""
        return []


class NoConversation:
    """Hears nothing, and takes every channel for a private one."""

    async def is_private(self, channel_id: str) -> bool:  # noqa: ARG002  # the port's
        """Return that it is."""
        return True

    async def message(self, channel_id: str, ts: str) -> Said | None:  # noqa: ARG002
        """Return none."""
        return None

    async def has_reaction(self, channel_id: str, ts: str, emoji: str) -> bool:  # noqa: ARG002
        """Return that nobody has."""
        return False

    async def reflect(self, channel_id: str, ts: str, emoji: Collection[str]) -> None:
        """Put nothing anywhere."""

    async def picture(self, url: str, most: int) -> bytes:  # noqa: ARG002
        """Refuse."""
        raise PostFailure("not_configured", is_permanent=True)

    async def replies(self, channel_id: str, thread_ts: str) -> Sequence[Said]:  # noqa: ARG002
        """Return nothing."""
        return []

    async def threads(self, channel_id: str, oldest: datetime, since: datetime) -> Sequence[str]:  # noqa: ARG002
        """Return none."""
        return []

    async def rooms(self) -> Sequence[Room]:
        """Return none."""
        return []

    async def is_own(self, bot_id: str) -> bool:  # noqa: ARG002
        """Return that it is: nobody else can be told apart."""
        return True


class NobodyElsewhere:
    """Calls nobody: no service elsewhere is configured."""

    async def call(self, target: str, what: Verb, about: Matter) -> bool:  # noqa: ARG002  # the port's
        """Refuse."""
        raise CallFailure("not_configured", is_permanent=True)


class NothingShared:
    """Gives nobody a file: there is no Slack."""

    async def share(
        self,
        channel: str,  # noqa: ARG002  # the port's
        *,
        name: str,  # noqa: ARG002
        content: bytes,  # noqa: ARG002
        comment: str,  # noqa: ARG002
        thread_ts: str | None = None,  # noqa: ARG002
    ) -> str | None:
        """Return no link."""
        return None

    async def canvas(
        self,
        title: str,  # noqa: ARG002
        markdown: str,  # noqa: ARG002
        *,
        user_id: str,  # noqa: ARG002
        channel_id: str | None = None,  # noqa: ARG002
    ) -> str | None:
        """Return no link."""
        return None


class NoRooms:
    """Makes no channel: there is no Slack."""

    async def create(self, name: str, *, is_private: bool) -> str:  # noqa: ARG002  # the port's
        """Refuse."""
        raise PostFailure("not_configured", is_permanent=True)

    async def own(self, name: str) -> str | None:  # noqa: ARG002
        """Return none."""
        return None

    async def set_topic(self, channel_id: str, topic: str) -> None:
        """Do nothing."""

    async def invite(self, channel_id: str, user_id: str) -> None:
        """Do nothing."""

    async def archive(self, channel_id: str) -> None:
        """Do nothing."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One for the whole process, built by `bot.app.build`.

    `transaction()` yields a `Store` whose writes are committed together when the block ends, or not at all;
    `reading()` one that only reads; `at_once` runs work that awaits nothing but the store. Never
    use one inside another. `aside` reads what takes its time, off the event loop.
    `computing` is held while a scheduled digest is run: many are due at one minute. `reflecting` is held from looking
    at the emoji on copies until the reply shows them: an older look must not undo what a newer one has put there.
    `topology` is replaced when a person maps a name, by who holds `mapping`: an older look must not undo a newer one.
    `hear` carries a reply to the other side, after what was missed before it. `wake_outbox` and `wake_apply` are called
    after a commit that left work for them.
    """

    transaction: Transaction
    reading: Transaction
    at_once: AtOnce
    aside: Aside
    topology: Topology
    messenger: Messenger
    telemetry: Telemetry
    operations: Operations = field(default_factory=NoOperations)
    directory: Directory = field(default_factory=NobodyKnown)
    sharing: Sharing = field(default_factory=NothingShared)
    conversation: Conversation = field(default_factory=NoConversation)
    rooms: Rooms = field(default_factory=NoRooms)
    elsewhere: Elsewhere = field(default_factory=NobodyElsewhere)
    hear: Hear | None = None
    wake_outbox: Wake = _nobody
    wake_apply: Wake = _nobody
    computing: asyncio.Lock = field(default_factory=asyncio.Lock)
    reflecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    mapping: asyncio.Lock = field(default_factory=asyncio.Lock)
