"""Puts pictures in the place of charts that a workspace refuses, uploaded as files that only the message shows."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import msgspec
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.chart_png import NotDrawn, png_of
from bot.slack.failures import answered
from handlers.errors import PostFailure
from handlers.views import Block

_log = structlog.get_logger(__name__)

CHART: Final = "data_visualization"
_REMEMBERED: Final = 64
# https://docs.slack.dev/reference/block-kit/blocks/image-block : alt_text at most 2,000 characters.
_MOST_ALT_TEXT: Final = 2_000


@dataclass(slots=True)
class Pictures:
    """Draws and uploads. A chart that is said again, as in an edit, is uploaded once."""

    client: AsyncWebClient
    _known: OrderedDict[bytes, str] = field(default_factory=OrderedDict)

    async def in_place_of_charts(self, blocks: Sequence[Block]) -> tuple[Block, ...] | None:
        """Return the blocks with pictures for charts; `None` where there is no chart, or no picture could be had."""
        if not any(block["type"] == CHART for block in blocks):
            return None
        try:
            return tuple([await self._image(b) if b["type"] == CHART else b for b in blocks])
        except (NotDrawn, PostFailure, aiohttp.ClientError, TimeoutError) as error:
            _log.warning("chart_not_drawn", error=str(error)[:300])
            return None

    async def _image(self, block: Block) -> Block:
        content = msgspec.json.encode(block)
        file_id = self._known.get(content) or await self._upload(block)
        self._known[content] = file_id
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return {"type": "image", "slack_file": {"id": file_id}, "alt_text": alt_text(block)}

    async def _upload(self, block: Block) -> str:
        """Upload in Slack's three steps, shared with nobody: https://docs.slack.dev/messaging/working-with-files."""
        picture = await png_of(block)
        answer = await answered(
            self.client.files_upload_v2(
                filename="chart.png", content=picture, title=block["title"], alt_txt=alt_text(block)[:1000]
            )
        )
        return str(answer["files"][0]["id"])


def is_picture(block: Block) -> bool:
    """Say whether a block shows an uploaded file."""
    return block["type"] == "image" and "slack_file" in block


def alt_text(block: Block) -> str:
    """Return what a chart shows, in words: `Deploys: W40 11, W41 8; Failed: W41 1`."""
    parts = []
    for series in block["chart"]["series"]:
        points = [f"{p['label']} {'unknown' if p['value'] is None else _number(p['value'])}" for p in series["data"]]
        parts.append(f"{series['name']}: {', '.join(points)}")
    text = f"{block['title']}. {'; '.join(parts)}"
    return text if len(text) <= _MOST_ALT_TEXT else f"{text[: _MOST_ALT_TEXT - 1]}…"


def _number(value: Any) -> str:
    return f"{value:g}"
