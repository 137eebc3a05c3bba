"""Reads conversations for `handlers.ports.Conversation`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import sleep
from bot.slack.failures import answered
from handlers.errors import PostFailure
from handlers.heard import Said, quoted, said_in

_PAGE: Final = 200
_TRIES: Final = 5
_REMEMBERED: Final = timedelta(minutes=10)


@dataclass(slots=True)
class Conversation:
    """`handlers.ports.Conversation` on a workspace; whether a channel is private is believed for ten minutes."""

    client: AsyncWebClient
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = sleep
    _private: dict[str, tuple[bool, datetime]] = field(default_factory=dict)

    async def is_private(self, channel_id: str) -> bool:
        """Return whether a channel is private. https://docs.slack.dev/reference/methods/conversations.info"""
        known = self._private.get(channel_id)
        if known is None or known[1] <= self.clock():
            answer = await answered(self.client.conversations_info(channel=channel_id))
            known = bool(answer["channel"].get("is_private")), self.clock() + _REMEMBERED
            self._private[channel_id] = known
        return known[0]

    async def message(self, channel_id: str, ts: str) -> Said | None:
        """Return one message with its address; `None` where there is none."""
        found = await self._raw(channel_id, ts)
        if found is None:
            return None
        answer = await answered(self.client.chat_getPermalink(channel=channel_id, message_ts=ts))
        return replace(quoted(found, channel_id), permalink=str(answer["permalink"]))

    async def has_reaction(self, channel_id: str, ts: str, emoji: str) -> bool:
        """Return whether anybody has put this emoji on a message."""
        found = await self._raw(channel_id, ts) or {}
        return any(one.get("name") == emoji for one in found.get("reactions") or ())

    async def _raw(self, channel_id: str, ts: str) -> Mapping[str, Any] | None:
        """Find a message by its place: `conversations.replies` knows those in threads too."""
        try:
            answer = await answered(
                self.client.conversations_replies(channel=channel_id, ts=ts, oldest=ts, latest=ts, inclusive=True)
            )
        except PostFailure as failure:
            if failure.reason == "thread_not_found":
                return None
            raise
        return next((one for one in answer.get("messages") or [] if one.get("ts") == ts), None)

    async def replies(self, channel_id: str, thread_ts: str) -> list[Said]:
        """Return what people said in a thread, in order.

        https://docs.slack.dev/reference/methods/conversations.replies
        """
        found: list[Said] = []
        cursor = ""
        while True:
            answer = await self._page(channel_id, thread_ts, cursor)
            told = [said_in(one, channel_id) for one in answer.get("messages") or []]
            found += [said for said in told if said and said.thread_ts]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return sorted(found, key=lambda one: one.ts)

    async def _page(self, channel_id: str, thread_ts: str, cursor: str) -> Any:
        """Ask for one page; where Slack asks to wait, wait."""
        tries = 0
        while True:
            try:
                return await answered(
                    self.client.conversations_replies(
                        channel=channel_id, ts=thread_ts, limit=_PAGE, cursor=cursor or None
                    )
                )
            except PostFailure as failure:
                tries += 1
                if failure.retry_after is None or tries == _TRIES:
                    raise
                await self.sleep(failure.retry_after)
