"""The numbers between the two sides: of a bridge, a service and a team, of this period and of those before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.between import with_both_sides
from handlers.reports import Scope, read_live_report, read_report, scope_named
from models.handoffs import Handoff
from models.oncall import OnCallSchedule
from models.periods import window
from models.records import TimelineEntry
from models.sides import Between
from models.store.sources import Heard
from models.topology import Service
from models.words import Cause, EntryKind
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
OWNED = replace(
    TOPOLOGY,
    services=(replace(TOPOLOGY.services[0], owner="team-pay"), Service(name="checkout"), Service(name="search")),
    schedules=(OnCallSchedule(name="payments-ops", timezone="UTC", bridge="payments"),),
)


async def incident(database: Database, at: datetime, *, cause: Cause | None = None, **acts: timedelta) -> int:
    """Remember an incident of payments on which sides acted so long after its start."""
    async with database.transaction() as store:
        told = samples.incident(id=0, leader_id=None, incident_id=f"{at}", started_at=at, cause=cause)
        number = (await store.incidents.add(told)).id
        for side, after in acts.items():
            act = TimelineEntry(incident_id=number, at=at + after, kind=EntryKind.NOTE, actor="x", via=f"slack:{side}")
            await store.incidents.add_entry(act, side)
    return number


async def history(database: Database, at: datetime) -> None:
    """Remember two weeks: in the first nobody answered; in the second dev answered after four hours."""
    await incident(database, at - WEEK, ops=HOUR)
    await incident(database, at, cause=Cause.EXTERNAL, ops=HOUR, dev=5 * HOUR)
    await incident(database, at + HOUR)
    async with database.transaction() as store:
        for n, (actor, when) in enumerate([(None, at), ("ada", at), (None, at - WEEK)]):
            await store.changes.add(samples.change(change_id=str(n), actor=actor, occurred_at=when))
        for n, minutes in enumerate((None, 9, 11)):
            boundary = at + (n - 1) * DAY
            handoff = Handoff(
                schedule="payments-ops",
                boundary=boundary,
                outgoing="mira",
                incoming="jun",
                drafted_at=boundary - HOUR,
                accepted_at=boundary + timedelta(minutes=minutes) if minutes else None,
            )
            await store.oncall.add_handoff(handoff)


async def told(database: Database, at: datetime, *words: str, now: datetime | None = None) -> Sequence[Between]:
    week = window(at.date(), "week", "UTC")
    scope = scope_named(OWNED, words) if words else Scope(name="everything", services=None)
    assert scope is not None
    async with database.reading() as store:
        report = await read_live_report(store, scope, week, now or at + WEEK)
        return (await with_both_sides(store, OWNED, report)).between


@pytest.mark.parametrize("words", [(), ("bridge:payments",), ("payments",), ("team-pay",)])
async def test_they_are_those_of_the_scope_with_the_periods_before(
    database: Database, at: datetime, words: tuple[str, ...]
) -> None:
    await history(database, at)
    *earlier, before, now = await told(database, at, *words)
    assert 6 == len(earlier)
    assert (
        Between(
            both=1,
            of=2,
            answers=1,
            answer_median_s=4 * 3600.0,
            no_cause=1,
            incidents=2,
            unowned=1,
            changes=2,
            handoffs_on_time=1,
            handoffs=2,
        )
        == now
    )
    assert (0, 1, 0, None) == (before.both, before.of, before.answers, before.answer_median_s)
    assert (1, 1, 1, 1, 0, 1) == (
        *(before.no_cause, before.incidents, before.unowned, before.changes),
        *(before.handoffs_on_time, before.handoffs),
    )


async def test_a_part_of_nothing_is_unknown(database: Database, at: datetime) -> None:
    await history(database, at)
    *_, now = await told(database, at, "search")
    assert (None, None, None, None, 0) == (now.both, now.no_cause, now.unowned, now.handoffs_on_time, now.handoffs)


async def test_what_is_still_to_come_does_not_count(database: Database, at: datetime) -> None:
    await history(database, at)
    *_, now = await told(database, at, "bridge:payments", now=at + 4 * HOUR)
    assert (0, 2, None, 1) == (now.both, now.of, now.answer_median_s, now.handoffs)


async def test_what_arrived_after_an_instant_is_left_out_of_a_recalled_report(database: Database, at: datetime) -> None:
    await history(database, at)
    async with database.transaction() as store:
        late = samples.change(change_id="late", actor=None, occurred_at=at, received_at=at + 2 * WEEK)
        await store.changes.add(late)
        span = {"first_received_at": at, "last_received_at": at + 2 * WEEK, "last_event_at": at}
        await store.sources.hear([Heard(name="ci", kind="events", deliveries=1, **span)])
    async with database.reading() as store:
        scope, week = Scope(name="everything", services=None), window(at.date(), "week", "UTC")
        report = await with_both_sides(store, OWNED, await read_report(store, scope, week, at + WEEK))
    assert (1, 2) == (report.between[-1].unowned, report.between[-1].changes)
