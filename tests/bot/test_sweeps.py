"""What comes back every so often: held names are told of once, mappings are taken over, old things are forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.database import Database
from bot.sweeps import Notices, load_mappings, prune
from models.store import Store
from models.store.deliveries import NewDelivery
from tests.support.world import Clock, context


async def hold(database: Database, name: str, at: datetime) -> None:
    delivery = NewDelivery(source="github", key=name, event="push", received_at=at, headers={}, body=b"")
    async with database.transaction() as store:
        (stored,) = await store.deliveries.add_group([delivery])
        await store.deliveries.mark([stored.id], "held", at)
        await store.names.hold([(stored.id, "service", name, "")])


async def waiting(database: Database) -> list[tuple[str, int]]:
    async with database.reading() as store:
        return [(queue.channel, queue.waiting) for queue in await store.outbox.queues()]


async def test_the_admin_channel_hears_of_a_held_name_once(database: Database, at: datetime) -> None:
    ctx = context(database)
    notices = Notices(ctx=ctx, now=Clock(at))
    await notices.tell_of_held_names()
    assert [] == await waiting(database)
    await hold(database, "nobody-knows", at)
    await notices.tell_of_held_names()
    await notices.tell_of_held_names()
    assert [(ctx.topology.admin_channel, 1)] == await waiting(database)


async def test_a_name_mapped_elsewhere_is_taken_over_and_releases_what_it_held(
    database: Database, at: datetime
) -> None:
    ctx = context(database)
    service = ctx.topology.services[0].name
    await hold(database, "other-name", at)
    async with database.transaction() as store:
        assert 1 == await store.names.map("service", "other-name", service, by="Ada", at=at)
    await load_mappings(ctx)
    known = ctx.topology.service_named("Other-Name")
    assert known is not None
    assert service == known.name
    async with database.reading() as store:
        assert 1 == (await store.deliveries.counts())["waiting"]


async def test_what_was_read_before_a_name_was_mapped_never_takes_it_back(database: Database, at: datetime) -> None:
    ctx = context(database)
    has_read, may_end = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def held_up() -> AsyncIterator[Store]:
        async with database.transaction() as store:
            yield store
        if not has_read.is_set():
            has_read.set()
            await may_end.wait()

    ctx.transaction = held_up
    older = asyncio.create_task(load_mappings(ctx))
    await has_read.wait()
    async with database.transaction() as store:
        await store.names.map("service", "other-name", ctx.topology.services[0].name, by="Ada", at=at)
    newer = asyncio.create_task(load_mappings(ctx))
    await asyncio.wait({newer}, timeout=0.2)
    may_end.set()
    await asyncio.gather(older, newer)
    assert ctx.topology.service_named("other-name") is not None


async def test_what_is_old_and_done_is_forgotten_and_what_failed_is_kept(database: Database, at: datetime) -> None:
    ctx = context(database)
    old = at - ctx.topology.retention.deliveries - timedelta(days=1)
    rows = [
        NewDelivery(source="github", key=key, event="push", received_at=received, headers={}, body=b"")
        for key, received in (("done", old), ("failed", old), ("young", at))
    ]
    async with database.transaction() as store:
        done, failed, young = await store.deliveries.add_group(rows)
        await store.deliveries.mark([done.id, young.id], "done", at)
        await store.deliveries.mark([failed.id], "failed", at, error="broken")
    await prune(ctx, at)
    async with database.reading() as store:
        kept = [await store.deliveries.get(stored.id) for stored in (done, failed, young)]
    assert [False, True, True] == [delivery is not None for delivery in kept]
