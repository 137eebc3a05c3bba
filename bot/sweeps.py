"""Work that comes back every so often: forget what is old, notice who fell silent, let go of names known by now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from handlers.attribution import catch_up
from handlers.calls import make_calls
from handlers.change_log import end_undo
from handlers.context import Context
from handlers.routing import CARD, Notice
from handlers.tiers import moved_tiers
from handlers.tiers import retier as retier_some
from models.store import Store
from models.topology import MapKind, Topology

_log = structlog.get_logger(__name__)

PRUNE_EVERY: Final = 6 * 3600.0
SILENCE_EVERY: Final = 60.0
HUNG_EVERY: Final = 30.0
MAPPINGS_EVERY: Final = 60.0
UNDO_EVERY: Final = 30.0
ATTRIBUTE_EVERY: Final = 60.0
REMIND_EVERY: Final = 15.0
CALLS_EVERY: Final = 2.0
PAGING_EVERY: Final = 5.0
CHANNELS_EVERY: Final = 5.0
ITEMS_EVERY: Final = 600.0
HANDOFFS_EVERY: Final = 15.0
CALENDARS_EVERY: Final = 300.0
FREEZES_EVERY: Final = 5.0
SOAKS_EVERY: Final = 10.0
DEBTS_EVERY: Final = 30.0
PICTURES_EVERY: Final = 15.0
USERGROUPS_EVERY: Final = 60.0
TROUBLES_EVERY: Final = 3600.0
HEARD_EVERY: Final = 30.0
LINKS_EVERY: Final = 3.0
QUESTIONS_EVERY: Final = 30.0
# After a start: how far back Undo buttons whose time has passed are looked for.
_MISSED_UNDO: Final = timedelta(days=1)


async def prune(ctx: Context, at: datetime) -> None:
    """Forget deliveries, said messages, pictures and what records were, where older than the configuration keeps."""
    kept = ctx.topology.retention
    async with ctx.transaction() as store:
        deliveries = await store.deliveries.prune(at - kept.deliveries)
        messages = await store.outbox.prune(at - kept.outbox)
        pictures = await store.pictures.prune(at - kept.evidence)
        revisions = await store.revisions.prune(at - kept.revisions)
    _log.info("pruned", deliveries=deliveries, outbox=messages, pictures=pictures, revisions=revisions)


async def call_out(ctx: Context, now: Callable[[], datetime]) -> None:
    """Make every call to services elsewhere that is due."""
    while await make_calls(ctx, now):
        pass


async def attribute_all(ctx: Context) -> None:
    """Attribute the deployments that an earlier release wrote without, some at a time."""
    attributed = 0
    while True:
        async with ctx.transaction() as store:
            done = await catch_up(store, ctx.topology.suspect_within)
        attributed += done
        if not done:
            break
    if attributed:
        _log.info("deployments_attributed", deployments=attributed)


async def retier(ctx: Context) -> None:
    """Give stored deployments the tiers that the configuration has by now, some at a time."""
    topology = ctx.topology
    for moved in await ctx.aside(lambda store: moved_tiers(store, topology)):
        count = 0
        while True:
            async with ctx.transaction() as store:
                done = await retier_some(store, topology, moved)
            count += done
            if not done:
                break
        lane = moved.lane
        _log.info(
            "deployments_retiered",
            service=lane.service,
            environment=lane.environment,
            was=lane.tier,
            tier=moved.tier,
            deployments=count,
        )


async def load_mappings(ctx: Context) -> None:
    """Take over what people mapped, here or in another process, and apply what was held for names known by now."""
    async with ctx.mapping, ctx.transaction() as store:
        # Before anything is released: it may be applied before this goes on.
        ctx.topology = ctx.topology.with_mappings(await store.names.mappings())
        released = await store.names.release(await _known_by_now(store, ctx.topology))
    if released:
        _log.info("held_deliveries_released", deliveries=released)
        ctx.wake_apply()


@dataclass(slots=True, kw_only=True)
class Notices:
    """Sweeps that remember what they saw last, so that they speak only of what is new."""

    ctx: Context
    now: Callable[[], datetime]
    _held: frozenset[tuple[str, str]] = frozenset()
    _undo_until: datetime | None = None

    async def end_undo(self) -> None:
        """Take Undo buttons off the cards of changes whose time for it is over."""
        at = self.now()
        await end_undo(self.ctx, since=self._undo_until or at - _MISSED_UNDO, at=at)
        self._undo_until = at

    async def tell_of_held_names(self) -> None:
        """Tell the admin channel of names that hold deliveries back: one message, edited when the names change."""
        await load_mappings(self.ctx)
        async with self.ctx.reading() as store:
            held = frozenset((name.kind, name.name) for name in await store.names.held())
        channel = self.ctx.topology.admin_channel
        if held != self._held and channel is not None:
            notice = Notice(subject="held:names", part=CARD, channel=channel, side="admin")
            async with self.ctx.transaction() as store:
                await store.outbox.notify([notice], self.now())
            self.ctx.wake_outbox()
        self._held = held


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
