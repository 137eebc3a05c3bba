"""PagerDuty's incidents as they go on here: state, names, timeline; told twice, or out of order."""

from datetime import UTC, datetime
from itertools import count

import pytest

from bot.database import Database
from handlers.bookkeeping import Told, book
from handlers.context import Context
from handlers.webhooks.pagerduty import SOURCE
from models.records import Incident, TimelineEntry
from models.topology import WebhookSource
from models.words import EntryKind, IncidentStatus, Severity
from tests.support.webhooks import captured
from tests.support.world import context

SENDER = WebhookSource(name="pagerduty", kind="pagerduty")
AT = datetime(2026, 11, 24, 11, tzinfo=UTC)
_numbers = count(1)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database)


async def hear(ctx: Context, *names: str, number: int | None = None) -> list[str]:
    """Apply stored events, each as a delivery of its own; return the parts of what is to be said in ops."""
    said: list[str] = []
    for name in names:
        (report,) = SOURCE.parse(captured("pagerduty", name), SENDER).reports
        told = Told(number or next(_numbers), "pagerduty", AT, report)
        async with ctx.transaction() as store:
            booked = await book(store, ctx.topology, [told])
        said += [n.part for n in booked.notices if n.channel == "#payments-ops"]
    return said


async def known(ctx: Context) -> tuple[Incident, list[TimelineEntry]]:
    async with ctx.reading() as store:
        (incident,) = await store.incidents.recent(since=datetime(2026, 11, 24, tzinfo=UTC))
        return incident, await store.incidents.timeline(incident.id)


async def test_an_incident_goes_through_its_life_as_it_does_there(ctx: Context) -> None:
    await hear(ctx, "incident.triggered__high_urgency", "incident.acknowledged__by_a_person")
    acknowledged, _ = await known(ctx)
    assert (IncidentStatus.ACKNOWLEDGED, "Mira Lindqvist") == (acknowledged.status, acknowledged.acknowledged_by)

    said = await hear(ctx, "incident.unacknowledged__timed_out")
    given_back, _ = await known(ctx)
    assert IncidentStatus.TRIGGERED == given_back.status
    assert ["card", "triggered:1:20261124T102102"] == said

    await hear(ctx, "incident.resolved__by_a_person", "incident.reopened__by_a_person")
    again, timeline = await known(ctx)
    assert IncidentStatus.REOPENED == again.status
    assert [
        (EntryKind.TRIGGERED, "payments"),
        (EntryKind.ACKNOWLEDGED, "Mira Lindqvist"),
        (EntryKind.UNACKNOWLEDGED, None),
        (EntryKind.RESOLVED, "Mira Lindqvist"),
        (EntryKind.REOPENED, "Mira Lindqvist"),
    ] == [(entry.kind, entry.actor) for entry in timeline]


async def test_what_arrives_late_changes_nothing_that_came_after_it(ctx: Context) -> None:
    await hear(ctx, "incident.resolved__by_a_person", "incident.unacknowledged__timed_out")
    await hear(ctx, "incident.acknowledged__by_a_person", "incident.triggered__high_urgency")
    incident, _ = await known(ctx)
    assert (IncidentStatus.RESOLVED, "Mira Lindqvist") == (incident.status, incident.resolved_by)


async def test_a_priority_is_a_severity_and_a_line_of_the_timeline(ctx: Context) -> None:
    await hear(ctx, "incident.triggered__high_urgency")
    said = await hear(ctx, "incident.priority_updated__to_sev1")
    incident, timeline = await known(ctx)
    assert (Severity.SEV1, IncidentStatus.TRIGGERED) == (incident.severity, incident.status)
    assert ["card", "entry:2"] == said
    assert (EntryKind.SEVERITY, "SEV-1", "Mira Lindqvist") == (timeline[1].kind, timeline[1].text, timeline[1].actor)


async def test_a_note_is_said_in_the_threads_once_however_often_it_is_told(ctx: Context) -> None:
    await hear(ctx, "incident.triggered__high_urgency")
    assert ["entry:2"] == await hear(ctx, "incident.annotated__a_note", number=500)
    assert [] == await hear(ctx, "incident.annotated__a_note", number=500)
    incident, timeline = await known(ctx)
    assert ["The pool of connections is empty."] == [e.text for e in timeline if e.kind is EntryKind.NOTE]
    assert Severity.SEV2 == incident.severity


async def test_a_note_on_an_incident_that_nobody_told_of_opens_none(ctx: Context) -> None:
    assert [] == await hear(ctx, "incident.annotated__a_note", "incident.responder.added__asked")
    async with ctx.reading() as store:
        assert [] == await store.incidents.list_open()
