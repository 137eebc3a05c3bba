"""One call of the Web API: its arguments, its errors, and what a method may use to answer it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.sandbox.feed import Feed
from bot.sandbox.state import Channel, Json, Message
from bot.sandbox.triggers import Triggers
from bot.sandbox.workspace import Workspace


class ApiError(Exception):
    """Answered as `{"ok": false, "error": code, **more}` with status 200, as Slack does."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def refused(code: str, problems: list[str], **more: Any) -> ApiError:
    """An error with its reasons where Slack puts them: `response_metadata.messages`, and `errors`, unprefixed."""
    messages = [f"[ERROR] {words}" for words in problems]
    return ApiError(code, errors=problems, response_metadata={"messages": messages}, **more)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call, from the query, a form or JSON: values may be strings or JSON values."""

    values: Json

    def text(self, name: str, default: str = "") -> str:
        """A string, the default where it is missing or null."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """A string that may not be missing: invalid_arguments."""
        if not (value := self.text(name)):
            raise refused("invalid_arguments", [f"missing required field: {name} [json-pointer:/{name}]"])
        return value

    def flag(self, name: str) -> bool:
        """A boolean: true, 1, "true", "1"."""
        return self.text(name).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """A whole number: invalid_arguments."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise refused("invalid_arguments", [f"must be an integer [json-pointer:/{name}]"]) from None

    def structure(self, name: str, error: str = "invalid_arguments") -> Any:
        """A JSON value, given as such or as a string; None where it is missing. `error` where it is no JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiError(error) from None


@dataclass(frozen=True, slots=True)
class Request:
    """What a method is given. `base_url` is where the caller reached the sandbox, ending in a slash."""

    workspace: Workspace
    feed: Feed
    triggers: Triggers
    arguments: Arguments
    scopes: frozenset[str]
    base_url: str
    ticket: Callable[[], str]

    def need(self, scope: str) -> None:
        """Refuse with missing_scope unless the token has this scope."""
        if scope not in self.scopes:
            raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))

    def channel(self, verb: str = "", *, name: str = "channel", member: bool = False) -> Channel:
        """The channel that the argument names by id. `verb` (read, history) is the scope needed for its kind.

        channel_not_found, also for private channels that the bot is not in; not_in_channel where `member` is asked for.
        """
        channel = self.workspace.channels.get(self.arguments.required(name))
        inside = channel is not None and self.workspace.bot_user in channel.members
        if channel is None or ((channel.is_private or channel.is_im) and not inside):
            raise ApiError("channel_not_found")
        if verb:
            self.need(f"{_noun(channel)}:{verb}")
        if member and not inside:
            raise ApiError("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str = "ts") -> Message:
        """The message that the argument names; message_not_found."""
        message = self.workspace.message(channel.id, self.arguments.required(name))
        if message is None or message.ephemeral_to is not None:
            raise ApiError("message_not_found")
        return message


def _noun(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "groups" if channel.is_private else "channels"


Answer: TypeAlias = Callable[[Request], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API. `scopes`: the token needs one of them (none: no scope needed).

    `tier` is its rate limit: "tier 1" to "tier 4", "special", or "posting". `app_level`: takes the app token.
    """

    answer: Answer
    tier: str
    scopes: tuple[str, ...] = ()
    app_level: bool = False
