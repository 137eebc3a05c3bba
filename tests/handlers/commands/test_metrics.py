"""`/metrics`: what it understands, what it shows, and what it says where nothing is known."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from bot.sandbox.blocks import problems
from handlers.attribution import catch_up
from handlers.commands.metrics import COMMAND, parse
from handlers.context import Context
from handlers.errors import UserError
from handlers.views import Message
from models.store.sources import Heard
from models.topology import Bridge, DigestPlan, Service, Topology
from models.words import Cause, Tier
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY, context, typed

TWO = replace(
    TOPOLOGY,
    bridges=(*TOPOLOGY.bridges, Bridge(name="search", dev="#search-dev", ops="#search-ops", services=("search",))),
    services=(
        *TOPOLOGY.services,
        Service(name="search", owner="Team Find"),
        Service(name="index", owner="team find"),
    ),
    digests=(DigestPlan(name="d", bridges=("search",), cron="0 9 * * 1", timezone="Asia/Tokyo", period="week"),),
)


async def answer(ctx: Context, text: str, at: datetime) -> Message:
    reply = await COMMAND.run(ctx, typed(text, at))
    assert reply.message is not None
    return reply.message


async def shown(ctx: Context, text: str, at: datetime) -> str:
    message = await answer(ctx, text, at)
    return f"{message.text}\n{json.dumps(message.blocks, ensure_ascii=False)}"


async def deployed(ctx: Context, *ends: datetime, heard_at: datetime, service: str = "payments") -> None:
    async with ctx.transaction() as store:
        span = {"first_received_at": ends[0], "last_received_at": heard_at}
        await store.sources.hear([Heard(name="github", kind="github", deliveries=9, last_event_at=heard_at, **span)])
        made = [
            samples.deploy(deploy_id=f"d{n}", service=service, finished_at=end, latest_at=end, tier=Tier.PRODUCTION)
            for n, end in enumerate(ends)
        ]
        await store.deploys.add_many(made)
        await catch_up(store)


def told(text: str, channel: str | None, at: datetime) -> tuple[Any, ...]:
    scope, window = parse(text, TWO, channel, at)
    return scope.name, scope.services, window.length, window.first.isoformat(), window.timezone


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (("payments", ("payments", "checkout"), "week", "2026-02-23", "UTC"), ""),
        (("payments", ("payments", "checkout"), "day", "2026-03-02", "UTC"), "today"),
        (("service:payments", ("payments",), "week", "2026-02-23", "UTC"), "last-week service:pay"),
        (("search", ("search",), "month", "2026-02-01", "Asia/Tokyo"), "Search last-month"),
        (("Team Find", ("search", "index"), "week", "2026-02-09", "Asia/Tokyo"), "team 2026-W07 find"),
        (("payments", ("payments", "checkout"), "day", "2026-02-28", "UTC"), "2026-02-28"),
        (("payments", ("payments", "checkout"), "month", "2026-01-01", "UTC"), "2026-01"),
    ],
)
def test_words_come_in_any_order_and_all_may_be_left_out(expected: tuple[Any, ...], text: str, at: datetime) -> None:
    assert expected == told(text, "#payments-ops", at)


def test_a_day_that_began_in_the_zone_may_be_asked_for_before_it_begins_in_utc(at: datetime) -> None:
    late = at.replace(hour=20)
    _, window = parse("search 2026-03-03", TWO, None, late)
    assert (date(2026, 3, 3), late) == (window.first, window.end)


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("“serch” is no service, team, bridge or period. Did you mean `search`?", "serch week"),
        ("“weeek” is no service.*Did you mean `week`?", "search weeek"),
        ("Whose numbers\\? `/metrics payments`, `/metrics search`", "week"),
        ("One period at a time: `week` or `month`\\?", "week month"),
        ("There is no day “2026-02-30”. I read `2026-11-20`", "search 2026-02-30"),
        ("There is no week “2026-W54”", "search 2026-W54"),
        ("There is no month “2026-13”", "search 2026-13"),
        ("The month of 2026-04-01 has not begun yet", "search 2026-04"),
        ("The week of 2026-03-09 has not begun yet", "search 2026-W11"),
        ("“service:paymens” is no service", "service:paymens"),
    ],
)
def test_what_makes_no_sense_is_asked_about(complaint: str, text: str, at: datetime) -> None:
    with pytest.raises(UserError, match=complaint):
        parse(text, TWO, None, at)


def test_without_any_configuration_it_says_so(at: datetime) -> None:
    with pytest.raises(UserError, match="no bridge is configured"):
        parse("", Topology(), None, at)


async def test_help_shows_the_usage(database: Database, at: datetime) -> None:
    assert "/metrics payments 2026-W47" in await shown(context(database), "help", at)


async def test_where_no_sender_was_heard_nothing_is_zero(database: Database, at: datetime) -> None:
    told = await shown(context(database), "", at)
    assert "No deploy sender has been heard for payments by then: its deploys are not 0 but unknown." in told
    assert "incidents are unknown as well" in told
    assert "data_table" not in told


async def test_where_every_sender_fell_silent_that_is_said_with_its_name_and_nothing_else(
    database: Database, at: datetime
) -> None:
    ctx = context(database)
    heard_at = at - timedelta(days=23)
    await deployed(ctx, heard_at, heard_at + timedelta(hours=1), heard_at=heard_at)
    told = await shown(ctx, "", at)
    since = f"<!date^{heard_at.timestamp():.0f}^"
    assert f"ℹ️ Every sender is silent since {since}" in told
    assert ": github. What happened since is not 0 but unknown." in told
    assert "– every sender is silent" in told
    for falsehood in ("been heard for", "heard of", "no sender"):
        assert falsehood not in told


async def test_the_table_stands_beside_the_period_before_and_says_better_or_worse(
    database: Database, at: datetime
) -> None:
    ctx = replace(context(database), topology=replace(TOPOLOGY, targets={"deploys_per_day": 2}))
    days = [at - timedelta(days=n) for n in (30, 9, 5, 4, 3)]
    await deployed(ctx, *days, heard_at=at)
    message = await answer(ctx, "", at)
    (table,) = (block for block in message.blocks if block["type"] == "data_table")
    cells = [[cell["text"] for cell in row] for row in table["rows"]]
    assert ["Number", "Now", "Week before", "Change", "Median of 8", "Target"] == cells[0]
    assert ["Deploys", "3", "1", "▲ better, +2", "1 ···▃▁▁▃█", "at least 2 a day, missed"] == cells[1]
    assert ["Change fail rate", "0 of 3", "0 of 1", "= same"] == cells[3][:4]
    assert "– no commits told" == cells[2][1]
    assert "Lead time is unknown" in str(message.blocks)
    assert 1 == sum(block["type"] == "data_visualization" for block in message.blocks)
    assert [] == problems(list(message.blocks))
    assert [] == problems(list(message.plain_blocks or ()))


async def test_every_number_has_a_button_that_carries_what_it_asks_for(database: Database, at: datetime) -> None:
    ctx = context(database)
    await deployed(ctx, at - timedelta(days=3), heard_at=at)
    message = await answer(ctx, "service:payments 2026-W09", at)
    (row,) = (block for block in message.blocks if block["type"] == "actions")
    assert 9 == len({element["action_id"] for element in row["elements"]})
    assert {
        "scope": "service:payments",
        "length": "week",
        "first": "2026-02-23",
        "timezone": "UTC",
        "number": "deploys",
    } == json.loads(row["elements"][0]["value"])


async def test_a_service_has_only_its_own_numbers(database: Database, at: datetime) -> None:
    ctx = context(database)
    await deployed(ctx, at - timedelta(days=3), heard_at=at, service="checkout")
    assert "*1 deploy*" in await shown(ctx, "checkout", at)
    assert "deploys (no sender was heard of any)" in await shown(ctx, "service:payments", at)


async def test_what_the_sides_had_to_do_with_each_other_is_said_beside_the_week_before(
    database: Database, at: datetime
) -> None:
    ctx = context(database)
    await deployed(ctx, at - timedelta(days=3), heard_at=at)
    async with ctx.transaction() as store:
        for n, days in enumerate((3, 4, 10)):
            begun = at - timedelta(days=days)
            told = samples.incident(id=0, leader_id=None, incident_id=str(n), started_at=begun, cause=Cause.EXTERNAL)
            await store.incidents.add(told)
    said = await shown(ctx, "bridge:payments", at)
    assert "*Dev ↔ ops*  both sides took part in 0 of 2 incidents (before: 0 of 1)" in said
    assert "Dev ↔ ops" not in await shown(ctx, "checkout", at)


async def test_where_no_sender_was_heard_what_people_did_is_known_all_the_same(
    database: Database, at: datetime
) -> None:
    ctx = context(database)
    async with ctx.transaction() as store:
        await store.incidents.add(samples.incident(id=0, leader_id=None, started_at=at - timedelta(days=3)))
    assert "*Dev ↔ ops*  both sides took part in 0 of 1 incident" in await shown(ctx, "bridge:payments", at)
