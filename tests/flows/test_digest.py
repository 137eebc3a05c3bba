"""From the clock to both channels: a missed digest is made up for, and reads well wherever it is read."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.database import Database
from bot.sandbox.app import build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.schedule import Schedule
from bot.slack.messenger import SlackMessenger, web_client
from handlers.attribution import catch_up
from models.store.sources import Heard
from models.words import Tier
from tests.bot.test_schedule import WITH_DIGEST
from tests.handlers.views import samples
from tests.support.desk import DEV, OPS, Desk
from tests.support.world import Clock, context

NATIVE = {"data_visualization", "data_table"}


@pytest.fixture
async def desk(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    clock = Clock()
    sandbox = build_sandbox(SandboxConfig(clock=clock, rates=None, **getattr(request, "param", {})))
    async with sandbox.running() as url:
        messenger = SlackMessenger(web_client(sandbox.config.bot_token, f"{url}/api/", 2), clock)
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
