"""A completed period is posted once to both channels, by the clock or by a person, whoever comes first."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.database import Database
from handlers.context import Context
from handlers.digest_runs import compute, due_digests, post_now, post_to, posted, run_digest
from models.periods import latest_completed
from models.store.digests import Snapshot
from tests.handlers.test_digest_numbers import deploys
from tests.handlers.test_digest_runs import (
    BRIDGE,
    DAILY,
    DAY,
    HOUR,
    MONDAY_NINE,
    SUNDAY,
    WITH_DIGEST,
    a_day_of_work,
    hear,
    nine,
    snapshots,
    waiting,
)
from tests.support.world import context

WINDOW = latest_completed(MONDAY_NINE, "day", DAILY.timezone)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=WITH_DIGEST)


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Context]:
    """A second process on the same database."""
    opened = Database(database.url)
    yield context(opened, topology=WITH_DIGEST)
    await opened.close()


async def asked(ctx: Context, request_id: str = "1") -> Snapshot | None:
    return await post_now(ctx, BRIDGE, WINDOW, by="Ada", request_id=request_id, at=MONDAY_NINE - HOUR)


async def test_what_a_person_asked_for_the_clock_does_not_post_again(ctx: Context) -> None:
    await hear(ctx, "github", at=SUNDAY - 9 * DAY)
    first = await asked(ctx)
    assert [] == await due_digests(ctx, nine(hours_ago=0), MONDAY_NINE)
    assert [] == await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    assert [first] == await snapshots(ctx)
    assert 2 == len(await waiting(ctx, MONDAY_NINE))


async def test_what_the_clock_posted_a_person_does_not_post_again(ctx: Context) -> None:
    (first,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    assert await asked(ctx) is None
    assert first == await posted(ctx, BRIDGE, WINDOW)
    assert 2 == len(await waiting(ctx, MONDAY_NINE))


async def test_the_clock_and_people_on_two_processes_at_once_post_once(ctx: Context, other: Context) -> None:
    await asyncio.gather(
        run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE),
        asked(other, "1"),
        run_digest(other, DAILY, MONDAY_NINE, MONDAY_NINE),
        asked(ctx, "2"),
    )
    assert 1 == len(await snapshots(ctx))
    assert 2 == len(await waiting(ctx, MONDAY_NINE))


async def test_a_second_plan_of_the_same_period_and_one_of_a_new_name_post_nothing_again(ctx: Context) -> None:
    await hear(ctx, "github", at=SUNDAY - 9 * DAY)
    await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    renamed = replace(DAILY, name="mornings")
    ctx.topology = replace(WITH_DIGEST, digests=(renamed,))
    assert [] == await due_digests(ctx, nine(hours_ago=0), MONDAY_NINE)
    assert [] == await run_digest(ctx, renamed, MONDAY_NINE, MONDAY_NINE + HOUR)


async def test_a_week_that_begins_on_the_same_day_is_another_period(ctx: Context) -> None:
    at = MONDAY_NINE + timedelta(days=7)
    week = latest_completed(at, "week", DAILY.timezone)
    monday = latest_completed(MONDAY_NINE + DAY, "day", DAILY.timezone)
    assert week.start == monday.start
    for window in (monday, week):
        assert await post_now(ctx, BRIDGE, window, by="Ada", request_id="1", at=at) is not None


async def test_what_an_earlier_version_posted_under_the_plans_own_name_counts(ctx: Context) -> None:
    for name in ("morning", "asked:day"):
        kept = await compute(ctx, name, BRIDGE, WINDOW, MONDAY_NINE)
        async with ctx.transaction() as store:
            await store.digests.add(kept)
        assert [] == await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
        assert await asked(ctx) is None


async def test_a_persons_own_copy_comes_all_the_same(ctx: Context) -> None:
    await asked(ctx)
    assert await post_to(ctx, [("U1", "dev")], "person:U1:day", BRIDGE, WINDOW, MONDAY_NINE) is not None


async def test_what_moved_since_a_person_had_it_posted_is_corrected_by_the_next_of_the_clock(ctx: Context) -> None:
    await a_day_of_work(ctx)
    told = await asked(ctx)
    assert told is not None
    await deploys(ctx, SUNDAY + 7 * HOUR)
    (after,) = await run_digest(ctx, DAILY, MONDAY_NINE + DAY, MONDAY_NINE + DAY)
    moved = [one for one in after.numbers["corrections"] if one["number"] == "deploys"]
    assert [("2026-03-01", {"deploys": 2}, {"deploys": 3}, told.id)] == [
        (one["first"], one["was"], one["now"], one["told_in"]) for one in moved
    ]
