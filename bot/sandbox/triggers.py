"""Trigger ids and response URLs: what a person's action lets the bot do for a while."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.workspace import Workspace

# https://docs.slack.dev/interactivity/handling-user-interaction : a trigger_id expires in 3 seconds and is used once;
# a response_url can be used up to 5 times within 30 minutes.
TRIGGER_LIFETIME = timedelta(seconds=3)
RESPONSE_LIFETIME = timedelta(minutes=30)
RESPONSE_USES = 5


class TriggerError(Exception):
    """Slack's code for a trigger or response URL that may not be used (any more)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class _Trigger:
    user: str
    at: datetime
    view: str | None
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where a response goes: to `user` in `channel`, about the message `source` where there is one."""

    user: str
    channel: str
    source: str | None
    at: datetime
    uses: int = 0


@dataclass(slots=True)
class Triggers:
    """Gives out trigger ids and response URLs and takes them back."""

    workspace: Workspace
    _triggers: dict[str, _Trigger] = field(default_factory=dict)
    _responses: dict[str, ResponseUrl] = field(default_factory=dict)

    def issue(self, user: str, view: str | None = None) -> str:
        """A new trigger id; `view` is the modal in which the person acted."""
        id = f"{self.workspace.new_id('')}.{self.workspace.team_id[1:]}.trigger"
        self._triggers[id] = _Trigger(user, self.workspace.clock(), view)
        return id

    def check(self, id: str) -> tuple[str, str | None]:
        """The user and the modal behind a trigger id that may be used now. It is not used up yet."""
        trigger = self._triggers.get(id)
        if trigger is None:
            raise TriggerError("invalid_trigger_id")
        if trigger.used:
            raise TriggerError("exchanged_trigger_id")
        if self.workspace.clock() - trigger.at > TRIGGER_LIFETIME:
            raise TriggerError("expired_trigger_id")
        return trigger.user, trigger.view

    def use(self, id: str) -> None:
        """Use a trigger id up."""
        self._triggers[id].used = True

    def response(self, user: str, channel: str, source: str | None = None) -> str:
        """The id of a new response URL."""
        id = self.workspace.new_id("R")
        self._responses[id] = ResponseUrl(user, channel, source, self.workspace.clock())
        return id

    def respond(self, id: str) -> ResponseUrl:
        """Where a response URL leads; counts one use."""
        response = self._responses.get(id)
        if response is None:
            raise TriggerError("invalid_url")
        if self.workspace.clock() - response.at > RESPONSE_LIFETIME:
            raise TriggerError("expired_url")
        if response.uses >= RESPONSE_USES:
            raise TriggerError("used_url")
        response.uses += 1
        return response
