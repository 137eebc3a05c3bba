"""Reactions that people take off messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.context import Context
from handlers.events import Event
from handlers.heard import place
from handlers.mirroring import react
from handlers.reflections import reflect_copy
from handlers.timeline_marks import unmark


async def run(ctx: Context, event: Mapping[str, Any], at: datetime) -> None:
    """Take it off the other side's copy; without the emoji that marks, the timeline's entry is taken back."""
    item = event.get("item") or {}
    if item.get("type") != "message":
        return
    channel, ts = str(item["channel"]), str(item["ts"])
    await react(ctx, (channel, ts), str(event["reaction"]), str(event["user"]), at, is_on=False)
    await reflect_copy(ctx, channel, ts)
    emoji = ctx.topology.response.emoji.strip(":")
    if event["reaction"] == emoji and not await ctx.conversation.has_reaction(channel, ts, emoji):
        await unmark(ctx, place(channel, ts), at)


EVENT: Final = Event(type="reaction_removed", subscriptions={"reaction_removed": ("reactions:read",)}, run=run)
