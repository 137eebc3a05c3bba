"""What people write, edit and delete in channels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.context import Context
from handlers.events import Event
from handlers.heard import Said, place, said_in
from handlers.hearing import hear
from handlers.mirroring import delete
from handlers.timeline_marks import follow_edit, unmark


async def run(ctx: Context, event: Mapping[str, Any], at: datetime) -> None:
    """Carry it over where its thread is one conversation with the other side's; let timelines follow it."""
    channel = str(event["channel"])
    match event.get("subtype"):
        case "message_changed":
            said = said_in(_with_kind(event, "message"), channel)
            if said:
                await _hear(ctx, said, at)
            if said and said.bot is None:
                await follow_edit(ctx, said)
        case "message_deleted":
            ts = str(event.get("deleted_ts") or "")
            before = _with_kind(event, "previous_message")
            await delete(ctx, channel, ts, at, said_in(before, channel) if before.get("ts") == ts else None)
            await unmark(ctx, place(channel, ts), at)
        case _:
            said = said_in(event, channel)
            if said:
                await _hear(ctx, said, at)


async def _hear(ctx: Context, said: Said, at: datetime) -> None:
    await (ctx.hear(said, at) if ctx.hear else hear(ctx, said, at))


def _with_kind(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a message in an event; whether its channel is private is told beside it."""
    return {**(event.get(name) or {}), "channel_type": event.get("channel_type")}


EVENT: Final = Event(
    type="message",
    subscriptions={"message.channels": ("channels:history",), "message.groups": ("groups:history",)},
    run=run,
)
