"""Uploads files for people. https://docs.slack.dev/messaging/working-with-files"""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import answered
from bot.slack.messenger import SlackMessenger


@dataclass(frozen=True, slots=True)
class SlackSharing:
    """`handlers.ports.Sharing` on a workspace."""

    client: AsyncWebClient
    messenger: SlackMessenger

    async def share(
        self, channel: str, *, name: str, content: bytes, comment: str, thread_ts: str | None = None
    ) -> str | None:
        """Upload a file to a channel or a person (id); return its link."""
        answer = await answered(
            self.client.files_upload_v2(
                channel=await self.messenger.channel_id(channel),
                filename=name,
                title=name,
                content=content,
                initial_comment=comment,
                thread_ts=thread_ts,
            )
        )
        link = (answer.get("files") or [{}])[0].get("permalink")
        return str(link) if link else None
