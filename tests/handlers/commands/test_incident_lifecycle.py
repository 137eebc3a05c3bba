"""`/incident`, the whole life: mitigated, closed, rated, renamed, updated, merged, roles; two people at once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import CARD
from handlers.speech import render
from handlers.views import Message
from models.merging import merge_incident
from models.people import Person
from models.records import Incident, TimelineEntry
from models.reports import IncidentReport
from models.words import EntryKind, IncidentStatus, Severity
from tests.support.world import context, typed

MINUTE = timedelta(minutes=1)
BEN = Person(user_id="U2", name="Ben", handle="ben", real_name="Ben Okafor")
MIRA = Person(user_id="U4", name="Mira", handle="mira", real_name="Mira Lind")


class People:
    async def people(self) -> Sequence[Person]:
        return [BEN, MIRA]


@pytest.fixture
def ctx(database: Database) -> Context:
    made = context(database)
    made.directory = People()
    return made


class Desk:
    """Types commands one after the other, a minute apart."""

    def __init__(self, ctx: Context, at: datetime) -> None:
        self.ctx, self.at, self.typed = ctx, at, 0

    async def say(self, text: str, by: str = "Ada") -> str:
        self.typed += 1
        self.at += MINUTE
        reply = await COMMAND.run(self.ctx, typed(text, self.at, by=by, request_id=f"t{self.typed}"))
        assert reply.message is not None
        return reply.message.text

    async def incident(self, number: int = 1) -> Incident:
        async with self.ctx.reading() as store:
            found = await store.incidents.get(number)
        assert found is not None
        return found

    async def timeline(self, number: int = 1) -> list[TimelineEntry]:
        async with self.ctx.reading() as store:
            return await store.incidents.timeline(number)

    async def card(self, number: int = 1, side: str = "ops") -> Message:
        async with self.ctx.reading() as store:
            said = await render(
                store,
                self.ctx.topology,
                subject=f"incident:{number}",
                part=CARD,
                side=side,
                channel=f"#payments-{side}",
                params={},
                at=self.at,
            )
        assert said is not None
        return said


@pytest.fixture
async def desk(ctx: Context, at: datetime) -> Desk:
    made = Desk(ctx, at)
    await made.say("open sev2 payments: checkout fails !prod")
    return made


def buttons(card: Message) -> list[str]:
    return [element["text"]["text"] for element in card.blocks[-1]["elements"]]


async def test_a_life_from_triggered_to_closed_says_who_when_and_from_what(desk: Desk) -> None:
    for line in ("ack", "mitigate rolled back", "resolve the pool is back", "close 1"):
        await desk.say(line, by="Ben")

    assert [
        (EntryKind.TRIGGERED, "checkout fails", None),
        (EntryKind.ACKNOWLEDGED, None, "triggered"),
        (EntryKind.MITIGATED, "rolled back", "acknowledged"),
        (EntryKind.RESOLVED, "the pool is back", "mitigated"),
        (EntryKind.CLOSED, None, "resolved"),
    ] == [(e.kind, e.text, e.was) for e in await desk.timeline()]
    incident = await desk.incident()
    assert (True, "Ben", "Ben") == (incident.is_closed, incident.mitigated_by, incident.closed_by)


async def test_a_mitigated_incident_is_open_and_goes_back_when_it_returns(desk: Desk) -> None:
    await desk.say("mitigate")
    assert IncidentStatus.MITIGATED is (await desk.incident()).status
    assert "mitigated by Ada" in await desk.say("list") + str(await desk.card())
    assert ["Resolve", "Update", "It is back"] == buttons(await desk.card())[:3]
    await desk.say("reopen it is back")
    assert IncidentStatus.REOPENED is (await desk.incident()).status
    await desk.say("ack")
    assert IncidentStatus.ACKNOWLEDGED is (await desk.incident()).status


async def test_closing_what_is_open_resolves_it_first(desk: Desk) -> None:
    assert "resolved and closed" in await desk.say("close false alarm")
    assert [EntryKind.TRIGGERED, EntryKind.RESOLVED, EntryKind.CLOSED] == [e.kind for e in await desk.timeline()]


@pytest.mark.parametrize("line", ["ack 1", "severity 1 sev1", "assign 1 @ben", "update 1 news", "title 1 other"])
async def test_a_closed_incident_takes_nothing_but_reopening(desk: Desk, line: str) -> None:
    await desk.say("close", by="Ben")
    with pytest.raises(UserError, match=r"INC-1 was closed by Ben, .* `/incident reopen INC-1`"):
        await desk.say(line)
    await desk.say("reopen 1")
    assert (False, None) == ((again := await desk.incident()).is_closed, again.closed_at)


async def test_a_number_that_does_not_exist_is_asked_back(desk: Desk) -> None:
    with pytest.raises(UserError, match=r"There is no incident INC-12. Did you mean INC-1\?"):
        await desk.say("ack INC-12")


async def test_a_severity_that_a_person_set_stands_against_its_sender(desk: Desk) -> None:
    await desk.say("severity sev1")
    incident = await desk.incident()
    assert [("sev1", "sev2")] == [(e.text, e.was) for e in await desk.timeline() if e.kind is EntryKind.SEVERITY]

    later = desk.at + timedelta(hours=1)
    told = IncidentReport(
        incident_id=incident.incident_id,
        occurred_at=later,
        status=IncidentStatus.TRIGGERED,
        severity=Severity.SEV4,
        title="something else",
    )
    merged = merge_incident(incident, told, source="slack", services=("payments",), received_at=later)
    assert (Severity.SEV1, "something else") == (merged.severity, merged.title)


async def test_a_severity_without_a_word_tells_what_each_means(desk: Desk) -> None:
    assert "Severities" == await desk.say("severity INC-1")
    with pytest.raises(UserError, match="“urgent” is no severity"):
        await desk.say("severity 1 urgent")
    with pytest.raises(UserError, match="INC-1 is sev2 already"):
        await desk.say("sev 1 sev2")


async def test_an_update_is_on_the_card_with_the_time_of_the_next(desk: Desk) -> None:
    await desk.say("update half of the traffic is back, next 30m", by="Ben")
    async with desk.ctx.reading() as store:
        response = await store.responses.get(1)
    assert ("half of the traffic is back", "Ben", desk.at + 30 * MINUTE) == (
        response.update,
        response.updated_by,
        response.next_update_at,
    )
    assert "half of the traffic is back" in str((await desk.card(side="dev")).blocks)


async def test_an_update_without_a_next_is_due_as_its_severity_asks(desk: Desk) -> None:
    await desk.say("update 1 looking")
    async with desk.ctx.reading() as store:
        assert desk.at + 60 * MINUTE == (await store.responses.get(1)).next_update_at


async def test_the_thread_says_the_important_changes_and_the_card_the_rest(desk: Desk) -> None:
    await desk.say("severity sev1")
    await desk.say("assign @ben")
    await desk.say("title checkout fails in eu-1")
    async with desk.ctx.reading() as store:
        queues = {q.channel: q.waiting for q in await store.outbox.queues()}
    assert {"#payments-dev": 3, "#payments-ops": 3} == queues
    assert "checkout fails in eu-1" in (await desk.card()).text


async def test_there_is_exactly_one_lead_and_who_was_before_is_kept(desk: Desk) -> None:
    assert "Ben is lead" in await desk.say("assign @ben")
    assert "Mira is lead of INC-1 checkout fails now (before: Ben)" in await desk.say("assign lead mira")
    await desk.say("assign 1 comms @ben")
    with pytest.raises(UserError, match="Mira is lead of INC-1 already"):
        await desk.say("assign @mira")
    async with desk.ctx.reading() as store:
        held = {h.role: h.person for h in await store.responses.holders([1])}
    assert {"lead": "Mira", "comms": "Ben"} == held
    assert "*lead* Mira · *comms* Ben · *scribe* –" in str((await desk.card()).blocks)
    assert "I have command" not in buttons(await desk.card())
    assert "has no lead now" in await desk.say("unassign lead")


async def test_a_role_nobody_knows_and_a_person_nobody_knows_are_asked_back(desk: Desk) -> None:
    with pytest.raises(UserError, match=r"no role “comm”. Did you mean comms\?"):
        await desk.say("assign comm @ben")
    with pytest.raises(UserError, match=r"nobody called “@bne” here. Did you mean @ben\?"):
        await desk.say("assign @bne")


async def test_two_who_take_command_at_once_leave_one_lead(desk: Desk) -> None:
    await asyncio.gather(desk.say("assign 1 @ben", by="Ben"), desk.say("assign 1 @mira", by="Mira"))
    async with desk.ctx.reading() as store:
        assert 1 == len(await store.responses.holders([1]))


async def test_a_merged_incident_lives_on_in_the_other_and_can_be_taken_apart(desk: Desk) -> None:
    await desk.say("open payments: pool is full")
    await desk.say("merge INC-2 into INC-1")

    assert "part of *INC-1* now" in (await desk.card(2)).text
    assert "2 alerts" in str((await desk.card(1)).blocks)
    await desk.say("resolve 2")
    assert [IncidentStatus.RESOLVED] * 2 == [(await desk.incident(n)).status for n in (1, 2)]
    await desk.say("unmerge INC-2")
    await desk.say("reopen INC-2")
    assert (IncidentStatus.RESOLVED, IncidentStatus.REOPENED) == (
        (await desk.incident(1)).status,
        (await desk.incident(2)).status,
    )
    with pytest.raises(UserError, match="INC-2 was not merged"):
        await desk.say("unmerge INC-2")
    with pytest.raises(UserError, match="one incident already"):
        await desk.say("merge INC-1 into INC-1")


async def test_impact_may_begin_before_the_report(desk: Desk) -> None:
    await desk.say("impact 20m ago")
    async with desk.ctx.reading() as store:
        assert desk.at - 20 * MINUTE == (await store.responses.get(1)).impact_at
    assert "felt since" in str((await desk.card()).blocks)
    with pytest.raises(UserError, match="still to come"):
        await desk.say("impact 1 2027-01-01")
    with pytest.raises(UserError, match="When did users first feel it"):
        await desk.say("impact 1 yesterdayish")


async def test_a_test_incident_is_kept_apart(desk: Desk) -> None:
    await desk.say("open test sev1 payments: a drill")
    assert "Open incidents: 1" == await desk.say("list")
    assert "Test incidents: 1" == await desk.say("list tests")
    assert "🧪 test" in (await desk.card(2)).text


async def test_mine_are_those_in_which_one_has_a_role(desk: Desk) -> None:
    assert "You have no role" in await desk.say("mine")
    await desk.say("assign me")
    assert "Your open incidents: 1" == await desk.say("mine")
    await desk.say("resolve 1")
    assert "You have no role" in await desk.say("mine")


async def test_the_timeline_is_shown_whole(desk: Desk) -> None:
    await desk.say("note we drained eu-1")
    reply = await COMMAND.run(desk.ctx, typed("timeline 1", desk.at, request_id="last"))
    assert reply.message is not None
    assert "Timeline of INC-1: 2 entries" == reply.message.text
    assert "Ada noted: we drained eu-1" in str(reply.message.blocks)
