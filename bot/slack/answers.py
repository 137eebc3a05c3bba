"""Answers the one person who asked: through the request's own address, or by an ephemeral message."""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import answered
from handlers.errors import PostFailure
from handlers.views import Block, Message

_log = structlog.get_logger(__name__)

_OK: Final = 200


async def answer(respond: AsyncRespond, message: Message, *, in_channel: bool = False) -> None:
    """Answer a command or a press; more plainly where Slack refuses the blocks.

    https://docs.slack.dev/interactivity/handling-user-interaction#message_responses : five answers in 30 minutes.
    """
    for blocks in _ways(message):
        said = await respond(
            text=message.text,
            blocks=list(blocks),
            response_type="in_channel" if in_channel else "ephemeral",
            replace_original=False,
            unfurl_links=False,
            unfurl_media=False,
        )
        if said.status_code == _OK:
            return
        _log.warning("answer_refused", status=said.status_code, answer=said.body[:200])


@dataclass(frozen=True, slots=True)
class Whisperer:
    """Says things to one person where no request can be answered, as after a form."""

    client: AsyncWebClient

    async def whisper(self, channel_id: str | None, user_id: str, message: Message) -> None:
        """Show a message to one person in a channel; in a direct message where the bot is not in that channel."""
        said: dict[str, Any] = {"text": message.text, "blocks": list(message.plain_blocks or message.blocks)}
        try:
            if channel_id:
                await answered(self.client.chat_postEphemeral(channel=channel_id, user=user_id, **said))
                return
        except PostFailure as failure:
            _log.info("whisper_in_channel_failed", reason=failure.reason)
        try:
            await answered(self.client.chat_postMessage(channel=user_id, **said))
        except PostFailure as failure:
            _log.warning("whisper_failed", reason=failure.reason)

    async def channel_names(self, channel_id: str) -> set[str]:
        """Return what a channel may be called in the configuration: its id, and its name without the hash."""
        answer = await answered(self.client.conversations_info(channel=channel_id))
        name = (answer.get("channel") or {}).get("name")
        return {channel_id, name} if name else {channel_id}


def _ways(message: Message) -> list[tuple[Block, ...]]:
    plain = [message.plain_blocks] if message.plain_blocks is not None else []
    return [message.blocks, *plain, *([()] if message.blocks else [])]
