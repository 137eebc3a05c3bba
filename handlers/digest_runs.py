"""Runs digests: numbers computed once, kept as a snapshot, said to both sides. Running one twice says it once.

A snapshot is kept under the name of its readers, and a name has one for each bridge and period: `channels:week` is both
channels' (whoever asked for it), `person:U1:week` one person's, `asked:…` that of a period that still ran.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import handlers.digests as digest_files
from handlers.context import Context
from handlers.digests import Digest, Order
from handlers.registry import discover
from handlers.routing import CARD, LATER, SIDES, Notice
from models.periods import Length, Window, latest_completed, window_at
from models.store import Store
from models.store.digests import PERSONAL, Snapshot
from models.store.sources import IMPORT
from models.topology import Bridge, DigestPlan, Topology
from models.words import Side

_DIGESTS: Final = {digest.name: digest for digest in discover(digest_files, "DIGEST", Digest)}
_CONTENT: Final = _DIGESTS["delivery"]
_RUNNING: Final[dict[str, Length]] = {"today": "day", "this-week": "week", "this-month": "month"}
_COMPLETED: Final[dict[str, Length]] = {
    "day": "day",
    "week": "week",
    "month": "month",
    "yesterday": "day",
    "last-week": "week",
    "last-month": "month",
}
WINDOW_WORDS: Final = (*_RUNNING, *_COMPLETED)

# Channels or people, each with the side whose words they get.
Recipients: TypeAlias = Sequence[tuple[str, Side]]
# When a plan last had its turn, at or before an instant.
LatestSlot: TypeAlias = Callable[[DigestPlan, datetime], datetime | None]


async def run_digest(ctx: Context, plan: DigestPlan, slot: datetime, at: datetime) -> list[Snapshot]:
    """Post, at `at`, the period that was the latest completed one at a plan's slot, unless the plan is paused.

    Returns what is new.
    """
    # Of many that are due at one minute one is run after the other; what a person asks for goes between two.
    async with ctx.computing:
        async with ctx.reading() as store:
            if plan.name in await store.subscriptions.pauses():
                return []
        window = latest_completed(slot, plan.period, plan.timezone)
        bridges = _bridges_at(ctx.topology, plan, slot)
        new = [await _post(ctx, _shared(plan.period), bridge, window, at) for bridge in bridges]
        return [snapshot for snapshot in new if snapshot]


async def due_digests(ctx: Context, latest_slot: LatestSlot, at: datetime) -> list[tuple[DigestPlan, datetime]]:
    """Return the plans whose latest slot passed without a digest, each with that slot: what is to be caught up.

    A bot that had heard of nothing when the period ended was not there to miss it, whatever files told it since.
    """
    due: list[tuple[DigestPlan, datetime]] = []
    async with ctx.reading() as store:
        heard = [s.first_received_at for s in await store.sources.all() if s.kind != IMPORT]
        heard_first = min(heard, default=at)
        paused = await store.subscriptions.pauses()
        for plan in ctx.topology.digests:
            slot = latest_slot(plan, at)
            window = latest_completed(slot, plan.period, plan.timezone) if slot else None
            if plan.name in paused or not (slot and window and heard_first < window.end):
                continue
            there = [await _posted(store, ctx.topology, b, window) for b in _bridges_at(ctx.topology, plan, slot)]
            if None in there:
                due.append((plan, slot))
    return due


async def compute(ctx: Context, plan: str, bridge: Bridge, window: Window, at: datetime) -> Snapshot:
    """Return the numbers of a window without keeping them."""
    services = [service for name in bridge.services if (service := ctx.topology.service_named(name))]
    order = Order(
        bridge=bridge,
        window=window,
        at=at,
        plans=(plan,) if plan.startswith(PERSONAL) else _shared_names(ctx.topology, bridge, window),
        settle=max((p.settle for p in _plans(ctx.topology, bridge, window)), default=timedelta()),
        operations=await ctx.operations.read(services, window.start, window.end),
    )
    numbers = await ctx.aside(lambda store: _CONTENT.compute(store, ctx.topology, order))
    return Snapshot(
        plan=plan,
        bridge=bridge.name,
        period_start=window.start,
        period_end=window.end,
        timezone=window.timezone,
        computed_at=at,
        numbers=numbers,
    )


def _plans(topology: Topology, bridge: Bridge, window: Window) -> list[DigestPlan]:
    return [plan for plan in topology.digests if plan.period == window.length and bridge.name in plan.bridges]


def _shared(length: Length) -> str:
    return f"channels:{length}"


def _shared_names(topology: Topology, bridge: Bridge, window: Window) -> tuple[str, ...]:
    """Return under which names both channels' digests are kept: the one of today, and those it replaced."""
    before = [plan.name for plan in _plans(topology, bridge, window)]
    return (_shared(window.length), *before, f"asked:{window.length}")


