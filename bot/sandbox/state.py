"""What a Slack workspace consists of: people, channels, messages, views, files, faults. Plain, mutable records."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class User:
    """A person, or the bot's own user. `color` is six hex digits without the hash, as Slack gives it."""

    id: str
    name: str
    real_name: str
    display_name: str = ""
    title: str = ""
    email: str = ""
    timezone: str = "UTC"
    color: str = "4bbe2e"
    is_bot: bool = False
    deleted: bool = False

    @property
    def shown(self) -> str:
        """The name Slack shows beside what they write: the one they chose, else the full one."""
        return self.display_name or self.real_name


@dataclass(slots=True, kw_only=True)
class Message:
    """One message. `ts` is its identity within `channel`; `thread_ts` is the parent's `ts` (a parent has its own).

    `user` is always a user's id (the bot's own, for its messages). `username`, `icon_url` and `icon_emoji` are what
    the bot asked to be shown as. `ephemeral_to` is the one user who sees it. `edited` is the time of the last edit as
    a ts. `reactions` maps the emoji's name to user ids in order. `files` are file ids. `state` is what was chosen in
    its menus, as Slack sends it: block id, action id, value.
    """

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    reply_broadcast: bool = False
    bot_id: str | None = None
    username: str | None = None
    icon_url: str | None = None
    icon_emoji: str | None = None
    metadata: Json | None = None
    subtype: str | None = None
    edited: str | None = None
    deleted: bool = False
    ephemeral_to: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    pinned: bool = False
    state: Json = field(default_factory=dict)

    @property
    def all_blocks(self) -> list[Json]:
        """Its blocks, and those in its attachments."""
        return [*self.blocks, *(block for attachment in self.attachments for block in attachment.get("blocks", ()))]

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation. `name` has no hash. A direct message has `is_im` and two members. `messages` are by ts, oldest
    first.
    """

    id: str
    name: str
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    creator: str = ""
    topic: str = ""
    purpose: str = ""
    members: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class View:
    """A modal on one person's screen, or one person's App Home. `payload` is the dict the bot sent.

    `errors` (block id to words) are what the last submission was answered with; `state` is what was chosen and typed
    so far, as Slack sends it: block id, action id, value.
    """

    id: str
    type: Literal["modal", "home"]
    user: str
    payload: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    state: Json = field(default_factory=dict)

    @property
    def all_blocks(self) -> list[Json]:
        """The blocks that it shows."""
        blocks: list[Json] = self.payload["blocks"]
        return blocks


@dataclass(slots=True, kw_only=True)
class Usergroup:
    """A group of people with a handle (without the at sign)."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class File:
    """An uploaded file. `complete` turns true with files.completeUploadExternal."""

    id: str
    name: str
    title: str
    length: int
    user: str
    mimetype: str = "application/octet-stream"
    alt_text: str | None = None
    content: bytes | None = None
    complete: bool = False
    channels: list[str] = field(default_factory=list)


FaultKind: TypeAlias = Literal["ratelimited", "server_error", "hang", "cut_before", "cut_after", "down", "error"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that goes wrong on purpose, for calls of `method` (None: any) that name `channel` (id or name; None:
    any).

    `kind`: `ratelimited` (429, `retry_after` seconds), `server_error` (500), `hang` (no answer for `seconds`, then
    the connection is cut, nothing done), `cut_before` (cut, nothing done), `cut_after` (done, but the answer never
    arrives), `down` (every connection is cut at once, Socket Mode too), `error` (HTTP 200, `{"ok": false, "error":
    error}`). `remaining` is how many more calls it hits; None: until it is cleared.
    """

    id: str = ""
    kind: FaultKind
    method: str | None = None
    channel: str | None = None
    remaining: int | None = None
    retry_after: int = 1
    seconds: float = 60.0
    error: str = "fatal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the Web API: its arguments and what was answered (`error` None: ok)."""

    method: str
    arguments: Json
    status: int
    error: str | None
    answer: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request to the bot. `kind`: command, interactivity, event. `status` None: no answer in time, or no
    connection.
    """

    kind: str
    payload: Json
    status: int | None
    retry: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What Slack would show the person after they acted.

    `ok`: the bot acknowledged in time. `shown` is Slack's own error line otherwise, for example `/change failed with
    the error "operation_timeout"`. `errors` (block id to words) are what a modal's submission was refused with; the
    modal stays open. `ephemeral` is the answer inside the acknowledgement of a slash command, only visible to that
    person. `milliseconds` is how long the acknowledgement took.
    """

    ok: bool
    shown: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    ephemeral: Message | None = None
    message: Message | None = None
    milliseconds: float = 0.0
