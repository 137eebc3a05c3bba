"""Senders that are quiet for longer than their habit: said once in the admin channel, and again when they are back."""

from datetime import datetime

import structlog

from handlers.context import Context
from handlers.routing import LOUD, Notice
from models.silence import silent_sources
from models.store.sources import SourceState

_log = structlog.get_logger(__name__)

SILENT = f"{LOUD}silent:"
BACK = f"{LOUD}back:"


async def tell_silences(ctx: Context, at: datetime) -> None:
    """Tell of senders that fell silent or are back since the last look, in whichever process it was."""
    async with ctx.transaction() as store:
        states = [s for s in await store.sources.all() if ctx.topology.source_named(s.name)]
        silent = silent_sources(states, at)
        fell = [s for s in silent if s.missed_at is None and await store.sources.miss(s.name, at)]
        back = [s for s in states if s not in silent and s.missed_at and await store.sources.found(s.name)]
        notices = [*(_notice(ctx, SILENT, s) for s in fell), *(_notice(ctx, BACK, s) for s in back)]
        await store.outbox.notify([n for n in notices if n], at)
    for state in fell:
        _log.warning("source_silent", source=state.name, last_received_at=state.last_received_at.isoformat())
    for state in back:
        _log.info("source_back", source=state.name)
    if notices:
        ctx.wake_outbox()


def _notice(ctx: Context, part: str, state: SourceState) -> Notice | None:
    channel = ctx.topology.admin_channel
    if channel is None:
        return None
    missed = state.missed_at.isoformat() if state.missed_at else ""
    usual = "" if state.usual_gap_s is None else str(round(state.usual_gap_s))
    return Notice(
        subject=f"source:{state.name}",
        part=f"{part}{state.last_received_at:%Y%m%dT%H%M%S}",
        channel=channel,
        side="admin",
        params={"last": state.last_received_at.isoformat(), "usual": usual, "missed": missed},
    )
