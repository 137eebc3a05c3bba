"""Digests of one's own: what is understood, what is sent when, and what pausing holds back."""

from datetime import datetime, timedelta

import pytest

from bot.cron import trigger
from bot.database import Database
from handlers import subscriptions
from handlers.attribution import catch_up
from handlers.commands.digest import COMMAND
from handlers.context import Context
from handlers.digest_runs import due_digests, run_digest
from handlers.errors import UserError
from handlers.subscriptions import Wish, cron_of, parse, send_due
from models.store.sources import Heard
from models.topology import Bridge, DigestPlan, Topology
from models.words import Tier
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY, context, typed

PAYMENTS = TOPOLOGY.bridges[0]
SEARCH = Bridge(name="search", dev="#search-dev", ops="#search-ops", services=("search",))
PLAN = DigestPlan(name="mornings", bridges=("payments",), cron="0 9 * * *", timezone="UTC", period="day")
WORLD = Topology(bridges=(PAYMENTS, SEARCH), services=TOPOLOGY.services, digests=(PLAN,))
DAY = timedelta(days=1)


def slot_of(plan: DigestPlan, at: datetime) -> datetime | None:
    return trigger(plan.cron, plan.timezone).latest_fire_time(at)


async def say(ctx: Context, text: str, at: datetime) -> str:
    reply = await COMMAND.run(ctx, typed(text, at))
    assert reply.message is not None
    return reply.message.text


async def queued(database: Database) -> list[str]:
    async with database.reading() as store:
        return [queue.channel for queue in await store.outbox.queues()]


@pytest.mark.parametrize(
    ("cron", "wish", "words"),
    [
        ("0 9 * * *", Wish(), ""),
        ("30 8 * * mon", Wish(period="week", clock=(8, 30)), "weekly 8:30"),
        ("0 17 * * fri", Wish(period="week", weekday="fri", clock=(17, 0)), "every Friday at 17:00"),
        ("5 0 1 * *", Wish(period="month", clock=(0, 5), timezone="Europe/Berlin"), "monthly 0.05 europe/berlin"),
        ("0 9 * * *", Wish(bridge=SEARCH, period="day"), "daily search"),
        ("0 9 * * tue", Wish(period="week", weekday="tue"), "weekly tue tuesday"),
    ],
)
def test_words_come_in_any_order(cron: str, wish: Wish, words: str) -> None:
    assert wish == parse(words.split(), WORLD)
    assert wish == parse(words.split()[::-1], WORLD)
    assert cron == cron_of(wish)


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("Did you mean `weekly`", "weekyl"),
        ("Did you mean `Europe/Berlin`", "Europe/Berln"),
        ("Zones are called like", "Nowhere/Atall"),
        ("Did you mean `monday`", "mondey"),
        ("“25:00” is no time. Write it like `8:30`", "25:00"),
        ("“9am” is no time.", "9am"),
        ("Only one of “daily” and “weekly” is possible", "daily 9:00 weekly"),
        ("Only one of “weekly” and “Monthly” is possible", "weekly Monthly"),
        ("Only one of “daily” and “monday” is possible", "daily monday"),
        ("Only one of “mon” and “friday” is possible", "mon friday"),
        ("Only one of “9:00” and “10:00” is possible", "daily 9:00 10:00"),
        ("Only one of “search” and “payments” is possible", "search weekly payments"),
        ("Only one of “UTC” and “Europe/Berlin” is possible", "UTC Europe/Berlin"),
        ("“half-past” is no bridge, period, day, time or time zone", "half-past"),
    ],
)
def test_a_word_that_is_not_understood_is_named(complaint: str, words: str) -> None:
    with pytest.raises(UserError, match=complaint):
        parse(words.split(), WORLD)


async def test_a_person_gets_the_latest_period_once_by_direct_message(database: Database, at: datetime) -> None:
    ctx = context(database, topology=WORLD)
    told = await say(ctx, "subscribe daily 10:00 UTC payments", at)
    assert "payments, every day at 10:00 UTC" in told
    assert 0 == await send_due(ctx, slot_of, at)
    tomorrow = at.replace(hour=10, minute=0) + DAY
    assert 1 == await send_due(ctx, slot_of, tomorrow)
    assert 0 == await send_due(ctx, slot_of, tomorrow + timedelta(hours=3))
    assert 1 == await send_due(ctx, slot_of, tomorrow + 3 * DAY)
    assert ["U1"] == await queued(database)


