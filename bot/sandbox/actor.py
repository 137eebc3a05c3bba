"""What people do in the workspace: every coroutine acts as one person and says what Slack would show them.

The calls are listed in bot/sandbox/workspace.py. KeyError or ValueError where the person could not do that at all:
nobody sees such a button, the option is not offered, the channel is not theirs.
"""

import html
import json
import mimetypes
from dataclasses import dataclass

from bot.sandbox.api.conversations import open_direct
from bot.sandbox.api.request import ApiError
from bot.sandbox.delivery import Answer
from bot.sandbox.feed import Feed
from bot.sandbox.interactions import Interactions
from bot.sandbox.responses import Responses
from bot.sandbox.shapes import view_json
from bot.sandbox.state import Channel, File, Json, Message, Outcome, User
from bot.sandbox.triggers import ResponseUrl


@dataclass(frozen=True, slots=True)
class Actor(Interactions):
    """Acts as any person; `commands` are the slash commands that the app has (None: any)."""

    feed: Feed
    responses: Responses
    commands: frozenset[str] | None

    async def send_slash_command(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Outcome:
        """Type a slash command, with the slash."""
        person, room = self._present(user, channel)
        command, _, rest = text.strip().partition(" ")
        if not command.startswith("/"):
            raise ValueError("a slash command starts with a slash")
        # https://docs.slack.dev/interactivity/implementing-slash-commands : not in threads; the words are the client's.
        if thread_ts is not None:
            return Outcome(ok=False, shown=f"{command} is not supported in threads. Sorry!")
        if self.commands is not None and command not in self.commands:
            return Outcome(ok=False, shown=f"{command} is not a valid command.")
        # …/messaging/formatting-message-text#escaping : typed &, < and > reach the app as entities.
        payload = self.payloads.command(person, room, command, html.escape(rest.strip(), quote=False))
        answer = await self.courier.ask("command", payload)
        if not answer.acknowledged:
            return _failed(command, _COMMAND_ERRORS[str(answer.reason)], answer)
        try:
            message = self._inside(answer, person, room)
        except (ApiError, ValueError):
            return _failed(command, "invalid_command_response", answer)
        private = message if message is not None and message.ephemeral_to else None
        return Outcome(ok=True, ephemeral=private, message=message, milliseconds=answer.milliseconds)

    async def post_message(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Outcome:
        """Write a message, in a thread where `thread_ts` is given (the parent's or a reply's).

        `text` is what Slack's composer makes of what was typed: mentions as `<@U…>`, a literal `<` as `&lt;`.
        """
        person, room = self._present(user, channel)
        parent = room.messages[thread_ts] if thread_ts else None
        message = Message(
            channel=room.id,
            ts=self.workspace.new_ts(),
            user=person.id,
            text=text,
            thread_ts=(parent.thread_ts or parent.ts) if parent else None,
        )
        return Outcome(ok=True, message=self.feed.post(message))

    async def share_file(
        self, user: str, channel: str, name: str, content: bytes, text: str = "", thread_ts: str | None = None
    ) -> Outcome:
        """Share a file, in a thread where `thread_ts` is given."""
        person, room = self._present(user, channel)
        file = File(
            id=self.workspace.new_id("F"),
            name=name,
            title=name,
            length=len(content),
            user=person.id,
            mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
            content=content,
            complete=True,
            channels=[room.id],
        )
        self.workspace.files[file.id] = file
        message = Message(
            channel=room.id,
            ts=self.workspace.new_ts(),
            user=person.id,
            text=text,
            thread_ts=thread_ts,
            subtype="file_share",
            files=[file.id],
        )
        return Outcome(ok=True, message=self.feed.post(message))

    async def edit_message(self, user: str, channel: str, ts: str, text: str) -> Outcome:
        """Edit one's own message."""
        message = self._own(user, channel, ts)
        return Outcome(ok=True, message=self.feed.edit(message, text=text, edited=self.workspace.new_ts()))

    async def delete_message(self, user: str, channel: str, ts: str) -> Outcome:
        """Delete one's own message."""
        self.feed.delete(self._own(user, channel, ts))
        return Outcome(ok=True)

    async def add_reaction(self, user: str, channel: str, ts: str, name: str) -> Outcome:
        """React to a message; `ok` is False where one already has."""
        message = self._message(user, channel, ts)
        return Outcome(ok=self.feed.react(message, self.workspace.user(user).id, name), message=message)

    async def remove_reaction(self, user: str, channel: str, ts: str, name: str) -> Outcome:
        """Take one's reaction back; `ok` is False where there is none."""
        message = self._message(user, channel, ts)
        return Outcome(ok=self.feed.unreact(message, self.workspace.user(user).id, name), message=message)

    async def open_home(self, user: str) -> Outcome:
        """Look at the app's Home tab; what the bot publishes then is in `workspace.home(user)`."""
        person = self.workspace.user(user)
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": open_direct(self.workspace, person.id).id,
            "tab": "home",
        }
        if (view := self.workspace.home(user)) is not None:
            event["view"] = view_json(self.workspace, view)
        self.feed.emit_to_app(event)
        return Outcome(ok=True)

    def _inside(self, answer: Answer, person: User, room: Channel) -> Message | None:
        """The message in the acknowledgement of a command: plain text, or JSON like that of a response URL."""
        if not answer.body.strip():
            return None
        said = json.loads(answer.body) if answer.is_json else answer.body
        payload = said if isinstance(said, dict) else {"text": str(said)}
        url = ResponseUrl(person.id, room.id, None, self.workspace.clock())
        return self.responses.apply(url, payload) if payload else None

    def _present(self, user: str, channel: str) -> tuple[User, Channel]:
        person, room = self.workspace.user(user), self.workspace.channel(channel)
        if person.id not in room.members or room.is_archived:
            raise KeyError(f"{person.name} cannot write in {room.name}")
        return person, room

    def _own(self, user: str, channel: str, ts: str) -> Message:
        message = self._message(user, channel, ts)
        if message.user != self.workspace.user(user).id:
            raise KeyError(f"{user} did not write {ts}")
        return message


_COMMAND_ERRORS = {
    "http_timeout": "operation_timeout",
    "http_error": "dispatch_failed",
    "connection_failed": "dispatch_failed",
}


def _failed(command: str, error: str, answer: Answer) -> Outcome:
    return Outcome(ok=False, shown=f'{command} failed with the error "{error}"', milliseconds=answer.milliseconds)
