"""Slash commands: each file here exports `COMMAND`. The grammar is pure; only `run` touches the context.

The listener acknowledges first, then runs; a `UserError` is shown in its own words.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from handlers.acting import By
from handlers.context import Context
from handlers.views import Message, Modal


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One use of a command: who typed what, where. `thread_ts` is set only where Slack says it.

    `trigger_id` opens a modal within 3 seconds. `request_id` is the same for the same use of the command.
    """

    user_id: str
    user_name: str
    channel_id: str
    text: str
    trigger_id: str
    request_id: str
    at: datetime
    thread_ts: str | None = None

    @property
    def is_direct(self) -> bool:
        """Whether it was typed in a direct message (https://docs.slack.dev/reference/objects/conversation-object)."""
        return self.channel_id.startswith("D")

    @property
    def by(self) -> By:
        """Who acts."""
        return By(
            name=self.user_name,
            request_id=self.request_id,
            at=self.at,
            user_id=self.user_id,
            channel_id=self.channel_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the person is shown: a message only they see (`in_channel` false), or a modal."""

    message: Message | None = None
    modal: Modal | None = None
    in_channel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One slash command. `usage` is Slack's hint (without the name), `summary` its purpose, `examples` whole lines."""

    name: str
    usage: str
    summary: str
    examples: tuple[str, ...]
    run: Callable[[Context, Invocation], Awaitable[Reply]]
