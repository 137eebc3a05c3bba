"""Uploads files for people. https://docs.slack.dev/messaging/working-with-files"""

from dataclasses import dataclass
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import answered, within
from bot.slack.messenger import SlackMessenger

_PATIENCE: Final = 3.0


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

    async def canvas(self, title: str, markdown: str, *, user_id: str, channel_id: str | None = None) -> str | None:
        """Write a canvas. https://docs.slack.dev/reference/methods/canvases.create (needs canvases:write)."""
        content = {"type": "markdown", "markdown": markdown}
        made = await answered(self.client.canvases_create(title=title, document_content=content, channel_id=channel_id))
        number = str(made["canvas_id"])
        await answered(self.client.canvases_access_set(canvas_id=number, access_level="write", user_ids=[user_id]))
        # Its link is nice to have; a canvas is a file: https://docs.slack.dev/reference/methods/files.info
        told = await within(_PATIENCE, self.client.files_info(file=number))
        return str(told["file"].get("permalink")) if told else None
