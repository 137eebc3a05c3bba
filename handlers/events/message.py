"""What people write, edit and delete in channels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.context import Context
from handlers.events import Event
from handlers.heard import said_in
from handlers.mirroring import delete, edit, hear


async def run(ctx: Context, event: Mapping[str, Any], at: datetime) -> None:
    """Carry it over where its thread is one conversation with the other side's."""
    match event.get("subtype"):
        case "message_changed":
            said = said_in(event.get("message") or {}, str(event["channel"]))
            if said:
                await edit(ctx, said, at)
        case "message_deleted":
            await delete(ctx, str(event["channel"]), str(event.get("deleted_ts") or ""), at)
        case _:
            said = said_in(event, str(event["channel"]))
            if said:
                await hear(ctx, said, at)


EVENT: Final = Event(
    type="message",
    subscriptions={"message.channels": ("channels:history",), "message.groups": ("groups:history",)},
    run=run,
)
