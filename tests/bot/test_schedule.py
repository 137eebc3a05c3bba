"""The schedule fires by the clock on the wall, once however many fire, and makes up for what was missed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import apscheduler.schedulers.base
import pytest
from structlog.testing import capture_logs

from bot.clock import utc_now
from bot.database import Database
from bot.schedule import Schedule, Sweep
from handlers.context import Context
from handlers.errors import Unavailable
from models.store.digests import Snapshot
from models.store.sources import Heard
from models.topology import DigestPlan, Topology
from tests.support.world import TOPOLOGY, Clock, context

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = DigestPlan(name="morning", bridges=("payments",), cron="0 9 * * *", timezone="Europe/Berlin", period="day")
WITH_DIGEST: Topology = replace(TOPOLOGY, digests=(DAILY,))


@asynccontextmanager
async def started(schedule: Schedule) -> AsyncIterator[Schedule]:
    await schedule.start()
    try:
        yield schedule
    finally:
        await schedule.stop()


@pytest.fixture
async def two(database: Database) -> AsyncIterator[tuple[Context, Context]]:
    """Two processes on one database."""
    other = Database(database.url)
    yield context(database, topology=WITH_DIGEST), context(other, topology=WITH_DIGEST)
    await other.close()


def moved_clock(
    monkeypatch: pytest.MonkeyPatch, begin: datetime, may_go: asyncio.Event | None = None
) -> Callable[[], datetime]:
    """Let the scheduler's clock, and ours, run on from an instant, at once or as soon as they may."""
    real_begin: datetime | None = None

    def now() -> datetime:
        nonlocal real_begin
        if real_begin is None and (may_go is None or may_go.is_set()):
            real_begin = utc_now()
        return begin if real_begin is None else begin + (utc_now() - real_begin)

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "datetime":  # type: ignore[override]
            return now().astimezone(tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Moved)
    return now


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await found():
            await asyncio.sleep(0.02)


async def snapshots(ctx: Context) -> list[Snapshot]:
    async with ctx.reading() as store:
        found = [await store.digests.get(number) for number in range(1, 10)]
    return [snapshot for snapshot in found if snapshot]


async def hear(ctx: Context, at: datetime) -> None:
    async with ctx.transaction() as store:
        await store.sources.hear(
            [
                Heard(
                    name="github",
                    kind="github",
                    deliveries=1,
                    first_received_at=at,
                    last_received_at=at,
                    last_event_at=at,
                )
            ]
        )


@pytest.mark.parametrize(
    ("date", "utc_hour", "hours"),
    [((2026, 3, 29), 7, 24), ((2026, 3, 30), 7, 23), ((2026, 10, 25), 8, 24), ((2026, 10, 26), 8, 25)],
)
async def test_at_nine_on_the_wall_two_processes_post_one_digest_of_the_day_before(
    two: tuple[Context, Context],
    monkeypatch: pytest.MonkeyPatch,
    date: tuple[int, int, int],
    utc_hour: int,
    hours: int,
) -> None:
    nine = datetime(*date, utc_hour, tzinfo=UTC)
    assert 9 == nine.astimezone(BERLIN).hour
    both_wait = asyncio.Event()
    now = moved_clock(monkeypatch, nine - timedelta(seconds=0.3), both_wait)
    async with started(Schedule(two[0], now, [])) as one, started(Schedule(two[1], now, [])) as other:
        assert nine == one.next_runs()["digest:morning"] == other.next_runs()["digest:morning"]
        assert [] == await snapshots(two[0])
        both_wait.set()

        async def both_fired() -> bool:
            return all(s.next_runs()["digest:morning"] > nine for s in (one, other)) and bool(await snapshots(two[0]))

        await until(both_fired)
        await asyncio.sleep(0.1)
    (posted,) = await snapshots(two[0])
    assert timedelta(hours=hours) == posted.period_end - posted.period_start
    assert nine <= posted.computed_at < nine + timedelta(seconds=9)
    async with two[0].reading() as store:
        assert 2 == (await store.outbox.backlog())[0]


