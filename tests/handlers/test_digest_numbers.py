"""What a digest adds to the numbers: what moved since, what is provisional, what both sides and monitoring did."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.database import Database
from handlers.acting import By
from handlers.attribution import Touched, attribute, catch_up
from handlers.bookkeeping import Told, book
from handlers.context import Context
from handlers.digest_runs import compute, post_to, run_digest
from handlers.incident_edits import add_note
from handlers.incident_moves import Opening, move, open_incident
from models.handoffs import Handoff
from models.mirroring import Line
from models.oncall import OnCallSchedule
from models.operations import Objective, OperationsReading
from models.periods import latest_completed
from models.questions import Question
from models.records import MessageRef
from models.reports import IncidentReport
from models.topology import Service
from models.words import Cause, IncidentStatus, Tier
from tests.handlers.test_digest_runs import BRIDGE, DAILY, DAY, HOUR, MONDAY_NINE, SUNDAY, a_day_of_work, hear
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY, context

MONTHLY = replace(DAILY, name="months", cron="0 9 1 * *", period="month", settle=9 * HOUR)
PLANS = replace(TOPOLOGY, digests=(DAILY, MONTHLY))
FIRST_OF_APRIL = datetime(2026, 4, 1, 7, 0, tzinfo=UTC)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=PLANS)


async def deploys(ctx: Context, *ends: datetime) -> None:
    async with ctx.transaction() as store:
        await store.deploys.add_many(
            [samples.deploy(deploy_id=f"d{end}", finished_at=end, latest_at=end, tier=Tier.PRODUCTION) for end in ends]
        )
        await catch_up(store)


async def numbers_at(ctx: Context, slot: datetime) -> dict[str, Any]:
    (snapshot,) = await run_digest(ctx, DAILY, slot, slot)
    return snapshot.numbers


async def test_what_moved_in_a_posted_digest_is_said_once_and_the_posted_one_stays(ctx: Context) -> None:
    await a_day_of_work(ctx)
    first = await numbers_at(ctx, MONDAY_NINE)
    assert [] == first["corrections"]
    await deploys(ctx, SUNDAY + 7 * HOUR)
    (moved,) = [one for one in (await numbers_at(ctx, MONDAY_NINE + DAY))["corrections"] if one["number"] == "deploys"]
    assert ("2026-03-01", {"deploys": 2}, {"deploys": 3}, 1) == (
        moved["first"],
        moved["was"],
        moved["now"],
        moved["told_in"],
    )
    assert [] == (await numbers_at(ctx, MONDAY_NINE + 2 * DAY))["corrections"]
    async with ctx.reading() as store:
        posted = await store.digests.get(1)
    assert posted is not None
    assert first == posted.numbers


async def test_a_resolution_without_its_trigger_is_kept_out_of_the_time_to_restore_until_the_start_is_known(
    ctx: Context,
) -> None:
    async def told(status: IncidentStatus, at: datetime) -> dict[str, Any]:
        report = IncidentReport(incident_id="a", occurred_at=at, status=status, services=("payments",))
        async with ctx.transaction() as store:
            await book(store, ctx.topology, [Told(1, "ci", SUNDAY + 4 * HOUR, report)])
        window = latest_completed(MONDAY_NINE, "day", DAILY.timezone)
        now: dict[str, Any] = (await compute(ctx, "preview", BRIDGE, window, MONDAY_NINE)).numbers["now"]
        return now

    stub = await told(IncidentStatus.RESOLVED, SUNDAY + 3 * HOUR)
    whole = await told(IncidentStatus.TRIGGERED, SUNDAY + 2 * HOUR)

    assert (None, 0) == (stub["mttr_median_s"], stub["mttr_n"])
    assert (3600, 1) == (whole["mttr_median_s"], whole["mttr_n"])


async def test_what_moved_in_an_older_period_is_said_too(ctx: Context) -> None:
    await a_day_of_work(ctx)
    for day in range(3):
        await numbers_at(ctx, MONDAY_NINE + day * DAY)
    await deploys(ctx, SUNDAY + 7 * HOUR)
    moved = (await numbers_at(ctx, MONDAY_NINE + 3 * DAY))["corrections"]
    assert {("2026-03-01", "deploys"), ("2026-03-01", "cfr")} == {(one["first"], one["number"]) for one in moved}


async def test_what_one_person_was_told_is_corrected_to_that_person_only(ctx: Context) -> None:
    await a_day_of_work(ctx)
    await numbers_at(ctx, MONDAY_NINE)
    window = latest_completed(MONDAY_NINE + DAY, "day", DAILY.timezone)
    await deploys(ctx, SUNDAY + 7 * HOUR)
    sent = await post_to(ctx, [("U1", "dev")], "person:U1:day", BRIDGE, window, MONDAY_NINE + DAY)
    assert sent is not None
    assert [] == sent.numbers["corrections"]


async def test_a_month_is_compared_with_the_calendar_month_before_it(ctx: Context) -> None:
    await deploys(ctx, SUNDAY - 5 * DAY, SUNDAY + HOUR, SUNDAY + 9 * DAY)
    (snapshot,) = await run_digest(ctx, MONTHLY, FIRST_OF_APRIL, FIRST_OF_APRIL)
    numbers = snapshot.numbers
    assert ("month", "2026-03-01", "2026-03-31") == (numbers["length"], numbers["first"], numbers["last"])
    assert {"first": "2026-02-01", "last": "2026-02-28"} == numbers["compared"]
    assert (2, 1) == (numbers["now"]["deploys"], numbers["previous"]["deploys"])
    assert "2025-08-01" == numbers["history"][0]["first"]
    # March of 2026 lost an hour in Berlin.
    assert 31 * 24 - 1 == numbers["now"]["window_hours"]


async def test_numbers_are_provisional_until_they_settle(ctx: Context) -> None:
    window = latest_completed(FIRST_OF_APRIL, "month", "Europe/Berlin")
    early = await compute(ctx, "preview", BRIDGE, window, FIRST_OF_APRIL - HOUR)
    settled = await compute(ctx, "preview", BRIDGE, window, FIRST_OF_APRIL)
    assert (FIRST_OF_APRIL.isoformat(), None) == (early.numbers["settles_at"], settled.numbers["settles_at"])


async def acting(ctx: Context) -> None:
    """Let the bot know the two channels by their ids: D is dev's, O is ops'."""
    async with ctx.transaction() as store:
        for side, channel, channel_id in (("dev", BRIDGE.dev, "D"), ("ops", BRIDGE.ops, "O")):
            here = MessageRef(subject="x:1", part=side, side=side, channel=channel, channel_id=channel_id, ts="1")
            await store.messages.remember(here, SUNDAY)


async def opened(ctx: Context, name: str, channel_id: str | None) -> int:
    incident = await open_incident(
        ctx,
        Opening(services=("payments",), title=name),
        By(name="Ada", request_id=name, at=SUNDAY + HOUR, channel_id=channel_id),
    )
    return incident.id


async def test_both_sides_took_part_where_people_acted_in_both_channels(ctx: Context) -> None:
    await acting(ctx)
    shared, alone = await opened(ctx, "shared", "O"), await opened(ctx, "alone", "D")
    at = SUNDAY + HOUR + timedelta(minutes=4)
    await move(ctx, shared, "acknowledge", By(name="Ben", request_id="r1", at=at, channel_id="D"))
    await add_note(ctx, shared, "drained", By(name="Jun", request_id="r2", at=at + HOUR, channel_id="O"))
    await move(ctx, alone, "resolve", By(name="Ben", request_id="r3", at=at + HOUR, channel_id="D"))
    told = (await numbers_at(ctx, MONDAY_NINE))["between"]
    assert (1, 2, 240.0) == (told["both"], told["of"], told["answer_median_s"])


async def test_who_answers_in_the_thread_took_part_without_acting(ctx: Context) -> None:
    await acting(ctx)
    number = await opened(ctx, "talked about", "O")
    written_at = SUNDAY + HOUR + timedelta(minutes=3)
    card = MessageRef(subject=f"incident:{number}", part="card", side="dev", channel=BRIDGE.dev, channel_id="D", ts="2")
    reply = Line(
        channel="D", ts="3", subject=card.subject, author_id="U2", author="Ben", text="looking", written_at=written_at
    )
    async with ctx.transaction() as store:
        await store.messages.remember(card, SUNDAY)
        await store.mirroring.add(reply)
    told = (await numbers_at(ctx, MONDAY_NINE))["between"]
    assert (1, 1, 180.0) == (told["both"], told["of"], told["answer_median_s"])


async def test_questions_across_are_counted_with_the_time_to_the_first_answer(ctx: Context) -> None:
    async with ctx.transaction() as store:
        for n, answer in enumerate((4, 8, None)):
            asked = Question(
                key=str(n),
                bridge="payments",
                side="ops",
                channel="#payments-ops",
                home="#payments-dev",
                text=f"question {n}",
                asker="Ada",
                asked_at=SUNDAY + HOUR,
                answered_at=SUNDAY + HOUR + timedelta(minutes=answer) if answer else None,
            )
            await store.questions.add(asked)
    told = (await numbers_at(ctx, MONDAY_NINE))["between"]
    assert {"asked": 3, "answered": 2, "waiting": 1, "answer_median_s": 360.0} == told["questions"]
    assert ["question 2"] == [one["text"] for one in told["waiting"]]


async def test_handoffs_accepted_before_anybody_was_asked_again_are_on_time(ctx: Context) -> None:
    schedule = OnCallSchedule(name="payments-ops", timezone="UTC", bridge="payments")
    ctx.topology = replace(ctx.topology, schedules=(schedule,))
    async with ctx.transaction() as store:
        for n, minutes in enumerate((9, 11, None)):
            boundary = SUNDAY + n * HOUR
            handoff = Handoff(
                schedule="payments-ops",
                boundary=boundary,
                outgoing="mira",
                incoming="jun",
                drafted_at=boundary - HOUR,
                accepted_at=boundary + timedelta(minutes=minutes) if minutes else None,
            )
            await store.oncall.add_handoff(handoff)
    told = (await numbers_at(ctx, MONDAY_NINE))["between"]
    assert (1, 3) == (told["handoffs_on_time"], told["handoffs"])


async def test_where_somebody_acted_is_not_guessed(ctx: Context) -> None:
    await opened(ctx, "by mail", None)
    told = (await numbers_at(ctx, MONDAY_NINE))["between"]
    assert (None, 0, 1) == (told["both"], told["of"], told["incidents"])


async def test_incidents_without_a_cause_and_changes_without_an_owner_are_counted(ctx: Context) -> None:
    async with ctx.transaction() as store:
        causes = (None, Cause.UNKNOWN, Cause.EXTERNAL)
        for n, cause in enumerate(causes):
            at, status = SUNDAY + n * HOUR, IncidentStatus.TRIGGERED
            told = samples.incident(id=0, leader_id=None, incident_id=str(n), started_at=at, cause=cause, status=status)
            await store.incidents.add(told)
        for n, actor in enumerate((None, "ada")):
            await store.changes.add(samples.change(change_id=str(n), actor=actor, occurred_at=SUNDAY + HOUR))
    told = (await numbers_at(ctx, MONDAY_NINE))["between"]
    assert (2, 3, 1, 2) == (told["no_cause"], told["incidents"], told["unowned"], told["changes"])


async def test_an_inferred_cause_is_not_a_recorded_one_and_a_linked_one_is(ctx: Context) -> None:
    await deploys(ctx, SUNDAY + HOUR)
    async with ctx.transaction() as store:
        for n, causes in enumerate(((), (f"d{SUNDAY + HOUR}",))):
            told = samples.incident(
                id=0, leader_id=None, incident_id=str(n), started_at=SUNDAY + 2 * HOUR, caused_by=causes
            )
            await attribute(store, Touched(incidents=[await store.incidents.add(told)]))
    numbers = await numbers_at(ctx, MONDAY_NINE)
    assert (1, 1) == (numbers["inferred"], numbers["between"]["no_cause"])


async def failed(ctx: Context, many: int) -> None:
    """Book so many deploys, each with an open incident that is held against it."""
    ends = [SUNDAY + HOUR + timedelta(minutes=n) for n in range(many)]
    await deploys(ctx, *ends)
    opened = [
        samples.incident(id=0, leader_id=None, incident_id=f"{n}", started_at=end, caused_by=(f"d{end}",))
        for n, end in enumerate(ends)
    ]
    async with ctx.transaction() as store:
        added = [await store.incidents.add(one) for one in opened]
        await attribute(store, Touched(incidents=added))


async def test_no_failed_deploy_is_forgotten_while_an_open_incident_is_held_against_it(ctx: Context) -> None:
    await failed(ctx, 13)
    numbers = await numbers_at(ctx, MONDAY_NINE)
    assert (13, 13, 10) == (numbers["now"]["fdrt_open"], numbers["now"]["incidents_open"], len(numbers["open"]))
    assert "broken" not in [one["kind"] for one in numbers["highlights"]]


async def test_an_open_incident_stands_only_for_the_deploy_it_is_held_against(ctx: Context) -> None:
    await failed(ctx, 1)
    async with ctx.transaction() as store:
        await store._connection.execute(text("DELETE FROM blames"))
    highlights = (await numbers_at(ctx, MONDAY_NINE))["highlights"]
    assert ["open", "broken"] == [one["kind"] for one in highlights]
    assert 1 == highlights[1]["count"]


class Monitoring:
    """Says of payments that it ran well but for one hour."""

    async def read(self, services: Sequence[Service], start: datetime, end: datetime) -> list[OperationsReading]:
        assert (["payments"], DAY) == ([s.name for s in services if s.operations], end - start)
        points = tuple((start + n * HOUR / 2, 0.9 if n == 5 else 1.0) for n in range(1, 49))
        return [OperationsReading(service="payments", availability=0.998, error_budget_left=0.5, points=points)]


async def test_what_monitoring_says_stands_in_the_snapshot_with_the_deploys_marked(database: Database) -> None:
    payments = replace(TOPOLOGY.services[0], operations=Objective(target=0.999))
    topology = replace(PLANS, services=(payments, *TOPOLOGY.services[1:]))
    ctx = context(database, topology=topology)
    ctx.operations = Monitoring()
    await a_day_of_work(ctx)
    numbers = await numbers_at(ctx, MONDAY_NINE)
    (told,) = numbers["operations"]
    assert ("payments", 0.998, 0.999, None) == (told["service"], told["availability"], told["target"], told["reason"])
    steps = numbers["course"]["steps"]
    assert ("burn_rate", 12) == (numbers["course"]["unit"], len(steps))
    assert [100] == [round(step["value"]) for step in steps if step["value"]]
    assert 2 == sum(step["deploys"] for step in steps)


async def test_highlights_are_the_most_urgent_three(ctx: Context) -> None:
    await hear(ctx, "github", at=MONDAY_NINE)
    await a_day_of_work(ctx)
    first, *_ = (await numbers_at(ctx, MONDAY_NINE))["highlights"]
    assert ("open", "Slow queue") == (first["kind"], first["incident"]["title"])