async def post_now(
    ctx: Context, bridge: Bridge, window: Window, *, by: str, request_id: str, at: datetime
) -> Snapshot | None:
    """Post a digest that a person asked for; `None` when that period was posted before.

    A period that still runs is posted each time it is asked for (its numbers have changed since), a completed one once.
    """
    plan = f"asked:{request_id}"[:128] if window.end >= at else _shared(window.length)
    return await _post(ctx, plan, bridge, window, at, by=by)


async def post_to(
    ctx: Context, recipients: Recipients, plan: str, bridge: Bridge, window: Window, at: datetime
) -> Snapshot | None:
    """Post a digest to some channels or people; `None` when this plan posted that period before."""
    return await _post(ctx, plan, bridge, window, at, recipients=recipients)


async def posted(ctx: Context, bridge: Bridge, window: Window) -> Snapshot | None:
    """Return the snapshot of a completed period that was posted to both channels, by the clock or for a person."""
    async with ctx.reading() as store:
        return await _posted(store, ctx.topology, bridge, window)


async def _posted(store: Store, topology: Topology, bridge: Bridge, window: Window) -> Snapshot | None:
    return await store.digests.of_period(_shared_names(topology, bridge, window), bridge.name, window.start)


def window_for(word: str, timezone: str, at: datetime) -> Window | None:
    """Return the window that a person means: `yesterday`, `today`, `week` (the last), `this-week`, …; else `None`."""
    if word in _COMPLETED:
        return latest_completed(at, _COMPLETED[word], timezone)
    if word in _RUNNING:
        return replace(window_at(at, _RUNNING[word], timezone), end=at)
    return None


def _bridges_at(topology: Topology, plan: DigestPlan, slot: datetime) -> list[Bridge]:
    """Return the bridges that a plan is for at a slot: channels that were linked since have missed nothing."""
    known = [bridge for name in plan.bridges if (bridge := topology.bridge_named(name))]
    return [bridge for bridge in known if bridge.link is None or bridge.link.linked_at <= slot]


async def _post(
    ctx: Context,
    plan: str,
    bridge: Bridge,
    window: Window,
    at: datetime,
    *,
    by: str | None = None,
    recipients: Recipients | None = None,
) -> Snapshot | None:
    names = _shared_names(ctx.topology, bridge, window) if plan == _shared(window.length) else (plan,)
    async with ctx.reading() as store:
        if await store.digests.of_period(names, bridge.name, window.start):
            return None
    computed = await compute(ctx, plan, bridge, window, at)
    async with ctx.transaction() as store:
        snapshot = await store.digests.add(computed)
        if snapshot is not None:
            both = [(bridge.channel(side), side) for side in SIDES]
            await _queue(store, recipients or both, snapshot, at, by)
    ctx.wake_outbox()
    return snapshot


async def _queue(store: Store, recipients: Recipients, snapshot: Snapshot, at: datetime, by: str | None) -> None:
    notices = [
        Notice(
            subject=f"digest:{snapshot.id}",
            part=CARD,
            channel=channel,
            side=side,
            priority=LATER,
            params={"by": by} if by else {},
        )
        for channel, side in recipients
    ]
    await store.outbox.notify(notices, at)
