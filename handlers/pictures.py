"""Keeps the pictures of a message on a timeline: what somebody deletes in Slack is evidence all the same."""

from datetime import datetime
from hashlib import sha256

import structlog

from handlers.context import Context
from handlers.errors import PostFailure
from handlers.heard import Said, Shown
from models.pictures import Picture

_log = structlog.get_logger(__name__)


async def keep_pictures(ctx: Context, said: Said, at: datetime) -> None:
    """Fetch and store a message's pictures that are not too large; its link stands on the timeline in any case.

    Marking the message again tries again what failed.
    """
    async with ctx.reading() as store:
        known = {picture.file_id for picture in await store.pictures.of([said.where])}
    for shown in said.pictures:
        if shown.file_id not in known and shown.size <= ctx.topology.response.largest_picture:
            await _keep(ctx, said.where, shown, at)


async def _keep(ctx: Context, where: str, shown: Shown, at: datetime) -> None:
    try:
        content = await ctx.conversation.picture(shown.url, ctx.topology.response.largest_picture)
    except PostFailure as failure:
        _log.warning("picture_not_kept", file=shown.file_id, reason=failure.reason)
        return
    picture = Picture(
        message=where,
        file_id=shown.file_id[:32],
        name=shown.name,
        mimetype=shown.mimetype[:128],
        sha256=sha256(content).hexdigest(),
        size=len(content),
        kept_at=at,
    )
    async with ctx.transaction() as store:
        await store.pictures.keep(picture, content)
