"""Puts on a reply the emoji that the other side puts on its copies: whoever wrote it sees the thumb, as the bot's own.

Slack shows every reaction under the name of who put it there, and the bot can put its own alone: who it was is read
below the copy. What is on the copies now is what counts, so that a reaction that is told late or again does no harm.
"""

import structlog

from handlers.context import Context
from handlers.errors import PostFailure
from handlers.mirror_routes import is_open, passage, routes_from
from handlers.routing import CARD, LINE
from models.mirroring import Line
from models.records import MessageRef

_log = structlog.get_logger(__name__)


async def reflect_copy(ctx: Context, channel: str, ts: str) -> None:
    """Look at a message that somebody reacted to; where it is the copy of a reply, let that reply show it."""
    async with ctx.reading() as store:
        copy = await store.messages.at(channel, ts)
        is_copy = copy is not None and copy.part.startswith(LINE)
        line = await store.mirroring.get(int(copy.part.removeprefix(LINE))) if copy and is_copy else None
    if line and not line.is_gone:
        await _reflect(ctx, line)


async def reflect_reply(ctx: Context, channel: str, ts: str) -> None:
    """Let a reply that was carried over show what its copies have now."""
    async with ctx.reading() as store:
        line = await store.mirroring.at(channel, ts)
    if line and not line.is_gone:
        await _reflect(ctx, line)


async def _reflect(ctx: Context, line: Line) -> None:
    try:
        async with ctx.reflecting:
            await ctx.conversation.reflect(line.channel, line.ts, sorted(await _on_copies(ctx, line)))
    except PostFailure as failure:
        _log.warning("mirror_reaction_not_shown", channel=line.channel, reason=failure.reason)


async def _on_copies(ctx: Context, line: Line) -> set[str]:
    """Return the emoji on the copies of a reply; what puts a message on the timeline is a deed, and no answer."""
    emoji: set[str] = set()
    for copy in await _copies(ctx, line):
        said = await ctx.conversation.message(copy.channel_id, copy.ts)
        emoji |= {name for name, who in ((said.reactions if said else None) or {}).items() if who}
    return emoji - {ctx.topology.response.emoji.strip(":")}


async def _copies(ctx: Context, line: Line) -> list[MessageRef]:
    """Return the copies of a reply from which something may pass to where it was written."""
    async with ctx.reading() as store:
        messages = await store.messages.of_subject(line.subject)
        decided = await store.mirroring.decided(line.subject)
        copies = {m.channel: m for m in messages if m.part == f"{LINE}{line.id}"}
        routes = [
            route
            for card in messages
            if card.part == CARD and card.channel in copies
            for route in await routes_from(store, ctx.topology, card)
            if route.there.channel_id == line.channel and is_open(route, decided)
        ]
    return [copies[route.here.channel] for route in routes if (await passage(ctx, route)).out]
