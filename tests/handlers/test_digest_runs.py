"""A digest is computed once, said once to each side, and caught up when its time was missed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from handlers.attribution import catch_up
from handlers.context import Context
from handlers.digest_runs import compute, due_digests, post_now, posted, run_digest, window_for
from handlers.speech import render
from handlers.views.digests import digest
from models.links import Link
from models.periods import latest_completed
from models.store import Store
from models.store.digests import Snapshot
from models.store.outbox import OutboxItem
from models.store.sources import Heard
from models.topology import DigestPlan, Topology
from models.words import DeployStatus, IncidentStatus, Tier
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY, context

MONDAY_NINE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAILY = DigestPlan(name="morning", bridges=("payments",), cron="0 9 * * *", timezone="Europe/Berlin", period="day")
WITH_DIGEST: Topology = replace(TOPOLOGY, digests=(DAILY,))
BRIDGE = TOPOLOGY.bridges[0]


@dataclass(frozen=True)
class Said:
    """What the outbox holds for one channel."""

    channel: str
    item: OutboxItem


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=WITH_DIGEST)


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Context]:
    """A second process on the same database."""
    opened = Database(database.url)
    yield context(opened, topology=WITH_DIGEST)
    await opened.close()


async def hear(ctx: Context, *sources: str, at: datetime, gap_s: float = 3600) -> None:
    async with ctx.transaction() as store:
        await store.sources.hear(
            [
                Heard(
                    name=name,
                    kind=name,
                    deliveries=11,
                    first_received_at=at - timedelta(seconds=10 * gap_s),
                    last_received_at=at,
                    last_event_at=at,
                )
                for name in sources
            ]
        )


async def a_day_of_work(ctx: Context) -> None:
    """Two good deploys and one bad one on Sunday, one on Saturday, a change, an incident opened and resolved."""
    ends = [(1, SUNDAY + HOUR), (2, SUNDAY + 2 * HOUR), (3, SUNDAY + 3 * HOUR), (4, SUNDAY - HOUR)]
    async with ctx.transaction() as store:
        await store.deploys.add_many(
            [
                samples.deploy(
                    deploy_id=str(number),
                    finished_at=end,
                    latest_at=end,
                    tier=Tier.PRODUCTION,
                    status=DeployStatus.FAILED if number == 3 else DeployStatus.SUCCEEDED,
                )
                for number, end in ends
            ]
        )
        await store.changes.add(samples.change(occurred_at=SUNDAY + 4 * HOUR))
        moves = {
            "started_at": SUNDAY + 5 * HOUR,
            "acknowledged_at": SUNDAY + 5.1 * HOUR,
            "resolved_at": SUNDAY + 6 * HOUR,
        }
        await store.incidents.add(
            samples.incident(id=0, leader_id=None, incident_id="1", status=IncidentStatus.RESOLVED, **moves)
        )
        await store.incidents.add(
            samples.incident(id=0, leader_id=None, incident_id="2", started_at=SUNDAY - 5 * HOUR, title="Slow queue")
        )
        await catch_up(store)


async def waiting(ctx: Context, at: datetime) -> list[Said]:
    said = []
    for channel in ("#payments-dev", "#payments-ops"):
        async with ctx.transaction() as store:
            while (item := await store.outbox.take(channel, at)) is not None:
                await store.outbox.sent(item, at)
                said.append(Said(channel, item))
    return said


async def snapshots(ctx: Context) -> list[Snapshot]:
    async with ctx.reading() as store:
        found = [await store.digests.get(number) for number in range(1, 20)]
    return [snapshot for snapshot in found if snapshot]


async def test_a_digest_counts_the_latest_whole_day(ctx: Context) -> None:
    await a_day_of_work(ctx)
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    numbers = snapshot.numbers
    assert (SUNDAY, SUNDAY + DAY) == (snapshot.period_start, snapshot.period_end)
    now = numbers["now"]
    assert (2, 1, 1) == tuple(now[count] for count in ("deploys", "deploy_attempts_failed", "changes"))
    assert (1, 1) == (now["incidents_started"], now["incidents_open"])
    assert (3600.0, 3600.0, 1) == tuple(now[f"mttr_{part}"] for part in ("median_s", "p90_s", "n"))
    assert (360.0, 360.0, 1) == tuple(now[f"mtta_{part}"] for part in ("median_s", "p90_s", "n"))
    assert ["Slow queue"] == [one["title"] for one in numbers["open"]]
    assert [1, 2] == [one["deploys"] for one in numbers["history"][-2:]]
    assert [None] * 6 == [one["deploys"] for one in numbers["history"][:-2]]
    assert numbers["previous"] == numbers["history"][-2]
    assert ("2026-02-28", "2026-02-28") == tuple(numbers["compared"].values())


async def test_both_sides_are_told_of_one_snapshot_in_their_own_words(ctx: Context) -> None:
    await a_day_of_work(ctx)
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    told = await waiting(ctx, MONDAY_NINE)
    assert [("#payments-dev", "dev"), ("#payments-ops", "ops")] == [(s.channel, s.item.side) for s in told]
    assert {f"digest:{snapshot.id}"} == {s.item.subject for s in told}
    texts = [await text_of(ctx, s) for s in told]
    deploys = "(1 attempt failed before production), 1 small change"
    assert f"*2 deploys*, 1 more than the day before {deploys}; change fail rate up from 0 of 1 to 1 of 2" in texts[0]
    assert f"*1 incident*, as many as the day before, 1 open now; *2 deploys*, 1 more {deploys}" in texts[1]


async def text_of(ctx: Context, said: Said) -> str:
    async with ctx.reading() as store:
        item = said.item
        message = await render(
            store,
            ctx.topology,
            subject=item.subject,
            part=item.part,
            side=item.side,
            channel=item.channel,
            params=item.params,
            at=MONDAY_NINE,
        )
    assert message is not None
    return message.text


async def test_firing_twice_posts_once(ctx: Context) -> None:
    assert 1 == len(await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE))
    assert [] == await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE + HOUR)
    assert 2 == len(await waiting(ctx, MONDAY_NINE))


async def test_two_processes_that_fire_at_once_post_once(ctx: Context, other: Context) -> None:
    runs = [run_digest(one, DAILY, MONDAY_NINE, MONDAY_NINE) for one in (ctx, other, ctx, other)]
    new = [snapshot for found in await asyncio.gather(*runs) for snapshot in found]
    assert 1 == len(new)
    assert 2 == len(await waiting(ctx, MONDAY_NINE))


async def test_a_posted_digest_is_never_rewritten(ctx: Context) -> None:
    (before,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    await a_day_of_work(ctx)
    await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE + HOUR)
    assert [before] == await snapshots(ctx)


async def test_where_no_sender_was_ever_heard_nothing_is_zero(ctx: Context) -> None:
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    numbers = snapshot.numbers
    assert {None} == {numbers["now"][count] for count in ("deploys", "incidents_started", "incidents_open", "cfr")}
    assert {None} == {one[word] for one in numbers["services"] for word in ("deploys", "failed", "incidents")}
    assert {None} == {one["deploys"] for one in numbers["history"]}
    assert ["github", "alerts"] == numbers["never_heard"]


async def test_where_every_sender_fell_silent_no_zero_is_claimed(ctx: Context) -> None:
    await a_day_of_work(ctx)
    await hear(ctx, "github", "alerts", at=SUNDAY + 6 * HOUR)
    later = MONDAY_NINE + 9 * DAY
    (snapshot,) = await run_digest(ctx, DAILY, later, later)
    numbers = snapshot.numbers
    assert {None} == {numbers["now"][count] for count in ("deploys", "incidents_started", "cfr_failed", "rollbacks")}
    assert 1 == numbers["now"]["incidents_open"]
    assert [None, None] == [one["deploys"] for one in numbers["services"]]
    assert ["github", "alerts"] == [one["name"] for one in numbers["silent"]]
    assert {"since": (SUNDAY + 6 * HOUR).isoformat(), "senders": ["alerts", "github"]} == numbers["silence"]


async def test_a_sender_that_is_configured_no_more_is_named_where_it_was_the_only_one(ctx: Context) -> None:
    await a_day_of_work(ctx)
    await hear(ctx, "gone", at=SUNDAY + 6 * HOUR)
    later = MONDAY_NINE + 9 * DAY
    (snapshot,) = await run_digest(ctx, DAILY, later, later)
    told = str(digest(snapshot, "dev").blocks)
    assert "every sender is silent since <!date^" in told
    assert ": gone" in told
    # Of payments deploys are known, of checkout none ever were.
    assert "no deploy was ever told of: checkout" in told
    assert "no sender was heard" not in told


async def test_a_service_whose_deploys_are_known_has_real_zeros(ctx: Context) -> None:
    await a_day_of_work(ctx)
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE + 9 * DAY, MONDAY_NINE + 9 * DAY)
    payments, checkout = snapshot.numbers["services"]
    assert (0, 0) == (payments["deploys"], payments["incidents"])
    assert (None, 0) == (checkout["deploys"], checkout["incidents"])


async def test_a_sender_that_fell_silent_is_named_and_one_that_is_configured_no_more_is_not(ctx: Context) -> None:
    await hear(ctx, "github", "gone", at=MONDAY_NINE - 2 * DAY)
    await hear(ctx, "alerts", at=MONDAY_NINE)
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    assert ["github"] == [one["name"] for one in snapshot.numbers["silent"]]
    assert [] == snapshot.numbers["never_heard"]


def nine(hours_ago: float) -> Any:
    return lambda plan, at: at - timedelta(hours=hours_ago)


async def test_a_digest_missed_while_the_bot_was_down_is_due_and_only_the_latest(ctx: Context) -> None:
    await hear(ctx, "github", at=SUNDAY - 9 * DAY)
    now = MONDAY_NINE + 5 * HOUR
    assert [(DAILY, MONDAY_NINE)] == await due_digests(ctx, nine(hours_ago=5), now)
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE, now)
    assert (SUNDAY, now) == (snapshot.period_start, snapshot.computed_at)
    assert [] == await due_digests(ctx, nine(hours_ago=5), now)


async def test_what_was_missed_over_midnight_is_still_the_day_of_its_slot(ctx: Context) -> None:
    await hear(ctx, "github", at=SUNDAY - 9 * DAY)
    now = MONDAY_NINE + 20 * HOUR
    ((plan, slot),) = await due_digests(ctx, nine(hours_ago=20), now)
    (snapshot,) = await run_digest(ctx, plan, slot, now)
    assert SUNDAY == snapshot.period_start


async def test_a_bot_that_was_not_there_yet_missed_nothing(ctx: Context) -> None:
    assert [] == await due_digests(ctx, nine(hours_ago=1), MONDAY_NINE)
    await hear(ctx, "github", at=MONDAY_NINE, gap_s=60)
    assert [] == await due_digests(ctx, nine(hours_ago=1), MONDAY_NINE)


async def test_channels_that_people_link_get_the_digests_that_are_for_all_from_then_on(ctx: Context) -> None:
    await hear(ctx, "github", at=SUNDAY - 9 * DAY)
    plan = replace(DAILY, is_for_all=True)
    linked = MONDAY_NINE + HOUR
    link = Link(name="search", dev="C1", dev_name="s", ops="C2", ops_name="o", linked_by="Mira", linked_at=linked)
    ctx.topology = replace(ctx.topology, digests=(plan,)).with_links([link])
    (plan,) = ctx.topology.digests
    assert "search" in plan.bridges
    first = await run_digest(ctx, plan, MONDAY_NINE, linked + HOUR)
    assert "search" not in {snapshot.bridge for snapshot in first}
    assert [] == await due_digests(ctx, nine(hours_ago=2), linked + HOUR)
    later = await run_digest(ctx, plan, MONDAY_NINE + DAY, MONDAY_NINE + DAY)
    assert "search" in {snapshot.bridge for snapshot in later}


async def test_a_plan_that_had_no_turn_yet_is_not_due(ctx: Context) -> None:
    await hear(ctx, "github", at=SUNDAY - 9 * DAY)
    assert [] == await due_digests(ctx, lambda plan, at: None, MONDAY_NINE)


async def test_what_a_person_asked_for_is_found_again(ctx: Context) -> None:
    window = latest_completed(MONDAY_NINE, "day", "Europe/Berlin")
    assert await posted(ctx, BRIDGE, window) is None
    first = await post_now(ctx, BRIDGE, window, by="Ada", request_id="1", at=MONDAY_NINE)
    assert first == await posted(ctx, BRIDGE, window)
    assert await post_now(ctx, BRIDGE, window, by="Ben", request_id="2", at=MONDAY_NINE) is None
    assert {"by": "Ada"} == (await waiting(ctx, MONDAY_NINE))[0].item.params


async def test_a_period_that_still_runs_is_posted_each_time_it_is_asked_for(ctx: Context) -> None:
    today = window_for("today", "Europe/Berlin", MONDAY_NINE)
    assert today is not None
    for request in ("1", "2", "2"):
        await post_now(ctx, BRIDGE, today, by="Ada", request_id=request, at=MONDAY_NINE)
    assert [True, True] == [s.numbers["is_running"] for s in await snapshots(ctx)]


async def test_a_preview_keeps_nothing(ctx: Context) -> None:
    window = latest_completed(MONDAY_NINE, "week", "UTC")
    snapshot = await compute(ctx, "preview", BRIDGE, window, MONDAY_NINE)
    assert ("week", 0) == (snapshot.numbers["length"], snapshot.id)
    assert [] == await snapshots(ctx)


async def test_of_many_digests_at_one_minute_one_is_run_after_the_other(database: Database) -> None:
    bridges = [replace(BRIDGE, name=f"bridge {n}") for n in range(4)]
    ctx = context(database, topology=replace(WITH_DIGEST, bridges=tuple(bridges)))
    at_work, most = 0, 0

    async def counted(work: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        found = await database.aside(work)
        at_work -= 1
        return found

    ctx.aside = counted
    plans = [replace(DAILY, name=bridge.name, bridges=(bridge.name,)) for bridge in bridges]
    posted = await asyncio.gather(*(run_digest(ctx, plan, MONDAY_NINE, MONDAY_NINE) for plan in plans))
    assert (1, [1, 1, 1, 1]) == (most, [len(new) for new in posted])
