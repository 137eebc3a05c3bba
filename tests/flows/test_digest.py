"""From the clock to both channels: a missed digest is made up for, and reads well wherever it is read."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from bot.sandbox.app import build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.schedule import Schedule
from bot.slack.messenger import SlackMessenger, web_client
from handlers.attribution import catch_up
from models.store.sources import Heard
from models.topology import Service
from models.words import Tier
from tests.bot.test_schedule import WITH_DIGEST, moved_clock
from tests.handlers.views import samples
from tests.support.desk import DEV, OPS, Desk
from tests.support.world import Clock, context

NATIVE = {"data_visualization", "data_table"}


@pytest.fixture
async def desk(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    clock = Clock()
    sandbox = build_sandbox(SandboxConfig(clock=clock, rates=None, **getattr(request, "param", {})))
    async with sandbox.running() as url:
        messenger = SlackMessenger(web_client(sandbox.config.bot_token, f"{url}/api/", 20), clock)
        yield Desk(database, sandbox, context(database, messenger, WITH_DIGEST), clock)


async def two_days_of_work(desk: Desk) -> None:
    yesterday = desk.clock() - timedelta(days=1)
    async with desk.ctx.transaction() as store:
        heard = {"first_received_at": yesterday - timedelta(days=9), "last_received_at": yesterday}
        await store.sources.hear([Heard(name="github", kind="github", deliveries=9, last_event_at=yesterday, **heard)])
        ends = [yesterday - timedelta(days=1), yesterday, yesterday + timedelta(hours=1)]
        await store.deploys.add_many(
            [
                samples.deploy(deploy_id=str(n), finished_at=end, latest_at=end, tier=Tier.PRODUCTION)
                for n, end in enumerate(ends)
            ]
        )
        await catch_up(store)


async def start_and_say(desk: Desk) -> None:
    """Start a new process, and let it say all it has to say."""
    schedule = Schedule(desk.ctx, desk.clock, [])
    await schedule.start()
    async with desk.speaking():
        await desk.until(desk.is_silent)
    await schedule.stop()


def blocks(desk: Desk, channel: str) -> list[dict[str, Any]]:
    (message,) = desk.sandbox.workspace.timeline(channel)
    return message.blocks


async def test_a_start_makes_up_for_the_missed_digest_in_both_channels_and_a_second_start_does_not(
    desk: Desk,
) -> None:
    await two_days_of_work(desk)
    for _ in range(2):
        await start_and_say(desk)
    (dev,), (ops,) = desk.texts(DEV), desk.texts(OPS)
    assert dev.startswith("Sunday 1 March 2026 · payments: *2 deploys*, 1 more than the day before; no new")
    assert ops.startswith("Sunday 1 March 2026 · payments: No new incidents; *2 deploys*, 1 more.")
    for channel in (DEV, OPS):
        assert {block["type"] for block in blocks(desk, channel)} >= NATIVE


@pytest.mark.parametrize("desk", [{"refuse_data_blocks": True}], indirect=True)
async def test_where_charts_are_refused_the_same_is_said_in_words(desk: Desk) -> None:
    await two_days_of_work(desk)
    await start_and_say(desk)
    for channel in (DEV, OPS):
        shown = blocks(desk, channel)
        assert not {block["type"] for block in shown} & NATIVE
        assert "• *Deploys*  2 · ▲ better, +1 · before: 1 · median 1.5 ······▅█" in str(shown)
        assert "• *payments*  2 deploys (before: 1)" in str(shown).replace("0 incidents · ", "")
    assert "Deploys: 28 Feb 1 · 1 Mar 2" in str(blocks(desk, DEV))


@pytest.mark.parametrize(
    ("nine", "hours"),
    [(datetime(2026, 3, 30, 7, tzinfo=UTC), 23), (datetime(2026, 10, 26, 8, tzinfo=UTC), 25)],
    ids=["spring", "autumn"],
)
async def test_at_nine_after_the_clocks_changed_two_processes_post_one_digest_to_each_channel(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, nine: datetime, hours: int
) -> None:
    desk.clock.now = nine - timedelta(days=1)
    await two_days_of_work(desk)
    desk.clock.now = nine + timedelta(seconds=9)
    now = moved_clock(monkeypatch, nine - timedelta(seconds=0.3))
    day = f"{nine - timedelta(days=1):%-d %B}"
    second = Database(desk.database.url)
    schedules = [Schedule(ctx, now, []) for ctx in (desk.ctx, context(second, topology=WITH_DIGEST))]
    for schedule in schedules:
        await schedule.start()
    async with desk.speaking("one"), desk.speaking("two"):
        await desk.until(lambda: both_fired(schedules, nine))
        await desk.until(lambda: both_said(desk, day))
        await desk.until(desk.is_silent)
    for schedule in schedules:
        await schedule.stop()
    await second.close()
    assert [1, 1] == [told_of(desk, channel, day) for channel in (DEV, OPS)]
    async with desk.ctx.reading() as store:
        snapshot = await store.digests.latest("payments")
    assert snapshot is not None
    assert timedelta(hours=hours) == snapshot.period_end - snapshot.period_start


async def both_fired(schedules: list[Schedule], nine: datetime) -> bool:
    return all(schedule.next_runs()["digest:morning"] > nine for schedule in schedules)


async def both_said(desk: Desk, day: str) -> bool:
    return all(told_of(desk, channel, day) for channel in (DEV, OPS))


def told_of(desk: Desk, channel: str, day: str) -> int:
    """Return how many messages of a channel are the digest of a day."""
    return sum(f"{day} 2026 · payments: " in text for text in desk.texts(channel))


async def test_where_every_sender_fell_silent_both_channels_read_dashes_and_no_zeros(desk: Desk) -> None:
    await two_days_of_work(desk)
    desk.clock.forward(30 * 86_400)
    await start_and_say(desk)
    for channel in (DEV, OPS):
        (text,) = desk.texts(channel)
        assert "– deploys" in text
        assert "– incidents" in text
        table = next(block for block in blocks(desk, channel) if block["type"] == "data_table")
        assert {"–"} == {cell["text"][0] for row in table["rows"][1:] for cell in row[1:]}
        said = str(blocks(desk, channel))
        assert "every sender is silent since" in said
        assert ": github · never heard: alerts" in said


async def test_forty_services_fit_into_one_message_on_each_side(desk: Desk) -> None:
    names = tuple(f"a-service-with-a-long-name-{n}" for n in range(40))
    bridge = replace(WITH_DIGEST.bridges[0], services=names)
    services = tuple(Service(name=name) for name in names)
    desk.ctx.topology = replace(WITH_DIGEST, bridges=(bridge,), services=services)
    await two_days_of_work(desk)
    ends = [desk.clock() - timedelta(days=1, minutes=n) for n in range(40)]
    async with desk.ctx.transaction() as store:
        await store.deploys.add_many(
            [
                samples.deploy(deploy_id=n, service=n, finished_at=end, latest_at=end, tier=Tier.PRODUCTION)
                for n, end in zip(names, ends, strict=True)
            ]
        )
        await store.incidents.add(samples.incident(id=0, leader_id=None, services=names, started_at=ends[0]))
        await catch_up(store)
    await start_and_say(desk)
    for channel in (DEV, OPS):
        shown = str(blocks(desk, channel))
        assert "and 32 more services" in shown
        assert "All services" in shown
        assert "…" not in shown
    assert ["*40 deploys*"] == [text.partition(": ")[2].partition(";")[0] for text in desk.texts(DEV)]