async def test_what_was_missed_while_the_bot_was_down_is_posted_at_the_start(
    two: tuple[Context, Context], at: datetime
) -> None:
    await hear(two[0], at - timedelta(days=9))
    for _ in range(2):
        async with started(Schedule(two[0], Clock(at), [])):
            pass
    (posted,) = await snapshots(two[0])
    assert datetime(2026, 2, 28, 23, tzinfo=UTC) == posted.period_start


async def test_a_digest_whose_database_failed_at_its_time_is_made_up_for(
    two: tuple[Context, Context], at: datetime
) -> None:
    await hear(two[0], at - timedelta(days=9))
    broken, ctx = True, two[0]

    @asynccontextmanager
    async def unsteady() -> AsyncIterator[object]:
        if broken:
            raise ConnectionError("the database is away")
        async with two[1].reading() as store:
            yield store

    ctx.reading = unsteady  # type: ignore[assignment]

    async def is_posted() -> bool:
        return bool(await snapshots(two[1]))

    with capture_logs() as logged:
        async with started(Schedule(ctx, Clock(at), [], catch_up_every=0.2)):
            assert not await is_posted()
            broken = False
            await until(is_posted)
    assert ("job_failed", "catch_up") == (logged[0]["event"], logged[0]["job"])


async def test_sweeps_come_back_and_one_that_fails_stops_nothing(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    ran = {"good": 0, "bad": 0}

    async def good() -> None:
        ran["good"] += 1

    async def bad() -> None:
        ran["bad"] += 1
        raise RuntimeError("no luck")

    async def often() -> bool:
        return min(ran.values()) >= 2

    sweeps = [Sweep("good", 0.05, good), Sweep("bad", 0.05, bad)]
    with capture_logs() as logged:
        async with started(Schedule(context(database), Clock(), sweeps)) as schedule:
            assert {"sweep:good", "sweep:bad", "sweep:catch_up", "sweep:subscriptions"} == set(schedule.next_runs())
            await until(often)
    assert {"bad"} == {line["job"] for line in logged}
    await database.close()


async def test_sweeps_of_one_pace_begin_apart_and_within_one_turn(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    async def nothing() -> None:
        pass

    sweeps = [Sweep(name, 60.0, nothing) for name in "abc"]
    began = utc_now()
    async with started(Schedule(context(database), Clock(), sweeps)) as schedule:
        runs = schedule.next_runs()
    first = [(runs[f"sweep:{name}"] - began).total_seconds() for name in "abc"]
    await database.close()

    assert sorted(first) == first
    assert all(10 < after - before < 20 for before, after in pairwise(first))
    assert first[-1] < 61


async def test_a_job_without_its_database_is_one_line_and_no_traceback(sqlite_url: str) -> None:
    database, ran = Database(sqlite_url), 0

    async def away() -> None:
        nonlocal ran
        ran += 1
        raise Unavailable("the database does not answer")

    async def often() -> bool:
        return ran >= 3

    clock = Clock()
    with capture_logs() as logged:
        async with started(Schedule(context(database), clock, [Sweep("away", 0.05, away)])):
            await until(often)
    await database.close()

    one = {
        "event": "job_put_off",
        "job": "away",
        "reason": "database_unavailable",
        "since": clock().isoformat(),
        "log_level": "warning",
    }
    assert [one] == logged
    assert not any("exc_info" in line for line in logged)


async def test_stopping_takes_back_what_is_under_way(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    ctx = context(database)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        try:
            async with ctx.transaction() as store:
                await store.seen.first_time("slack", "Ev1", utc_now())
                begun.set()
                await asyncio.sleep(60)
        finally:
            ended.set()

    schedule = Schedule(ctx, Clock(), [Sweep("slow", 0.05, slow)])
    await schedule.start()
    await begun.wait()
    was_running = schedule.is_running
    await schedule.stop()
    assert (True, False) == (was_running, schedule.is_running)
    assert ended.is_set()
    async with ctx.transaction() as store:
        assert await store.seen.first_time("slack", "Ev1", utc_now())
    await database.close()
