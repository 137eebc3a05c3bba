"""Reads conversations for `handlers.ports.Conversation`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import sleep
from bot.slack.downloads import fetched
from bot.slack.failures import answered
from handlers.errors import PostFailure
from handlers.heard import Said, quoted, said_in
from models.links import Room

_PAGE: Final = 200
# Slack asks for fewer than 1000.
_MOST_LISTED: Final = 900
_TRIES: Final = 5
# It is there already; the workspace has no such emoji; Slack takes no more on a message.
_NOT_ADDED: Final = frozenset({"already_reacted", "invalid_name", "too_many_emoji", "too_many_reactions"})
_NOT_REMOVED: Final = frozenset({"no_reaction", "invalid_name"})
_REMEMBERED: Final = timedelta(minutes=1)


@dataclass(slots=True)
class Conversation:
    """`handlers.ports.Conversation` on a workspace; whether a channel is private is believed for a minute."""

    client: AsyncWebClient
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = sleep
    _private: dict[str, tuple[bool, datetime]] = field(default_factory=dict)
    _own_ids: tuple[str, str] | None = None

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
        return replace(await self._apart(quoted(found, channel_id)), permalink=str(answer["permalink"]))

    async def has_reaction(self, channel_id: str, ts: str, emoji: str) -> bool:
        """Return whether anybody has put this emoji on a message."""
        found = await self._raw(channel_id, ts) or {}
        return any(one.get("name") == emoji for one in found.get("reactions") or ())

    async def reflect(self, channel_id: str, ts: str, emoji: Collection[str]) -> None:
        """Make the bot's own reactions these. https://docs.slack.dev/reference/methods/reactions.add"""
        client, me = self.client, (await self._own())[0]
        answer = await self._patiently(lambda: client.reactions_get(channel=channel_id, timestamp=ts, full=True))
        there = (answer.get("message") or {}).get("reactions") or []
        mine = {str(one["name"]) for one in there if me in (one.get("users") or ())}
        for name in sorted(set(emoji) - mine):
            await self._add(channel_id, ts, name)
        for name in sorted(mine - set(emoji)):
            await self._remove(channel_id, ts, name)

    async def _add(self, channel_id: str, ts: str, name: str) -> None:
        client = self.client
        await self._unless(_NOT_ADDED, lambda: client.reactions_add(channel=channel_id, timestamp=ts, name=name))

    async def _remove(self, channel_id: str, ts: str, name: str) -> None:
        client = self.client
        await self._unless(_NOT_REMOVED, lambda: client.reactions_remove(channel=channel_id, timestamp=ts, name=name))

    async def _unless(self, reasons: Collection[str], call: Callable[[], Awaitable[Any]]) -> None:
        try:
            await self._patiently(call)
        except PostFailure as failure:
            if failure.reason not in reasons:
                raise

    async def picture(self, url: str, most: int) -> bytes:
        """Fetch a picture by its `url_private`. https://docs.slack.dev/reference/objects/file-object"""
        return await fetched(self.client, url, most)

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
        """Return what was said in a thread, in order, with its reactions.

        https://docs.slack.dev/reference/methods/conversations.replies
        """
        told = [said_in(one, channel_id) async for one in self._messages(channel_id, thread_ts)]
        found = [replace(said, reactions=said.reactions or {}) for said in told if said and said.thread_ts]
        return sorted([await self._apart(one) for one in found], key=lambda one: one.ts)

    async def _apart(self, said: Said) -> Said:
        """Tell the bot's own reactions from those of people."""
        if not said.reactions:
            return said
        me = (await self._own())[0]
        others = {emoji: tuple(user for user in who if user != me) for emoji, who in said.reactions.items()}
        mine = tuple(emoji for emoji, who in said.reactions.items() if me in who)
        return replace(said, reactions={emoji: who for emoji, who in others.items() if who}, reflected=mine)

    async def threads(self, channel_id: str, oldest: datetime, since: datetime) -> list[str]:
        """Return the messages of a channel from `oldest` on whose threads were written in at or after `since`.

        https://docs.slack.dev/reference/methods/conversations.history
        """
        told = [one async for one in self._messages(channel_id, oldest=f"{oldest.timestamp():.6f}")]
        return [str(one["ts"]) for one in told if float(one.get("latest_reply") or 0) >= since.timestamp()]

    async def rooms(self) -> list[Room]:
        """Return every channel the bot sees. https://docs.slack.dev/reference/methods/conversations.list"""
        found: list[Room] = []
        cursor = ""
        while True:
            answer = await answered(
                self.client.conversations_list(
                    types="public_channel,private_channel", limit=_MOST_LISTED, cursor=cursor or None
                )
            )
            found += [_room(one) for one in answer.get("channels") or []]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return found

    async def is_own(self, bot_id: str) -> bool:
        """Return whether this is the bot's own id as a bot. https://docs.slack.dev/reference/methods/auth.test"""
        return bot_id == (await self._own())[1]

    async def _own(self) -> tuple[str, str]:
        """Return the bot's own ids: as a user, and as a bot."""
        if self._own_ids is None:
            told = await answered(self.client.auth_test())
            self._own_ids = str(told.get("user_id") or ""), str(told.get("bot_id") or "")
        return self._own_ids

    async def _messages(
        self, channel_id: str, thread_ts: str | None = None, oldest: str | None = None
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the messages of a thread, or of a channel from `oldest` on, page by page."""
        cursor = ""
        while True:
            answer = await self._page(channel_id, thread_ts, oldest, cursor)
            for one in answer.get("messages") or []:
                yield one
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _page(self, channel_id: str, thread_ts: str | None, oldest: str | None, cursor: str) -> Any:
        options: dict[str, Any] = {"channel": channel_id, "limit": _PAGE, "cursor": cursor or None}
        if thread_ts:
            return await self._patiently(lambda: self.client.conversations_replies(ts=thread_ts, **options))
        return await self._patiently(lambda: self.client.conversations_history(oldest=oldest, **options))

    async def _patiently(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Ask; where Slack asks to wait, wait."""
        tries = 0
        while True:
            try:
                return await answered(call())
            except PostFailure as failure:
                tries += 1
                if failure.retry_after is None or tries == _TRIES:
                    raise
                await self.sleep(failure.retry_after)


def _room(one: Mapping[str, Any]) -> Room:
    return Room(
        id=str(one["id"]),
        name=str(one.get("name") or one["id"]),
        is_private=bool(one.get("is_private")),
        is_member=bool(one.get("is_member")),
        is_archived=bool(one.get("is_archived")),
    )
