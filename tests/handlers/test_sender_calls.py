"""What people do to PagerDuty's incidents here is told there: written with the fact, tried again, never going round."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from bot.elsewhere import HttpElsewhere
from bot.settings_environment import PagerDuty
from handlers.bookkeeping import Told, book
from handlers.calls import make_calls
from handlers.commands.bridge import COMMAND as BRIDGE
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import CallFailure
from handlers.speech import render
from handlers.webhooks.pagerduty import SOURCE
from models.calls import Call, CallState, Matter, Verb
from models.people import Person
from models.records import Incident
from models.reports import IncidentReport
from models.topology import WebhookSource
from models.words import IncidentStatus
from tests.support.pagerduty import PagerDutyServer, error, rate_limited
from tests.support.webhooks import captured
from tests.support.world import TOPOLOGY, Clock, context, typed

SENDER = WebhookSource(name="pagerduty", kind="pagerduty", is_told_back=True)
WORLD = replace(TOPOLOGY, sources=(*TOPOLOGY.sources, SENDER))
ADA = Person(user_id="U1", name="Ada", handle="ada", email="mira@acme.example")
START = datetime(2026, 11, 24, 9, 50, tzinfo=UTC)


class People:
    async def people(self) -> Sequence[Person]:
        return [ADA]


@dataclass
class Line:
    """A service elsewhere that answers what the test says, and remembers what it was told."""

    failures: list[CallFailure | None] = field(default_factory=list)
    told: list[tuple[str, Verb, Matter]] = field(default_factory=list)
    is_new: bool = True

    async def call(self, target: str, what: Verb, about: Matter) -> bool:
        self.told.append((target, what, about))
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        return self.is_new


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


async def made(database: Database) -> Context:
    ctx = context(database, topology=WORLD)
    ctx.directory = People()
    ctx.elsewhere = Line()
    await hear(ctx, "incident.triggered__high_urgency")
    return ctx


@pytest.fixture
async def ctx(sqlite_url: str) -> AsyncIterator[Context]:
    """Return a context with one incident of PagerDuty, on SQLite, for what does not depend on the database."""
    opened = Database(sqlite_url)
    yield await made(opened)
    await opened.close()


@pytest.fixture
async def both(database: Database) -> Context:
    """Return the same on SQLite and on PostgreSQL."""
    return await made(database)


def line(ctx: Context) -> Line:
    assert isinstance(ctx.elsewhere, Line)
    return ctx.elsewhere


async def hear(ctx: Context, name: str, number: int = 1) -> None:
    (report,) = SOURCE.parse(captured("pagerduty", name), SENDER).reports
    assert isinstance(report, IncidentReport)
    async with ctx.transaction() as store:
        await book(store, ctx.topology, [Told(number, "pagerduty", max(START, report.occurred_at), report)])


async def type_(ctx: Context, text: str, at: datetime) -> None:
    await COMMAND.run(ctx, typed(text, at, request_id=f"{text}{at}"))


async def calls(ctx: Context) -> list[Call]:
    async with ctx.reading() as store:
        return await store.calls.of([1])


async def incident(ctx: Context) -> Incident:
    async with ctx.reading() as store:
        found = await store.incidents.get(1)
    assert found is not None
    return found


async def card(ctx: Context, at: datetime, side: str = "ops") -> str:
    async with ctx.reading() as store:
        message = await render(
            store, ctx.topology, subject="incident:1", part="card", side=side, channel="#payments-ops", params={}, at=at
        )
    return str(message.blocks) if message else ""


async def test_an_acknowledgement_and_a_resolution_are_told_once_each(both: Context, clock: Clock) -> None:
    await type_(both, "ack", clock())
    assert 1 == await make_calls(both, clock)
    await type_(both, "resolve", clock() + timedelta(minutes=5))
    clock.forward(300)
    assert 1 == await make_calls(both, clock)
    assert 0 == await make_calls(both, clock)
    assert ["acknowledge", "resolve"] == [what for _, what, _ in line(both).told]
    target, _, about = line(both).told[0]
    assert ("source:pagerduty", "Q2CKYRLH85UNN4") == (target, about.sender_id)
    assert ("Ada", "mira@acme.example") == (about.person, about.email)
    assert "pagerduty knows that it is resolved" in await card(both, clock())
    assert "knows that" not in await card(both, clock(), "dev")


async def test_mitigating_what_nobody_has_says_that_somebody_has_it(ctx: Context, clock: Clock) -> None:
    await type_(ctx, "mitigate", clock())
    await make_calls(ctx, clock)
    assert ["acknowledge"] == [what for _, what, _ in line(ctx).told]


async def test_what_it_knows_already_is_not_told_again(ctx: Context, clock: Clock) -> None:
    await hear(ctx, "incident.acknowledged__by_a_person", 2)
    await type_(ctx, "mitigate", clock())
    await hear(ctx, "incident.resolved__by_a_person", 3)
    await type_(ctx, "close INC-1", clock())
    assert [] == await calls(ctx)


async def test_nothing_is_told_without_a_token_nor_of_what_came_from_elsewhere(
    database: Database, at: datetime
) -> None:
    silent = replace(WORLD, sources=(replace(SENDER, is_told_back=False),))
    ctx = context(database, topology=silent)
    await hear(ctx, "incident.triggered__high_urgency")
    await type_(ctx, "ack", START)
    await type_(ctx, "open sev1 payments: by hand", START)
    await type_(ctx, "resolve INC-2", START)
    async with ctx.reading() as store:
        assert [] == await store.calls.of([1, 2])


async def test_it_is_tried_again_with_growing_pauses_and_after_what_was_asked_for(ctx: Context, clock: Clock) -> None:
    line(ctx).failures = [CallFailure("http_503"), CallFailure("rate_limited", retry_after=90), CallFailure("timeout")]
    await type_(ctx, "ack", clock())
    waits = []
    for _ in range(4):
        await make_calls(ctx, clock)
        (call,) = await calls(ctx)
        waits.append((call.state, (call.due_at - clock()).total_seconds(), call.reason))
        assert 0 == await make_calls(ctx, clock)
        clock.now = call.due_at
    assert [
        (CallState.WAITING, 5.0, "http_503"),
        (CallState.WAITING, 90.0, "rate_limited"),
        (CallState.WAITING, 20.0, "timeout"),
    ] == waits[:3]
    assert (CallState.DONE, None) == (waits[3][0], waits[3][2])


async def test_while_it_fails_the_card_says_so_and_a_person_can_let_it_be_tried_again(
    both: Context, clock: Clock
) -> None:
    line(both).failures = [CallFailure("http_503"), CallFailure("refused", detail="Access Denied", is_permanent=True)]
    await type_(both, "ack", clock())
    await make_calls(both, clock)
    assert "being told that it is acknowledged: it answers 503; it is tried again" in await card(both, clock())
    clock.forward(5)
    await make_calls(both, clock)
    shown = await card(both, clock())
    assert "was not told that it is acknowledged: it does not accept our token (“Access Denied”)" in shown
    async with both.reading() as store:
        queued = await store.outbox.take("#twinspan-admin", clock())
    assert "call:source:pagerduty" == (queued.subject if queued else None)

    status = await BRIDGE.run(both, typed("status", clock()))
    assert "*pagerduty* (sender) not told anything yet" in str(status.message)
    assert "1 failed: it does not accept our token" in str(status.message)
    again = await BRIDGE.run(both, typed("retry pagerduty", clock()))
    assert "1 call to pagerduty will be made again" in str(again.message)
    await make_calls(both, clock)
    assert [CallState.DONE] == [call.state for call in await calls(both)]


async def test_after_a_day_without_success_it_is_given_up(ctx: Context, clock: Clock) -> None:
    await type_(ctx, "ack", clock())
    line(ctx).failures = [CallFailure("rate_limited", retry_after=3600) for _ in range(50)]
    while not (call := (await calls(ctx))[0]).is_over:
        clock.now = call.due_at
        await make_calls(ctx, clock)
    assert CallState.FAILED == call.state
    assert timedelta(hours=23) < clock() - START <= timedelta(days=1)


async def test_two_processes_make_a_call_once(both: Context, clock: Clock) -> None:
    await type_(both, "ack", clock())
    await asyncio.gather(*(make_calls(both, clock) for _ in range(4)))
    assert 1 == len(line(both).told)


async def test_a_call_that_was_in_hand_when_the_process_died_is_made_again(both: Context, clock: Clock) -> None:
    await type_(both, "ack", clock())
    async with both.transaction() as store:
        await store.calls.claim(clock(), clock() + timedelta(seconds=60), 8)
    assert 0 == await make_calls(both, clock)
    clock.forward(60)
    assert 1 == await make_calls(both, clock)
    assert [CallState.DONE] == [call.state for call in await calls(both)]


async def test_what_pagerduty_tells_back_is_no_news(both: Context, clock: Clock) -> None:
    await type_(both, "ack", datetime(2026, 11, 24, 9, 51, tzinfo=UTC))
    await make_calls(both, lambda: datetime(2026, 11, 24, 9, 51, 1, tzinfo=UTC))
    await hear(both, "incident.acknowledged__by_a_person", 2)
    now = await incident(both)
    assert (IncidentStatus.ACKNOWLEDGED, "Ada") == (now.status, now.acknowledged_by)
    assert datetime(2026, 11, 24, 9, 51, tzinfo=UTC) == now.last_acknowledged_at


async def test_a_resolution_told_back_late_does_not_close_what_was_reopened_since(ctx: Context) -> None:
    at = datetime(2026, 11, 24, 10, 40, tzinfo=UTC)
    await type_(ctx, "resolve", at)
    await make_calls(ctx, lambda: at + timedelta(seconds=30))
    await type_(ctx, "reopen INC-1", at + timedelta(seconds=20))
    await hear(ctx, "incident.resolved__by_a_person", 2)  # 10:40:36
    assert IncidentStatus.REOPENED == (await incident(ctx)).status
    await hear(ctx, "incident.resolved__merged_into_another", 3)  # 10:41:00, told by somebody else
    assert IncidentStatus.RESOLVED == (await incident(ctx)).status


async def test_who_does_the_same_there_first_makes_our_call_needless(ctx: Context, clock: Clock) -> None:
    await type_(ctx, "ack", datetime(2026, 11, 24, 9, 51, tzinfo=UTC))
    await hear(ctx, "incident.acknowledged__by_a_person", 2)
    assert 0 == await make_calls(ctx, lambda: datetime(2026, 11, 24, 9, 52, tzinfo=UTC))
    assert [CallState.WITHDRAWN] == [call.state for call in await calls(ctx)]


async def test_what_pagerduty_itself_says_is_not_told_to_it(ctx: Context) -> None:
    await hear(ctx, "incident.acknowledged__by_a_person", 2)
    await hear(ctx, "incident.resolved__by_a_person", 3)
    assert [] == await calls(ctx)


async def test_over_http_until_it_is_taken(ctx: Context, clock: Clock) -> None:
    server = PagerDutyServer(answers=[rate_limited(30), error(500, 2000, "An internal error has occurred")])
    async with server.running() as url:
        ctx.elsewhere = HttpElsewhere(pagerduty=PagerDuty(token="token-1", api=url, sender="bot@acme.example"))
        await type_(ctx, "ack", clock())
        for seconds in (0, 30, 10):
            clock.forward(seconds)
            assert 1 == await make_calls(ctx, clock)
    assert "acknowledged" == server.incidents["Q2CKYRLH85UNN4"]
    assert ["mira@acme.example"] * 3 == server.senders


async def test_a_reopening_cannot_be_told_and_the_card_says_so_until_it_is_reopened_there(
    both: Context, clock: Clock
) -> None:
    await type_(both, "ack", clock())
    clock.forward(60)
    await type_(both, "resolve", clock())
    await make_calls(both, clock)
    clock.forward(3600)
    await type_(both, "reopen INC-1", clock())
    assert 0 == await make_calls(both, clock)
    assert "pagerduty *does not know that it is open again*" in await card(both, clock())
    clock.forward(60)
    await type_(both, "ack INC-1", clock())
    assert "is being told that it is acknowledged" in await card(both, clock())
    line(both).is_new = False
    await make_calls(both, clock)

    # Somebody reopens it there: it stays acknowledged here, and PagerDuty is told that somebody has it.
    clock.forward(60)
    line(both).told.clear()
    await reopened_there(both, clock())
    assert IncidentStatus.ACKNOWLEDGED is (await incident(both)).status
    assert 1 == await make_calls(both, clock)
    assert ["acknowledge"] == [what for _, what, _ in line(both).told]
    # A second reopening there is one that nobody asked for.
    await type_(both, "resolve INC-1", clock())
    clock.forward(60)
    await reopened_there(both, clock())
    assert IncidentStatus.REOPENED is (await incident(both)).status
    assert "does not know" not in await card(both, clock())


async def test_what_was_not_resolved_there_yet_needs_no_reopening(ctx: Context, clock: Clock) -> None:
    await type_(ctx, "resolve", clock())
    await type_(ctx, "reopen INC-1", clock() + timedelta(seconds=1))
    clock.forward(10)
    assert 0 == await make_calls(ctx, clock)
    assert "does not know" not in await card(ctx, clock())
    await type_(ctx, "mitigate INC-1", clock())
    await type_(ctx, "reopen INC-1", clock() + timedelta(seconds=1))
    assert "does not know" not in await card(ctx, clock())


async def reopened_there(ctx: Context, at: datetime) -> None:
    (report,) = SOURCE.parse(captured("pagerduty", "incident.reopened__by_a_person"), SENDER).reports
    assert isinstance(report, IncidentReport)
    async with ctx.transaction() as store:
        await book(store, ctx.topology, [Told(9, "pagerduty", at, replace(report, occurred_at=at))])
