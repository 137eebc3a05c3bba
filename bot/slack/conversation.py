"""Reads conversations for `handlers.ports.Conversation`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import sleep
from bot.slack.failures import answered
from handlers.errors import PostFailure
from handlers.heard import Said, said_in

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
