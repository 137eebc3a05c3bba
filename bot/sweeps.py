"""Work that comes back every so often: forget what is old, notice who fell silent, let go of names known by now."""

from datetime import datetime
from typing import Final

import structlog

from handlers.context import Context
from models.silence import silent_sources
from models.store import Store
from models.topology import MapKind, Topology

_log = structlog.get_logger(__name__)

PRUNE_EVERY: Final = 6 * 3600.0
SILENCE_EVERY: Final = 900.0
MAPPINGS_EVERY: Final = 60.0


async def prune(ctx: Context, at: datetime) -> None:
    """Forget raw deliveries and said messages that are older than the configuration keeps them."""
    kept = ctx.topology.retention
    async with ctx.transaction() as store:
        deliveries = await store.deliveries.prune(at - kept.deliveries)
        messages = await store.outbox.prune(at - kept.outbox)
    _log.info("pruned", deliveries=deliveries, outbox=messages)


async def notice_silence(ctx: Context, at: datetime) -> None:
    """Log the senders that are quiet for longer than is usual for them."""
    async with ctx.reading() as store:
        states = await store.sources.all()
    for state in silent_sources(states, at):
        _log.warning("source_silent", source=state.name, last_received_at=state.last_received_at.isoformat())


async def load_mappings(ctx: Context) -> None:
    """Take over what people mapped, here or in another process, and apply what was held for names known by now."""
    async with ctx.transaction() as store:
        topology = ctx.topology.with_mappings(await store.names.mappings())
        released = await store.names.release(await _known_by_now(store, topology))
    ctx.topology = topology
    if released:
        _log.info("held_deliveries_released", deliveries=released)
        ctx.wake_apply()


async def _known_by_now(store: Store, topology: Topology) -> list[tuple[MapKind, str]]:
    """Return the held (kind, name) pairs that the configuration or a person has a place for now."""
    known: list[tuple[MapKind, str]] = []
    for held in await store.names.held():
        if held.kind == "service":
            is_known = topology.service_named(held.name) is not None
        else:
            service = topology.service_named(held.service)
            is_known = service is not None and topology.environment_named(service, held.name) is not None
        if is_known:
            known.append((held.kind, held.name))
    return known
