"""What the handlers need of the world; `bot/` implements it, tests replace it."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from handlers.heard import Said
from handlers.views import Message, Modal
from models.calls import Matter, Verb
from models.links import Room
from models.operations import OperationsReading
from models.people import Person
from models.store import Store
from models.topology import Service

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is now. `channel_id` is Slack's (`C…`), whatever name it was posted to."""

    channel_id: str
    ts: str
    permalink: str | None = None
    used_plain_blocks: bool = False


class Messenger(Protocol):
    """Says things in Slack. Every method raises `handlers.errors.PostFailure`.

    `key` identifies a message for `find`: it travels in the message's metadata.
    """

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        """Post to a channel (name or id) or a person (id), in a thread where `thread_ts` is given."""

    async def update(self, channel_id: str, ts: str, message: Message, *, key: str) -> Posted:
        """Replace a message of the bot."""

    async def delete(self, channel_id: str, ts: str) -> None:
        """Delete a message of the bot; one that is gone already is no failure."""

    async def find(self, channel: str, *, key: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """Look for a message of the bot with this key, posted at or after `since`; `None` when it is not there."""

    async def open_modal(self, trigger_id: str, modal: Modal) -> None:
        """Open a modal for the person behind `trigger_id` (valid for 3 seconds)."""

    async def update_modal(self, view_id: str, modal: Modal) -> None:
        """Replace what an open modal shows."""

    async def publish_home(self, user_id: str, home: Modal) -> None:
        """Show a person their home."""

    async def user_timezone(self, user_id: str) -> str | None:
        """Return the IANA zone a person has set in Slack; `None` where Slack does not tell."""

    async def user_name(self, user_id: str) -> str:
        """Return the name a person is shown under; the id itself where Slack does not tell."""


class Directory(Protocol):
    """Knows who is in the workspace."""

    async def people(self) -> Sequence[Person]:
        """Return everybody, bots left out; as of at most some minutes ago.

        Raises:
            PostFailure: Slack does not tell.
        """


class Sharing(Protocol):
    """Gives people files."""

    async def share(
        self, channel: str, *, name: str, content: bytes, comment: str, thread_ts: str | None = None
    ) -> str | None:
        """Upload a file to a channel or a person (id); return its link.

        Raises:
            PostFailure: Slack does not take it.
        """

    async def canvas(self, title: str, markdown: str, *, user_id: str, channel_id: str | None = None) -> str | None:
        """Write a canvas that a person may edit, as a tab of a channel where one is given; return its link.

        Raises:
            PostFailure: Slack does not take it.
        """


class Conversation(Protocol):
    """Reads what people say. Every method raises `handlers.errors.PostFailure`."""

    async def is_private(self, channel_id: str) -> bool:
        """Return whether a channel (Slack's id) is private."""

    async def message(self, channel_id: str, ts: str) -> Said | None:
        """Return one message with its address, a bot's too; `None` where there is none."""

    async def has_reaction(self, channel_id: str, ts: str, emoji: str) -> bool:
        """Return whether anybody has put this emoji on a message."""

    async def reflect(self, channel_id: str, ts: str, emoji: Collection[str]) -> None:
        """Make the bot's own reactions to a message these; what the workspace does not know is left out."""

    async def picture(self, url: str, most: int) -> bytes:
        """Return what lies at a picture's address, at most so many bytes; else `too_large` or `not_a_picture`."""

    async def replies(self, channel_id: str, thread_ts: str) -> Sequence[Said]:
        """Return what was said in a thread, in order, with its reactions."""

    async def threads(self, channel_id: str, oldest: datetime, since: datetime) -> Sequence[str]:
        """Return the messages (`ts`) of a channel from `oldest` on that got replies at or after `since`."""

    async def rooms(self) -> Sequence[Room]:
        """Return every channel that the bot sees, as of now: all public ones, and the private ones it is in."""

    async def is_own(self, bot_id: str) -> bool:
        """Return whether this is the bot's own id as a bot (`B…`)."""


class Rooms(Protocol):
    """Makes channels, and keeps them. Every method raises `handlers.errors.PostFailure`."""

    async def create(self, name: str, *, is_private: bool) -> str:
        """Make a channel; return its id. `name_taken` where there is one of that name, archived or not.

        A name that begins with a workspace's, such as `partner/inc-3`, is that of a channel there.
        """

    async def own(self, name: str) -> str | None:
        """Return the id of a channel of that name that the bot itself made, and that is in use."""

    async def set_topic(self, channel_id: str, topic: str) -> None:
        """Say in a channel's head what it is about, in at most 250 characters."""

    async def invite(self, channel_id: str, user_id: str) -> None:
        """Invite a person; who is there already is no failure."""

    async def archive(self, channel_id: str) -> None:
        """Archive a channel; one that is archived already is no failure."""


Hear = Callable[[Said, datetime], Awaitable[None]]
"""Carries a reply to the other side."""


class Elsewhere(Protocol):
    """Tells pagers, and the senders of incidents, over HTTP."""

    async def call(self, target: str, what: Verb, about: Matter) -> bool:
        """Make one call to `pager:NAME` or `source:NAME`; return whether it changed anything there.

        The same call again does no harm.

        Raises:
            CallFailure: it was not taken; says whether trying again can help.
        """


Transaction = Callable[[], AbstractAsyncContextManager[Store]]


class Aside(Protocol):
    """Runs reading that takes its time, such as that of a period's numbers, off the event loop."""

    def __call__(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> Awaitable[_Result]:
        """Return what the work returns; it sees one state of the database, and writes nothing."""


class AtOnce(Protocol):
    """Runs one piece of work in a transaction of its own, as fast as the database allows.

    The work must await nothing but the store: on SQLite it runs in the writer's own thread, start to end.
    """

    def __call__(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> Awaitable[_Result]:
        """Return what the work returns, after the commit."""


class Job(Protocol):
    """What is written by one statement, or else fails whole. Its methods are called off the event loop, or on it."""

    def prepare(self) -> None:
        """Do what needs no database."""

    async def work(self, store: Store) -> None:
        """Write; await nothing but the store."""

    def done(self, error: Exception | None) -> None:
        """Hear that it is durable, or why it is not."""


class InTurn(Protocol):
    """Runs jobs one after another, as fast as the database allows."""

    def __call__(self, next_job: Callable[[], Job | None]) -> Awaitable[None]:
        """Return when there is no job left, or when somebody else should write first."""


class Telemetry(Protocol):
    """Counts and times what happens; all durations in seconds."""

    def delivery(self, source: str, outcome: str) -> None:
        """Count a request at the door: accepted, duplicate, ignored, malformed, not_authentic, overloaded."""

    def group(self, size: int, seconds: float) -> None:
        """Time one group commit at the door."""

    def applied(self, outcome: str, count: int, seconds: float) -> None:
        """Count deliveries that were applied: done, held, failed."""

    def post(self, outcome: str, seconds: float) -> None:
        """Count a call to Slack: posted, updated, found, or the reason it failed."""


class Operations(Protocol):
    """Reads how well services run."""

    async def read(self, services: Sequence[Service], start: datetime, end: datetime) -> list[OperationsReading]:
        """Return a reading of `[start, end)` for each of the services that has an objective, in their order.

        `end` is past. Never raises: what is not known is `None`, with the reason. Takes at most half a minute at
        the usual time limit.
        """


class Wake(Protocol):
    """Nudges a background worker: something is waiting. Cheap, callable at any time, never blocks."""

    def __call__(self) -> None:
        """Nudge."""
