"""Changes messages the one right way: stored, shown to the page, and told to the bot as events."""

import dataclasses
from collections.abc import Callable
from typing import Any

from bot.sandbox.blocks import with_ids
from bot.sandbox.shapes import message_json
from bot.sandbox.state import Channel, Json, Message
from bot.sandbox.workspace import Workspace

Emit = Callable[[Json], None]


class Feed:
    """`emit` takes an event's inner payload; it is only called for channels that the bot is in."""

    def __init__(self, workspace: Workspace, emit: Emit) -> None:
        self._workspace = workspace
        self._emit = emit

    def post(self, message: Message) -> Message:
        """Add a message. Its blocks get the ids that they lack; its parent becomes the head of a thread."""
        workspace = self._workspace
        message.blocks = with_ids(message.blocks, workspace.new_id)
        message.attachments = self._attachments(message.attachments)
        parent = workspace.channels[message.channel].messages.get(message.thread_ts or "")
        if parent is not None and parent.thread_ts is None:
            parent.thread_ts = parent.ts
        workspace.put_message(message)
        if message.ephemeral_to is None:
            subtype = {"subtype": "thread_broadcast"} if message.reply_broadcast else {}
            self._tell(message, {**message_json(workspace, message, metadata=True), **subtype})
            if f"<@{workspace.bot_user}>" in message.text:
                self._tell(message, {**message_json(workspace, message), "type": "app_mention"})
        return message

    def edit(self, message: Message, **changes: Any) -> Message:
        """Change fields of a message (`text`, `blocks`, `edited`, …); blocks get the ids that they lack."""
        before = message_json(self._workspace, message)
        if "blocks" in changes:
            changes["blocks"] = with_ids(changes["blocks"], self._workspace.new_id)
        if "attachments" in changes:
            changes["attachments"] = self._attachments(changes["attachments"])
        changed = self._workspace.put_message(dataclasses.replace(message, **changes))
        if message.ephemeral_to is None:
            after = message_json(self._workspace, changed, metadata=True)
            self._tell_hidden(changed, {"subtype": "message_changed", "message": after, "previous_message": before})
        return changed

    def delete(self, message: Message) -> None:
        """Delete a message; its replies stay."""
        before = message_json(self._workspace, message)
        self._workspace.put_message(dataclasses.replace(message, deleted=True))
        if message.ephemeral_to is None:
            about = {"deleted_ts": message.ts, "previous_message": before}
            self._tell_hidden(message, {"subtype": "message_deleted", **about})

    def react(self, message: Message, user: str, name: str) -> bool:
        """Add a reaction; False where this user already has it there."""
        users = message.reactions.setdefault(name, [])
        if user in users:
            return False
        users.append(user)
        self._reacted(message, "reaction_added", user, name)
        return True

    def unreact(self, message: Message, user: str, name: str) -> bool:
        """Remove a reaction; False where there is none."""
        users = message.reactions.get(name, [])
        if user not in users:
            return False
        users.remove(user)
        if not users:
            del message.reactions[name]
        self._reacted(message, "reaction_removed", user, name)
        return True

    def emit(self, channel: Channel, event: Json) -> None:
        """Tell the bot of something that happened in a channel, if it is in there."""
        if self._workspace.bot_user in channel.members:
            self._emit({"event_ts": self._workspace.new_ts(), **event})

    def emit_to_app(self, event: Json) -> None:
        """Tell the bot of something that concerns the app, whatever channels it is in."""
        self._emit({"event_ts": self._workspace.new_ts(), **event})

    def _attachments(self, attachments: list[Json]) -> list[Json]:
        new_id = self._workspace.new_id
        return [{**one, "blocks": with_ids(one["blocks"], new_id)} if "blocks" in one else one for one in attachments]

    def _reacted(self, message: Message, kind: str, user: str, name: str) -> None:
        self._workspace.put_message(message)
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event = {"type": kind, "user": user, "reaction": name, "item": item, "item_user": message.user}
        self.emit(self._workspace.channels[message.channel], event)

    def _tell(self, message: Message, event: Json) -> None:
        channel = self._workspace.channels[message.channel]
        where = {"channel": channel.id, "channel_type": _kind(channel), "event_ts": message.ts}
        self.emit(channel, {**event, **where})

    def _tell_hidden(self, message: Message, about: Json) -> None:
        ts = self._workspace.new_ts()
        event = {"type": "message", "hidden": True, "ts": ts, **about}
        channel = self._workspace.channels[message.channel]
        self.emit(channel, {**event, "channel": channel.id, "channel_type": _kind(channel), "event_ts": ts})


def _kind(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "group" if channel.is_private else "channel"
