"""What people write, edit and delete in channels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.context import Context
from handlers.events import Event
from handlers.heard import place, said_in
from handlers.mirroring import delete, edit, hear
from handlers.timeline_marks import follow_edit, unmark


async def run(ctx: Context, event: Mapping[str, Any], at: datetime) -> None:
    """Carry it over where its thread is one conversation with the other side's; let timelines follow it."""
    channel = str(event["channel"])
    match event.get("subtype"):
        case "message_changed":
            said = said_in(event.get("message") or {}, channel)
            if said:
                await edit(ctx, said, at)
                await follow_edit(ctx, said)
        case "message_deleted":
            ts = str(event.get("deleted_ts") or "")
            await delete(ctx, channel, ts, at)
            await unmark(ctx, place(channel, ts), at)
        case _:
            said = said_in(event, channel)
            if said:
                await hear(ctx, said, at)


EVENT: Final = Event(
    type="message",
    subscriptions={"message.channels": ("channels:history",), "message.groups": ("groups:history",)},
    run=run,
)
