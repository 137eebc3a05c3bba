"""`/incident`: every verb, every way to say which one is meant, and what is recorded."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from models.records import Incident, MessageRef
from models.words import EntryKind, IncidentStatus, Severity
from tests.handlers.views import samples
from tests.support.world import context, typed


async def say(ctx: Context, text: str, at: datetime, **how: str) -> str:
    reply = await COMMAND.run(ctx, typed(text, at, **how))
    assert reply.message is not None
    return reply.message.text


async def stored(database: Database, number: int = 1) -> Incident:
    async with database.reading() as store:
        incident = await store.incidents.get(number)
    assert incident is not None
    return incident


async def test_an_incident_goes_from_open_to_resolved_and_everything_is_in_its_timeline(
    database: Database, at: datetime
) -> None:
    ctx, later = context(database), at + timedelta(minutes=5)
    await say(ctx, "open SEV-2 payments: checkout fails !prod", at)
    await say(ctx, "ack", later, by="Ben", request_id="t2")
    await say(ctx, "note INC-1 3 pods were restarted", later, request_id="t3")
    await say(ctx, "note 3 pods are back", later + timedelta(seconds=30), request_id="t4")
    await say(ctx, "resolve #1 rolled back", later + timedelta(minutes=5), by="Ben", request_id="t5")

    incident = await stored(database)
    assert ("checkout fails", Severity.SEV2, "production", IncidentStatus.RESOLVED) == (
        incident.title,
        incident.severity,
        incident.environment,
        incident.status,
    )
    assert (at, later, "Ben", later + timedelta(minutes=5), "Ben") == (
        incident.started_at,
        incident.acknowledged_at,
        incident.acknowledged_by,
        incident.resolved_at,
        incident.resolved_by,
    )
    async with database.reading() as store:
        timeline = await store.incidents.timeline(1)
    assert [
        (EntryKind.TRIGGERED, "Ada", "checkout fails"),
        (EntryKind.ACKNOWLEDGED, "Ben", None),
        (EntryKind.NOTE, "Ada", "3 pods were restarted"),
        (EntryKind.NOTE, "Ada", "3 pods are back"),
        (EntryKind.RESOLVED, "Ben", "rolled back"),
    ] == [(entry.kind, entry.actor, entry.text) for entry in timeline]
    assert "rolled back" in str((await COMMAND.run(ctx, typed("show 1", later))).message)


async def test_the_same_request_opens_one_incident(database: Database, at: datetime) -> None:
    ctx = context(database)
    await say(ctx, "open payments: checkout fails", at)
    await say(ctx, "open payments: checkout fails", at)

    assert "Open incidents: 1" == await say(ctx, "list", at)


async def test_the_second_to_acknowledge_is_told_who_was_first(database: Database, at: datetime) -> None:
    ctx = context(database)
    await say(ctx, "open payments: checkout fails", at)
    await say(ctx, "ack", at, by="Ben", request_id="t2")

    with pytest.raises(UserError, match="INC-1 is acknowledged already, by Ben"):
        await say(ctx, "ack 1", at, by="Ada", request_id="t3")


async def test_of_two_people_at_the_same_moment_one_acknowledges(database: Database, at: datetime) -> None:
    ctx = context(database)
    await say(ctx, "open payments: checkout fails", at)
    outcomes = await asyncio.gather(
        say(ctx, "ack 1", at, by="Ben", request_id="t2"),
        say(ctx, "ack 1", at, by="Mira", request_id="t3"),
        return_exceptions=True,
    )

    assert ["UserError", "str"] == sorted(type(outcome).__name__ for outcome in outcomes)
    async with database.reading() as store:
        timeline = await store.incidents.timeline(1)
    assert [EntryKind.TRIGGERED, EntryKind.ACKNOWLEDGED] == [entry.kind for entry in timeline]
    assert (await stored(database)).acknowledged_by == timeline[-1].actor


async def test_a_note_on_an_incident_of_no_known_service_goes_to_the_admins(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.incidents.add(samples.incident(id=0, leader_id=None, services=()))
    await say(context(database), "note 1 looking", at)

    async with database.reading() as store:
        assert ["#twinspan-admin"] == [queue.channel for queue in await store.outbox.queues()]


async def test_reopening_is_possible_although_the_monitors_clock_was_ahead(database: Database, at: datetime) -> None:
    ctx = context(database)
    async with database.transaction() as store:
        ahead = at + timedelta(seconds=30)
        await store.incidents.add(
            replace(
                samples.incident(),
                id=0,
                leader_id=None,
                status=IncidentStatus.RESOLVED,
                resolved_at=ahead,
                status_at=ahead,
            )
        )
    await say(ctx, "reopen 1", at)

    assert IncidentStatus.REOPENED is (await stored(database)).status
    with pytest.raises(UserError, match="INC-1 is open already"):
        await say(ctx, "reopen 1", at, request_id="t3")


async def test_a_whole_group_is_acknowledged_at_once_with_one_reply(database: Database, at: datetime) -> None:
    ctx = context(database)
    async with database.transaction() as store:
        await store.incidents.add(replace(samples.incident(), id=0, leader_id=None))
        await store.incidents.add(replace(samples.incident(), id=0, leader_id=1, incident_id="f01"))
    shown = await say(ctx, "ack INC-2", at + timedelta(minutes=1))

    assert "INC-1 Checkout errors: acknowledged, with 1 more alert of its group" in shown
    assert {IncidentStatus.ACKNOWLEDGED} == {(await stored(database, n)).status for n in (1, 2)}
    async with database.reading() as store:
        queues = await store.outbox.queues()
    assert [2, 2] == [queue.waiting for queue in queues]


async def test_of_several_open_ones_the_person_is_asked_which(database: Database, at: datetime) -> None:
    ctx = context(database)
    await say(ctx, "open payments: one", at)
    await say(ctx, "open sev1 checkout: two", at, request_id="t2")

    with pytest.raises(UserError, match=r"Which one\?\n• `/incident ack INC-2` two\n• `/incident ack INC-1` one"):
        await say(ctx, "ack", at, request_id="t3")


@pytest.mark.parametrize(
    "link",
    [
        "https://acme.slack.com/archives/C2/p1772442000000100",
        "<https://acme.slack.com/archives/C2/p1772442999000100?thread_ts=1772442000.000100&cid=C2>",
    ],
)
async def test_a_link_to_its_message_names_an_incident(database: Database, at: datetime, link: str) -> None:
    ctx = context(database)
    await say(ctx, "open payments: one", at)
    await say(ctx, "open payments: two", at, request_id="t2")
    await remember(database, "incident:2", at)

    assert "INC-2" in await say(ctx, f"ack {link}", at, request_id="t3")


async def test_in_a_thread_its_incident_is_meant(database: Database, at: datetime) -> None:
    ctx = context(database)
    await say(ctx, "open payments: one", at)
    await say(ctx, "open payments: two", at, request_id="t2")
    await remember(database, "incident:2", at, channel_id="C1")

    assert "INC-2" in await say(ctx, "ack", at, request_id="t3", thread_ts="1772442000.000100")


async def remember(database: Database, subject: str, at: datetime, channel_id: str = "C2") -> None:
    reference = MessageRef(
        subject=subject, part="card", side="ops", channel="#payments-ops", channel_id=channel_id, ts="1772442000.000100"
    )
    async with database.transaction() as store:
        await store.messages.remember(reference, at)


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("Did you mean `/incident resolve`", "resovle 1"),
        ("There is no incident INC-7", "ack INC-7"),
        ("There is no incident INC-7", "show 7"),
        ("No incident is open", "ack"),
        ("Did you mean payments", "open sev1 paymnts: it fails"),
        ("What is wrong with payments", "open payments:"),
        ("about no incident", "ack https://acme.slack.com/archives/C2/p1772442000000100"),
    ],
)
async def test_what_is_wrong_is_said(database: Database, at: datetime, complaint: str, text: str) -> None:
    with pytest.raises(UserError, match=complaint):
        await COMMAND.run(context(database), typed(text, at))


async def test_nothing_and_help_show_the_help_and_open_alone_a_form(database: Database, at: datetime) -> None:
    ctx = context(database)

    assert [True, True] == ["/incident ack INC-12" in str(await COMMAND.run(ctx, typed(t, at))) for t in ("", "help")]
    assert (await COMMAND.run(ctx, typed("open", at))).modal is not None
