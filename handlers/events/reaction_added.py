"""Reactions that people put on messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.context import Context
from handlers.events import Event
from handlers.mirroring import react


async def run(ctx: Context, event: Mapping[str, Any], at: datetime) -> None:
    """Show it on the other side's copy."""
    item = event.get("item") or {}
    if item.get("type") == "message":
        where = str(item["channel"]), str(item["ts"])
        await react(ctx, where, str(event["reaction"]), str(event["user"]), at, is_on=True)


EVENT: Final = Event(type="reaction_added", subscriptions={"reaction_added": ("reactions:read",)}, run=run)
