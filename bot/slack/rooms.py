"""Makes and keeps channels for `handlers.ports.Rooms`. Needs channels:manage, and groups:write for private ones."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import answered
from handlers.errors import PostFailure

_PAGE: Final = 200


@dataclass(slots=True)
class SlackRooms:
    """`handlers.ports.Rooms` on a workspace."""

    client: AsyncWebClient
    _me: str | None = None

    async def create(self, name: str, *, is_private: bool) -> str:
        """Make a channel. https://docs.slack.dev/reference/methods/conversations.create"""
        answer = await answered(self.client.conversations_create(name=name, is_private=is_private))
        return str(answer["channel"]["id"])

    async def own(self, name: str) -> str | None:
        """Look among the channels the bot is in. https://docs.slack.dev/reference/methods/users.conversations"""
        if self._me is None:
            self._me = str((await answered(self.client.auth_test()))["user_id"])
        cursor = ""
        while True:
            answer = await answered(
                self.client.users_conversations(
                    types="public_channel,private_channel", exclude_archived=True, limit=_PAGE, cursor=cursor
                )
            )
            for one in answer.get("channels") or []:
                if one.get("name") == name and one.get("creator") == self._me:
                    return str(one["id"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None

    async def set_topic(self, channel_id: str, topic: str) -> None:
        """Set a topic. https://docs.slack.dev/reference/methods/conversations.setTopic"""
        await answered(self.client.conversations_setTopic(channel=channel_id, topic=topic))

    async def invite(self, channel_id: str, user_id: str) -> None:
        """Invite a person. https://docs.slack.dev/reference/methods/conversations.invite"""
        await _unless("already_in_channel", self.client.conversations_invite(channel=channel_id, users=user_id))

    async def archive(self, channel_id: str) -> None:
        """Archive a channel. https://docs.slack.dev/reference/methods/conversations.archive"""
        await _unless("already_archived", self.client.conversations_archive(channel=channel_id))


async def _unless(reason: str, call: Awaitable[Any]) -> None:
    try:
        await answered(call)
    except PostFailure as failure:
        if failure.reason != reason:
            raise
