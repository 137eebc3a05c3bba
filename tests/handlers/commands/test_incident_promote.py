"""`/incident list alerts` and `promote`: what no rule opened an incident for is seen, and made one by a person."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.bookkeeping import Told, book
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from models.records import Incident
from models.reports import IncidentReport
from models.words import EntryKind, IncidentStatus
from tests.support.world import context, typed


async def say(ctx: Context, text: str, at: datetime, **how: str) -> str:
    reply = await COMMAND.run(ctx, typed(text, at, **how))
    assert reply.message is not None
    return f"{reply.message.text} {reply.message.blocks}"


async def told(ctx: Context, at: datetime, status: IncidentStatus = IncidentStatus.TRIGGERED) -> Incident:
    """Let a monitor tell of an alert that opens nothing."""
    report = IncidentReport(
        incident_id="disk@1", occurred_at=at, status=status, services=("payments",), title="Disk at 80 %", opens=False
    )
    async with ctx.transaction() as store:
        booked = await book(store, ctx.topology, [Told(1, "alertmanager", at, report)])
        await store.outbox.notify(booked.notices, at)
        incident = await store.incidents.get(1)
    assert incident is not None
    return incident


async def waiting(database: Database) -> dict[str, int]:
    async with database.reading() as store:
        return {queue.channel: queue.waiting for queue in await store.outbox.queues()}


async def test_a_stored_alert_is_listed_by_itself_until_it_is_over(database: Database, at: datetime) -> None:
    ctx = context(database)
    assert "Alerts that opened no incident: none." in await say(ctx, "list alerts", at)
    await told(ctx, at)

    listed = await say(ctx, "list alerts payments", at)
    assert "INC-1 Disk at 80 %" in listed
    assert "/incident promote INC-1" in listed
    assert "none." in await say(ctx, "list signals checkout", at)
    assert "Open incidents: none. · 1 alert opened no incident: `/incident list alerts`" in await say(ctx, "list", at)
    assert "opened no incident" not in await say(ctx, "list checkout", at)
    assert {} == await waiting(database)

    await told(ctx, at + timedelta(minutes=5), IncidentStatus.RESOLVED)
    assert "none." in await say(ctx, "list alerts", at)


async def test_promoting_tells_both_sides_once_and_its_monitor_ends_it(database: Database, at: datetime) -> None:
    ctx = context(database)
    await told(ctx, at)
    answer = await say(ctx, "promote INC-1", at + timedelta(minutes=1), by="Ben", request_id="t1")

    assert "Opened" in answer
    assert {"#payments-dev": 1, "#payments-ops": 1} == await waiting(database)
    assert "Open incidents: 1" in await say(ctx, "list", at)
    async with database.reading() as store:
        assert [(EntryKind.PROMOTED, "Ben")] == [(e.kind, e.actor) for e in await store.incidents.timeline(1)]
    ended = await told(ctx, at + timedelta(minutes=5), IncidentStatus.RESOLVED)
    assert (IncidentStatus.RESOLVED, False) == (ended.status, ended.is_signal)


async def test_of_two_who_promote_at_once_one_does(database: Database, at: datetime) -> None:
    ctx = context(database)
    await told(ctx, at)
    both = [say(ctx, "promote 1", at, by=by, request_id=by) for by in ("Ada", "Ben")]
    answers = await asyncio.gather(*both, return_exceptions=True)

    assert [True, False] == sorted((isinstance(answer, str) for answer in answers), reverse=True)
    assert "INC-1 is an incident already" in str(next(answer for answer in answers if isinstance(answer, UserError)))


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("Which alert? `/incident promote INC-12`", "promote"),
        ("There is no incident INC-9", "promote INC-9"),
        ("INC-1 is an alert that opened no incident. `/incident promote INC-1`", "ack INC-1"),
        ("INC-1 is an alert that opened no incident. `/incident promote INC-1`", "show 1"),
    ],
)
async def test_what_cannot_be_done_says_what_can(sqlite_url: str, at: datetime, complaint: str, text: str) -> None:
    database = Database(sqlite_url)
    await told(context(database), at)
    with pytest.raises(UserError) as caught:
        await COMMAND.run(context(database), typed(text, at))
    await database.close()

    assert complaint in str(caught.value)
