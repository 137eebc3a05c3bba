"""Reactions that people put on messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.events import Event
from handlers.mirroring import react
from handlers.reflections import reflect_copy
from handlers.timeline_marks import mark


async def run(ctx: Context, event: Mapping[str, Any], at: datetime) -> None:
    """Show it on the other side's copy, or on the reply whose copy it is on; one emoji puts it on a timeline."""
    item = event.get("item") or {}
    if item.get("type") != "message":
        return
    channel, ts, user = str(item["channel"]), str(item["ts"]), str(event["user"])
    await react(ctx, (channel, ts), str(event["reaction"]), user, at, is_on=True)
    await reflect_copy(ctx, channel, ts)
    if event["reaction"] == ctx.topology.response.emoji.strip(":"):
        await _mark(ctx, channel, ts, user, at)


async def _mark(ctx: Context, channel: str, ts: str, user: str, at: datetime) -> None:
    said = await ctx.conversation.message(channel, ts)
    if said is None:
        return
    name = await ctx.messenger.user_name(user)
    by = By(name=name, request_id=f"mark:{channel}:{ts}", at=at, user_id=user, channel_id=channel)
    try:
        await mark(ctx, said, by)
    except UserError:
        # People use the same emoji for other things: only where it is clear what is meant, it means that.
        return


EVENT: Final = Event(type="reaction_added", subscriptions={"reaction_added": ("reactions:read",)}, run=run)
