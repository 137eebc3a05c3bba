"""Keeps the pictures of a message on a timeline: what somebody deletes in Slack is evidence all the same.

What is wanted is written down with the mark, and fetched after it. What cannot be fetched is tried again with growing
pauses, for a day; so neither a restart nor a hiccup of Slack's loses a picture.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from handlers.context import Context
from handlers.errors import PostFailure
from handlers.heard import Said
from models.pictures import Picture, Wanted
from models.store import Store

_log = structlog.get_logger(__name__)

_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_PATIENCE: Final = timedelta(days=1)
_AT_ONCE: Final = 5
# Nobody can mend these: the picture is too large, or is kept elsewhere. Without the scope to read files Slack answers
# with its page to sign in; an admin may give it within the day.
_HOPELESS: Final = frozenset({"too_large", "not_slacks"})


async def want_pictures(store: Store, said: Said, largest: int, at: datetime) -> None:
    """Write down which pictures of a message are to be kept; those that are too large, or kept already, are not."""
    known = {picture.file_id for picture in await store.pictures.of([said.where])}
    wanted = [
        Wanted(
            message=said.where,
            file_id=shown.file_id[:32],
            name=shown.name,
            mimetype=shown.mimetype[:128],
            size=shown.size,
            url=shown.url,
            since=at,
            due_at=at,
        )
        for shown in said.pictures
        if shown.size <= largest and shown.file_id[:32] not in known
    ]
    await store.pictures.want(wanted)


async def fetch_pictures(ctx: Context, at: datetime) -> None:
    """Fetch what is due; keep it, or try it again later."""
    async with ctx.reading() as store:
        if not await store.pictures.is_any_due(at):
            return
    async with ctx.transaction() as store:
        due = await store.pictures.claim(at, at + _FIRST_PAUSE, _AT_ONCE)
    for wanted in due:
        await _fetch(ctx, wanted, at)


async def _fetch(ctx: Context, wanted: Wanted, at: datetime) -> None:
    try:
        content = await ctx.conversation.picture(wanted.url, ctx.topology.response.largest_picture)
    except PostFailure as failure:
        await _later(ctx, wanted, failure, at)
        return
    picture = Picture(
        message=wanted.message,
        file_id=wanted.file_id,
        name=wanted.name,
        mimetype=wanted.mimetype,
        sha256=sha256(content).hexdigest(),
        size=len(content),
        kept_at=at,
    )
    async with ctx.transaction() as store:
        await store.pictures.keep(picture, content)
        await store.pictures.forget_wanted(wanted)


async def _later(ctx: Context, wanted: Wanted, failure: PostFailure, at: datetime) -> None:
    """Try it again after a pause; after a day, or where that cannot help, its link alone stands on the timeline."""
    pause = min(_FIRST_PAUSE * 2 ** min(wanted.attempts, 10), _LONGEST_PAUSE)
    due_at = at + max(pause, timedelta(seconds=failure.retry_after or 0))
    is_over = failure.reason in _HOPELESS or due_at > wanted.since + _PATIENCE
    _log.warning("picture_not_kept", file=wanted.file_id, reason=failure.reason, is_tried_again=not is_over)
    async with ctx.transaction() as store:
        if is_over:
            await store.pictures.forget_wanted(wanted)
        else:
            again = replace(wanted, attempts=wanted.attempts + 1, due_at=due_at, reason=failure.reason)
            await store.pictures.save_wanted(again)
