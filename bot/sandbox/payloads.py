"""What Slack sends when a person acts. https://docs.slack.dev/reference/interaction-payloads ."""

from typing import Any

from bot.sandbox import inputs
from bot.sandbox.shapes import message_json, view_json
from bot.sandbox.state import Channel, Json, Message, User, View
from bot.sandbox.triggers import Triggers
from bot.sandbox.workspace import Workspace


class Payloads:
    """Builds payloads; each carries a trigger id (and a response URL where Slack gives one)."""

    def __init__(self, workspace: Workspace, triggers: Triggers) -> None:
        self._workspace = workspace
        self._triggers = triggers
        self.base_url = ""
        """Where the bot reaches the sandbox, without a slash at the end."""

    def command(self, user: User, channel: Channel, command: str, text: str) -> Json:
        """https://docs.slack.dev/interactivity/implementing-slash-commands ."""
        workspace = self._workspace
        return {
            "token": "sandbox",
            "team_id": workspace.team_id,
            "team_domain": workspace.domain,
            "channel_id": channel.id,
            "channel_name": _channel_name(channel),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(user.id, channel.id),
            "trigger_id": self._triggers.issue(user.id),
        }

    def message_action(self, user: User, message: Message, fields: Json, block: Json, element: Json) -> Json:
        """block_actions in a message."""
        channel = self._workspace.channels[message.channel]
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.ephemeral_to is not None,
            **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        }
        return {
            **self._interaction("block_actions", user),
            "container": container,
            "channel": {"id": channel.id, "name": _channel_name(channel)},
            **({} if message.ephemeral_to else {"message": message_json(self._workspace, message)}),
            "state": {"values": inputs.values(message.all_blocks, message.state)},
            "response_url": self._response_url(user.id, channel.id, message.ts),
            "actions": [self._action(fields, block, element)],
        }

    def view_action(self, user: User, view: View, fields: Json, block: Json, element: Json) -> Json:
        """block_actions in a modal or in the App Home."""
        return {
            **self._interaction("block_actions", user, view.id),
            "container": {"type": "view", "view_id": view.id},
            "view": self._with_values(view),
            "actions": [self._action(fields, block, element)],
        }

    def submission(self, user: User, view: View) -> Json:
        """view_submission."""
        shown = self._with_values(view)
        return {**self._interaction("view_submission", user, view.id), "view": shown, "response_urls": []}

    def closed(self, user: User, view: View, *, all_views: bool) -> Json:
        """view_closed."""
        payload = self._interaction("view_closed", user)
        del payload["trigger_id"]
        return {**payload, "view": self._with_values(view), "is_cleared": all_views}

    def shortcut(self, user: User, callback_id: str) -> Json:
        """A global shortcut."""
        payload = self._interaction("shortcut", user)
        return {**payload, "callback_id": callback_id, "action_ts": self._workspace.new_ts()}

    def message_shortcut(self, user: User, callback_id: str, message: Message) -> Json:
        """A message shortcut."""
        channel = self._workspace.channels[message.channel]
        return {
            **self._interaction("message_action", user),
            "callback_id": callback_id,
            "action_ts": self._workspace.new_ts(),
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": _channel_name(channel)},
            "message": message_json(self._workspace, message),
            "response_url": self._response_url(user.id, channel.id, message.ts),
        }

    def _interaction(self, kind: str, user: User, view: str | None = None) -> Json:
        workspace = self._workspace
        return {
            "type": kind,
            "token": "sandbox",
            "api_app_id": workspace.app_id,
            "team": {"id": workspace.team_id, "domain": workspace.domain},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": workspace.team_id},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._triggers.issue(user.id, view),
        }

    def _action(self, fields: Json, block: Json, element: Json) -> Json:
        copied: dict[str, Any] = {key: element[key] for key in ("type", "action_id", "style") if key in element}
        if element["type"] == "button":
            copied["text"] = element["text"]
        return {**copied, **fields, "block_id": block["block_id"], "action_ts": self._workspace.new_ts()}

    def _with_values(self, view: View) -> Json:
        shown = view_json(self._workspace, view)
        return {**shown, "state": {"values": inputs.values(view.all_blocks, view.state)}}

    def _response_url(self, user: str, channel: str, source: str | None = None) -> str:
        return f"{self.base_url}/response/{self._triggers.response(user, channel, source)}"


def _channel_name(channel: Channel) -> str:
    return "directmessage" if channel.is_im else channel.name