async def test_subscribing_again_replaces_and_unsubscribing_ends(database: Database, at: datetime) -> None:
    ctx = context(database, topology=WORLD)
    await say(ctx, "subscribe weekly 10:00 UTC payments", at)
    await say(ctx, "subscribe weekly tuesday 11:00 UTC payments", at)
    await say(ctx, "subscribe daily UTC search", at)
    async with database.reading() as store:
        assert ["0 11 * * tue", "0 9 * * *"] == [s.cron for s in await store.subscriptions.all("U1")]
    assert "every Tue at 11:00 UTC" in await say(ctx, "status", at)
    assert "every Tue" in await say(ctx, "unsubscribe weekly", at)
    assert "search, every day" in await say(ctx, "unsubscribe", at)
    assert "no such digest" in await say(ctx, "unsubscribe", at)
    assert "no digest of your own" in await say(ctx, "status", at)


async def test_a_paused_digest_is_held_back_until_it_is_resumed(database: Database, at: datetime) -> None:
    ctx = context(database, topology=WORLD)
    async with database.transaction() as store:
        early = at - 30 * DAY
        heard = Heard(
            name="ci", kind="events", deliveries=1, first_received_at=early, last_received_at=at, last_event_at=at
        )
        await store.sources.hear([heard])
    assert "is paused for everybody" in await say(ctx, "pause", at)
    assert "paused already, by Ada" in await say(ctx, "pause mornings", at)
    assert "*paused* by Ada" in await say(ctx, "status", at)
    assert [] == await run_digest(ctx, PLAN, at, at)
    assert [] == await due_digests(ctx, slot_of, at + DAY)
    assert "goes on" in await say(ctx, "resume mornings", at)
    assert "was not paused" in await say(ctx, "resume mornings", at)
    assert [PLAN] == [plan for plan, _ in await due_digests(ctx, slot_of, at + DAY)]


@pytest.mark.parametrize("text", ["pause morning", "resume nothing"])
async def test_a_digest_that_does_not_exist_cannot_be_paused(database: Database, at: datetime, text: str) -> None:
    with pytest.raises(UserError, match=r"There is no digest.*`mornings`"):
        await say(context(database, topology=WORLD), text, at)


async def test_a_bridge_that_is_gone_sends_nothing(database: Database, at: datetime) -> None:
    ctx = context(database, topology=WORLD)
    await say(ctx, "subscribe daily UTC search", at)
    ctx.topology = TOPOLOGY
    assert 0 == await send_due(ctx, slot_of, at + 3 * DAY)


def test_a_zone_that_is_none_falls_back() -> None:
    assert "UTC" == subscriptions.zone_or("Mars/Olympus", "UTC")
    assert "Europe/Berlin" == subscriptions.zone_or("Europe/Berlin", "UTC")


async def deployed(ctx: Context, name: str, ended: datetime) -> None:
    made = samples.deploy(deploy_id=name, finished_at=ended, latest_at=ended, tier=Tier.PRODUCTION)
    span = {"first_received_at": ended, "last_received_at": ended + DAY}
    async with ctx.transaction() as store:
        await store.sources.hear([Heard(name="github", kind="github", deliveries=1, last_event_at=ended, **span)])
        await store.deploys.add_many([made])
        await catch_up(store)


async def test_why_explains_a_number_of_the_latest_digest(database: Database, at: datetime) -> None:
    ctx = context(database, topology=WORLD)
    with pytest.raises(UserError, match="No digest of payments was posted yet"):
        await COMMAND.run(ctx, typed("why deploys payments", at))
    await run_digest(ctx, PLAN, at, at)
    reply = await COMMAND.run(ctx, typed("why change fail rate payments", at))
    assert reply.modal is not None
    said = str(reply.modal.view)
    assert "Distinct deployments that failed" in said
    assert "2026-03-01 00:00 up to, not including, 2026-03-02 00:00" in said
    assert "The digest said" not in said


async def test_why_says_what_the_digest_said_where_that_has_moved_since(database: Database, at: datetime) -> None:
    ctx = context(database, topology=WORLD)
    await deployed(ctx, "first", at - timedelta(hours=20))
    await run_digest(ctx, PLAN, at, at)
    await deployed(ctx, "late", at - timedelta(hours=19))
    reply = await COMMAND.run(ctx, typed("why deploys payments", at + timedelta(hours=1)))
    assert reply.modal is not None
    said = [block["text"]["text"] for block in reply.modal.view["blocks"] if block["type"] == "section"]
    assert "*Deploys*  2" == said[0]
    assert "✏️ *The digest said*  1 (snapshot 1, as of <!date^" in said[1]
    assert "The next one of its kind says so." in said[1]


@pytest.mark.parametrize(
    ("complaint", "text"),
    [("Which number?", "why payments"), ("Did you mean `change fail rate`", "why chnge fail rate payments")],
)
async def test_a_number_that_is_none_is_asked_about(
    database: Database, at: datetime, complaint: str, text: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        await COMMAND.run(context(database, topology=WORLD), typed(text, at))
