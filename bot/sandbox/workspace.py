"""The state of the local Slack workspace, in memory: what the Web API, the page and the tests all look at.

Reading (the page and the tests). Everything is a plain attribute: `workspace.users`, `channels`, `views`, `files`
(dicts by id), `faults`, `calls` (every call of the Web API), `deliveries` (every request to the bot).
`channel("payments-dev")` and `user("ada")` find by name or id. `timeline(channel, viewer)` is what one person sees in
the channel, `thread(channel, ts, viewer)` a parent and its replies, `modals(user)` the stack of modals on that
person's screen (topmost last), `home(user)` their App Home. Blocks are the dicts that the bot sent, with a `block_id`
on every block and an `action_id` on every interactive element.

Following. `subscribe()` starts at once and yields one dict for each change until it is closed::

    async with workspace.subscribe() as notices:
        async for notice in notices:
            ...   # {"kind": "message", "channel": "C…", "ts": "…", "thread_ts": None, "user": None}

Kinds: `message` (posted, edited, deleted, reacted to, pinned; `thread_ts` where it is a reply), `ephemeral` (`user`
is who sees it), `view` (`user`; look at `modals(user)`), `home` (`user`), `channel` (created, archived, topic,
members), `fault`, `call` (`method`, `status`), `delivery` (`status`), `socket` (`connected`: how many).

Acting. Nobody but the Web API and the `Actor` (bot/sandbox/actor.py) changes anything. `sandbox.actor` has
coroutines, each of which returns an `Outcome`: what Slack would show that person. `user` and `channel` are ids or
names everywhere::

    send_slash_command(user, channel, "/change payments: raise the pool", thread_ts=None)
    click(user, action_id, value=None, channel=…, ts=…)          a button in a message
    click(user, action_id, value=None, view_id=…)                a button in a modal or in the App Home
    choose(user, action_id, value, channel=…, ts=… | view_id=…)  select, overflow, radio, checkboxes, date, users
    submit_view(user, view_id, {block_id: {action_id: value}})   refused: `outcome.errors`, the modal stays
    close_view(user, view_id)
    run_shortcut(user, callback_id, channel=None, ts=None)       message shortcut; global without channel
    post_message(user, channel, text, thread_ts=None)
    edit_message(user, channel, ts, text), delete_message(user, channel, ts)
    add_reaction(user, channel, ts, name), remove_reaction(user, channel, ts, name)
    open_home(user)

`click` and `choose` also take `block_id` where an action id is used twice. A value is the option's `value`, a list of
them for checkboxes and multi-selects, a user's id, an ISO date, or the typed text. Without `submit_view` values, the
initial ones count. `choose` and `submit_view` turn these into what Slack sends.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from bot.sandbox.state import (
    Call,
    Channel,
    Delivery,
    Fault,
    FaultKind,
    File,
    Json,
    Message,
    Outcome,
    User,
    Usergroup,
    View,
)

__all__ = [
    "Call",
    "Channel",
    "Delivery",
    "Fault",
    "FaultKind",
    "File",
    "Message",
    "Outcome",
    "Subscription",
    "User",
    "Usergroup",
    "View",
    "Workspace",
]


class Subscription:
    """One reader of the workspace's changes; see `Workspace.subscribe`."""

    def __init__(self, readers: "set[Subscription]") -> None:
        self._readers = readers
        self._waiting: asyncio.Queue[Json | None] = asyncio.Queue()
        readers.add(self)

    def put(self, notice: Json) -> None:
        """Queue a notice for this reader."""
        self._waiting.put_nowait(notice)

    def close(self) -> None:
        """End the iteration, also one that is waiting."""
        self._readers.discard(self)
        self._waiting.put_nowait(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Json:
        notice = await self._waiting.get()
        if notice is None:
            raise StopAsyncIteration
        return notice


class Workspace:
    """One Slack workspace with one app in it. `clock` gives the time that every ts and every lifetime is taken from."""

    def __init__(
        self, clock: Callable[[], datetime], *, team_id: str = "T00000001", name: str = "Twinspan sandbox"
    ) -> None:
        self.clock = clock
        self.team_id = team_id
        self.name = name
        self.domain = "sandbox"
        self.app_id = "A00000001"
        self.bot_id = "B00000001"
        self.bot_user = ""
        self.refuse_data_blocks = False
        """Answer `invalid_blocks` for data_visualization and data_table, as workspaces without them do."""
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self._homes: dict[str, str] = {}
        self._readers: set[Subscription] = set()
        self._numbers = itertools.count(1)
        self._last_ts = 0

    # Reading

    def user(self, name_or_id: str) -> User:
        """The user with this id or name (`ada`, `@ada`, `Ada`). KeyError if there is none."""
        wanted = name_or_id.removeprefix("@").lower()
        for user in self.users.values():
            if user.id == name_or_id or user.name == wanted:
                return user
        raise KeyError(f"no user {name_or_id!r}")

    def channel(self, name_or_id: str) -> Channel:
        """The channel with this id or name (with or without the hash). KeyError if there is none."""
        wanted = name_or_id.removeprefix("#")
        for channel in self.channels.values():
            if name_or_id == channel.id or wanted == channel.name:
                return channel
        raise KeyError(f"no channel {name_or_id!r}")

    def message(self, channel: str, ts: str) -> Message | None:
        """That message unless it was deleted, ephemeral ones included."""
        found = self.channel(channel).messages.get(ts)
        return None if found is None or found.deleted else found

    def timeline(self, channel: str, viewer: str | None = None) -> list[Message]:
        """What `viewer` (None: the bot; no ephemeral messages) sees in the channel, oldest first: no replies but
        broadcast ones.
        """
        return [m for m in self._visible(channel, viewer) if not m.is_reply or m.reply_broadcast]

    def thread(self, channel: str, ts: str, viewer: str | None = None) -> list[Message]:
        """The parent and its replies, oldest first, as `viewer` sees them."""
        return [m for m in self._visible(channel, viewer) if ts in (m.ts, m.thread_ts)]

    def modals(self, user: str) -> list[View]:
        """The modals on this person's screen, the topmost last."""
        return [v for v in self.views.values() if v.type == "modal" and v.user == self.user(user).id]

    def home(self, user: str) -> View | None:
        """This person's App Home, if the bot has published one."""
        return self.views.get(self._homes.get(self.user(user).id, ""))

    def _visible(self, channel: str, viewer: str | None) -> Iterator[Message]:
        reader = self.user(viewer).id if viewer else None
        for message in self.channel(channel).messages.values():
            if not message.deleted and message.ephemeral_to in (None, reader):
                yield message

    # Following

    def subscribe(self) -> Subscription:
        """Every change from now on; use it as an asynchronous context manager, or `close()` it."""
        return Subscription(self._readers)

    def notify(self, kind: str, **about: str | int | None) -> None:
        """Tell every reader that something of this kind has changed."""
        for reader in tuple(self._readers):
            reader.put({"kind": kind, **about})

    async def until(self, seen: Callable[[], object], within: float = 15.0) -> None:
        """Wait until `seen()` is true, looking again after every change. TimeoutError after `within` seconds."""
        async with asyncio.timeout(within), self.subscribe() as notices:
            while not seen():
                await anext(notices)

    def close(self) -> None:
        """End every subscription."""
        for reader in tuple(self._readers):
            reader.close()

    # Changing: for the Web API and the Actor

    def new_id(self, prefix: str) -> str:
        """A new identity in Slack's form: one letter, then digits; the same in every run."""
        return f"{prefix}{next(self._numbers):08d}"

    def new_ts(self) -> str:
        """The next message timestamp: the clock's time, but always later than any before it."""
        self._last_ts = max(self._last_ts + 1, int(self.clock().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def put_message(self, message: Message) -> Message:
        """Store a new or changed message, and tell the readers."""
        self.channels[message.channel].messages[message.ts] = message
        self.notify(
            "ephemeral" if message.ephemeral_to else "message",
            channel=message.channel, ts=message.ts, thread_ts=message.thread_ts, user=message.ephemeral_to,
        )  # fmt: skip
        return message

    def put_view(self, view: View) -> View:
        """Store a new or changed view, and tell the readers."""
        self.views[view.id] = view
        if view.type == "home":
            self._homes[view.user] = view.id
        self.notify("home" if view.type == "home" else "view", user=view.user)
        return view

    def drop_views(self, views: list[View]) -> None:
        """Take these modals off the screen."""
        for view in views:
            self.views.pop(view.id, None)
            self.notify("view", user=view.user)

    def add_fault(
        self, kind: FaultKind, method: str | None = None, channel: str | None = None, **more: float | str | None
    ) -> Fault:
        """Switch a fault on; `more` are the other fields of `Fault`. It hits calls from now on, the oldest fault
        first.
        """
        fault = Fault(id=self.new_id("X"), kind=kind, method=method, channel=channel, **more)  # type: ignore[arg-type]  # checked by who asks
        self.faults.append(fault)
        self.notify("fault")
        return fault

    def clear_faults(self) -> None:
        """Switch every fault off."""
        self.faults.clear()
        self.notify("fault")
