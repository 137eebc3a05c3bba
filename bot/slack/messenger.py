"""Says things in Slack through slack_sdk's asynchronous client. Tries each call once: the outbox does the repeating."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.clock import sleep
from bot.slack.failures import answered, within
from bot.slack.pictures import Pictures, is_picture
from handlers.errors import PostFailure
from handlers.ports import Posted
from handlers.views import Block, Message, Modal

API_URL: Final = "https://slack.com/api/"
EVENT_TYPE: Final = "twinspan"

_ID: Final = re.compile(r"[CDG][A-Z0-9]{6,}")
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{4,}")
_REMEMBERED: Final = timedelta(minutes=10)
_NAME_REMEMBERED: Final = timedelta(hours=1)
_MOST_NAMES: Final = 5000
_PAGE: Final = 200
_MOST_PAGES: Final = 10
_PATIENCE: Final = 3.0
_FILE_READY_AFTER: Final = (0.0, 1.0, 3.0)
# The content was refused, not the message: the same can be said more plainly.
_TOO_FANCY: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_blocks_too_long", "blocks_too_long"}
)


_Say: TypeAlias = Callable[[tuple[Block, ...]], Awaitable[AsyncSlackResponse]]


def web_client(token: str, base_url: str = API_URL, seconds: int = 10) -> AsyncWebClient:
    """Return a client that gives each call `seconds`, and never tries again by itself."""
    return AsyncWebClient(token=token, base_url=base_url, timeout=seconds, retry_handlers=[])


@dataclass(slots=True)
class _Known:
    """Something Slack told, and until when that is believed."""

    value: str
    until: datetime


@dataclass(slots=True)
class SlackMessenger:
    """`handlers.ports.Messenger` on a real workspace (or on the sandbox, which is the same to it)."""

    client: AsyncWebClient
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = sleep
    pictures: Pictures = field(init=False)
    _channels: dict[str, _Known] = field(default_factory=dict)
    _names: dict[str, _Known] = field(default_factory=dict)
    _workspace_url: str | None = None

    def __post_init__(self) -> None:
        """Share the client with what uploads pictures."""
        self.pictures = Pictures(self.client)

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        """Post a message, in a thread where `thread_ts` is given; more plainly where Slack refuses its blocks."""
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}
        author = message.author

        def say(blocks: tuple[Block, ...]) -> Awaitable[AsyncSlackResponse]:
            return self.client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(blocks) or None,
                thread_ts=thread_ts,
                metadata=metadata,
                unfurl_links=message.shows_files,
                unfurl_media=message.shows_files,
                username=author.name if author else None,
                icon_url=author.picture if author else None,
                link_names=False,
                parse="none",
            )

        answer, is_plain = await self._plainer_and_plainer(message, say)
        self._remember_channel(channel, answer["channel"])
        return await self._posted(answer, thread_ts, used_plain_blocks=is_plain)

    async def update(self, channel_id: str, ts: str, message: Message, *, key: str) -> Posted:
        """Replace a message of the bot."""
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key}}

        def say(blocks: tuple[Block, ...]) -> Awaitable[AsyncSlackResponse]:
            # Without blocks Slack would keep the old ones; an empty list takes them away.
            return self.client.chat_update(
                channel=channel_id,
                ts=ts,
                text=message.text,
                blocks=list(blocks),
                metadata=metadata,
                link_names=False,
                parse="none",
            )

        answer, is_plain = await self._plainer_and_plainer(message, say)
        return await self._posted(answer, None, used_plain_blocks=is_plain)

    async def delete(self, channel_id: str, ts: str) -> None:
        """Delete a message of the bot; one that is gone already is no failure."""
        try:
            await answered(self.client.chat_delete(channel=channel_id, ts=ts))
        except PostFailure as failure:
            if failure.reason != "message_not_found":
                raise

    async def find(self, channel: str, *, key: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """Look for a message of the bot with this key, posted at or after `since`; `None` when it is not there."""
        channel_id = await self.channel_id(channel)
        cursor, pages = "", 0
        while pages < _MOST_PAGES:
            answer = await self._page(channel_id, since, thread_ts, cursor)
            for found in answer.get("messages") or []:
                metadata = found.get("metadata") or {}
                is_ours = metadata.get("event_type") == EVENT_TYPE
                if is_ours and (metadata.get("event_payload") or {}).get("key") == key:
                    told = {"channel": channel_id, "ts": found["ts"]}
                    return await self._posted(told, thread_ts)
            cursor, pages = (answer.get("response_metadata") or {}).get("next_cursor") or "", pages + 1
            if not cursor:
                break
        return None

    async def open_modal(self, trigger_id: str, modal: Modal) -> None:
        """Open a modal for the person behind `trigger_id`."""
        await answered(self.client.views_open(trigger_id=trigger_id, view=modal.view))

    async def update_modal(self, view_id: str, modal: Modal) -> None:
        """Replace what an open modal shows."""
        await answered(self.client.views_update(view_id=view_id, view=modal.view))

    async def publish_home(self, user_id: str, home: Modal) -> None:
        """Show a person their home."""
        await answered(self.client.views_publish(user_id=user_id, view=home.view))

    async def user_timezone(self, user_id: str) -> str | None:
        """Return the IANA zone a person has set in Slack; `None` where Slack does not tell."""
        answer = await within(_PATIENCE, self.client.users_info(user=user_id))
        zone = ((answer.get("user") if answer else None) or {}).get("tz")
        return str(zone) if zone else None

    async def user_name(self, user_id: str) -> str:
        """Return the name a person is shown under; the id itself where Slack does not tell."""
        known = self._names.get(user_id)
        if known and known.until > self.clock():
            return known.value
        answer = await within(_PATIENCE, self.client.users_info(user=user_id))
        user = (answer.get("user") if answer else None) or {}
        profile = user.get("profile") or {}
        name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
        if not name:
            return user_id
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        self._names[user_id] = _Known(name, self.clock() + _NAME_REMEMBERED)
        return str(name)

    async def channel_id(self, channel: str) -> str:
        """Return a channel's id, or that of the conversation with a person; remembered for ten minutes.

        Raises:
            PostFailure: `channel_not_found`: there is no such channel that the bot may see.
        """
        if _PERSON.fullmatch(channel):
            return await self._direct(channel)
        if _ID.fullmatch(channel):
            return channel
        name = channel.removeprefix("#")
        known = self._channels.get(name)
        if known is None or known.until <= self.clock():
            await self._learn_channels()
            known = self._channels.get(name)
        if known is None:
            raise PostFailure("channel_not_found", is_permanent=True)
        return known.value

    async def _direct(self, user_id: str) -> str:
        known = self._channels.get(user_id)
        if known is None or known.until <= self.clock():
            answer = await answered(self.client.conversations_open(users=user_id))
            known = self._channels[user_id] = _Known(answer["channel"]["id"], self.clock() + _REMEMBERED)
        return known.value

    async def _plainer_and_plainer(self, message: Message, say: _Say) -> tuple[AsyncSlackResponse, bool]:
        """Say a message as it is, else with pictures for charts, else plainly, else as bare text.

        Returns also whether it was made plainer.
        """
        refused: PostFailure | None = None
        async for blocks in self._ways(message):
            try:
                return await answered(say(blocks)), refused is not None
            except PostFailure as failure:
                if failure.reason not in _TOO_FANCY:
                    raise
                refused = failure
        assert refused is not None
        raise refused

    async def _ways(self, message: Message) -> AsyncIterator[tuple[Block, ...]]:
        yield message.blocks
        if (pictured := await self.pictures.in_place_of_charts(message.blocks)) is not None:
            yield pictured
            # A workspace that knows no charts may know no native tables either. And Slack knows a file a moment after
            # it was uploaded, and refuses the message until then.
            plain = (*(message.plain_blocks or ()), *(block for block in pictured if is_picture(block)))
            for wait in _FILE_READY_AFTER:
                await self.sleep(wait)
                yield plain
        if message.plain_blocks is not None:
            yield message.plain_blocks
        if message.blocks:
            yield ()

    async def _learn_channels(self) -> None:
        cursor = ""
        while True:
            answer = await answered(
                self.client.conversations_list(
                    types="public_channel,private_channel", exclude_archived=True, limit=_PAGE, cursor=cursor
                )
            )
            for channel in answer.get("channels") or []:
                self._remember_channel(channel["name"], channel["id"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _remember_channel(self, channel: str, channel_id: str) -> None:
        name = channel.removeprefix("#")
        if not (_ID.fullmatch(name) or _PERSON.fullmatch(name)):
            self._channels[name] = _Known(channel_id, self.clock() + _REMEMBERED)

    async def _page(self, channel_id: str, since: datetime, thread_ts: str | None, cursor: str) -> AsyncSlackResponse:
        options: dict[str, Any] = {
            "channel": channel_id,
            "oldest": f"{since.timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PAGE,
            "cursor": cursor or None,
        }
        if thread_ts:
            return await answered(self.client.conversations_replies(ts=thread_ts, **options))
        return await answered(self.client.conversations_history(**options))

    async def _posted(self, answer: Any, thread_ts: str | None, *, used_plain_blocks: bool = False) -> Posted:
        channel_id, ts = answer["channel"], answer["ts"]
        base = await self._workspace()
        thread = f"?thread_ts={thread_ts}&cid={channel_id}" if thread_ts else ""
        permalink = f"{base}archives/{channel_id}/p{ts.replace('.', '')}{thread}" if base else None
        return Posted(channel_id=channel_id, ts=ts, permalink=permalink, used_plain_blocks=used_plain_blocks)

    async def _workspace(self) -> str | None:
        """Return the workspace's address, which permalinks begin with; a message is not lost for want of it."""
        if self._workspace_url is None:
            answer = await within(_PATIENCE, self.client.auth_test())
            self._workspace_url = answer.get("url") if answer else None
        return self._workspace_url
