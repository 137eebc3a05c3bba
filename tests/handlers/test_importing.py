"""Slack hears nothing of the past: a history makes no digest due, and asks nobody for a review."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.cron import trigger
from bot.database import Database
from handlers.bookkeeping import Told, book
from handlers.context import Context
from handlers.digest_runs import due_digests, run_digest
from handlers.importing import write
from handlers.imports import EventReport, Item
from handlers.paging import page
from handlers.reminders import remind
from handlers.views.digests import digest
from models.paging import PagingPlan, Policy, Step
from models.reports import DeployReport, IncidentReport
from models.store.blames import INCIDENT
from models.topology import DigestPlan
from models.words import UNSET, DeployStatus, IncidentStatus, Severity
from tests.handlers.test_digest_runs import DAILY, DAY, HOUR, MONDAY_NINE, SUNDAY, hear
from tests.support.reading import shown
from tests.support.world import TOPOLOGY, context

WEEKLY = replace(DAILY, name="mondays", cron="0 9 * * mon", period="week")
MONTHLY = replace(DAILY, name="months", cron="0 9 1 * *", period="month")
PLANS = (DAILY, WEEKLY, MONTHLY)
NOON = MONDAY_NINE + 3 * HOUR


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=replace(TOPOLOGY, digests=PLANS))


def slot_of(plan: DigestPlan, at: datetime) -> datetime | None:
    return trigger(plan.cron, plan.timezone).latest_fire_time(at)


async def imported(ctx: Context, *reports: EventReport, source: str = "github") -> None:
    items = [Item(str(number), source, report.occurred_at, report) for number, report in enumerate(reports)]
    await write(ctx.at_once, ctx.topology, items, NOON, lambda _: None)


def ten_weeks() -> list[DeployReport]:
    ends = [SUNDAY - week * timedelta(days=7) for week in range(10)]
    return [
        DeployReport(
            deploy_id=f"{end:%m%d}",
            service="payments",
            environment="production",
            occurred_at=end,
            status=DeployStatus.SUCCEEDED,
        )
        for end in ends
    ]


def incident() -> IncidentReport:
    return IncidentReport(
        incident_id="i1",
        occurred_at=SUNDAY - 2 * DAY,
        status=IncidentStatus.RESOLVED,
        services=("payments",),
        severity=Severity.SEV1,
        started_at=SUNDAY - 2 * DAY - HOUR,
        resolved_at=SUNDAY - 2 * DAY,
    )


@pytest.mark.parametrize("heard", [None, MONDAY_NINE + HOUR], ids=["before the first webhook", "beside a bot"])
async def test_a_history_makes_no_digest_due(ctx: Context, heard: datetime | None) -> None:
    if heard:
        await hear(ctx, "github", at=heard, gap_s=60)
    await imported(ctx, *ten_weeks())
    assert [] == await due_digests(ctx, slot_of, NOON)
    await hear(ctx, "github", at=NOON, gap_s=60)
    assert [] == await due_digests(ctx, slot_of, NOON)


async def test_what_was_missed_while_the_bot_was_down_is_due_all_the_same(ctx: Context) -> None:
    await hear(ctx, "github", at=SUNDAY + 11 * HOUR, gap_s=3600)
    await imported(ctx, *ten_weeks())
    assert ["morning", "mondays"] == [plan.name for plan, _ in await due_digests(ctx, slot_of, NOON)]


async def test_a_history_still_tells_since_when_somebody_watched(ctx: Context) -> None:
    await imported(ctx, incident())
    await imported(ctx, *ten_weeks())
    (snapshot,) = await run_digest(ctx, WEEKLY, MONDAY_NINE, MONDAY_NINE)
    assert [1] * 8 == [one["deploys"] for one in snapshot.numbers["history"]]
    assert [0] * 7 + [1] == [one["incidents_started"] for one in snapshot.numbers["history"]]


async def test_an_incident_of_a_history_asks_nobody_for_a_review(ctx: Context) -> None:
    await imported(ctx, incident(), source="alerts")
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    assert 0 == snapshot.numbers["afterwards"]["unreviewed"]
    assert "Left to do" not in shown(digest(snapshot, "ops"))


async def test_a_deploy_that_is_told_late_makes_nobody_speak_of_a_historys_incident(ctx: Context) -> None:
    await imported(ctx, incident())
    late = replace(ten_weeks()[0], deploy_id="late", occurred_at=SUNDAY - 2 * DAY - 2 * HOUR)
    async with ctx.transaction() as store:
        said = (await book(store, ctx.topology, [Told(1, "github", NOON, late)])).notices
        blamed = await store.blames.of(INCIDENT, [1])
    assert [1] == list(blamed)
    assert {"deploy:1"} == {notice.subject for notice in said}


async def test_nobody_is_paged_or_reminded_for_what_a_history_says_is_open(ctx: Context) -> None:
    policy = Policy(name="ops", steps=(Step(after=timedelta(), notify=("#everybody",)),))
    ctx.topology = replace(ctx.topology, paging=PagingPlan(policies=(policy,), default="ops"))
    begun = replace(incident(), status=IncidentStatus.TRIGGERED, occurred_at=SUNDAY, resolved_at=UNSET)
    await imported(ctx, begun, source="alerts")
    assert set() == await spoken_of(ctx)
    again = replace(begun, occurred_at=NOON, title="It is still slow")
    async with ctx.transaction() as store:
        told = await book(store, ctx.topology, [Told(1, "alerts", NOON, again)])
        await store.outbox.notify(told.notices, NOON)
    assert {"incident:1 card", "incident:1 paged:1:1"} <= await spoken_of(ctx)


async def spoken_of(ctx: Context) -> set[str]:
    """Return what is said after every sweep that speaks by itself has run."""
    for after in (timedelta(), HOUR):
        await page(ctx, NOON + after)
        await remind(ctx, NOON + after)
    async with ctx.reading() as store:
        queues = [queue.channel for queue in await store.outbox.queues()]
        return {f"{one.subject} {one.part}" for channel in queues for one in await store.outbox.waiting(50, channel)}
