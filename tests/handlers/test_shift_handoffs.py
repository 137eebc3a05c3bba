"""Shift handoffs: drafted, posted, asked again, accepted; until then the outgoing person is on call."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.database import Database
from bot.slack.messenger import SlackMessenger, web_client
from handlers.acting import By
from handlers.actions import Press
from handlers.actions.handoffs import ACTIONS
from handlers.commands.freeze import COMMAND as FREEZE
from handlers.commands.handoff import COMMAND
from handlers.commands.incident import COMMAND as INCIDENT
from handlers.context import Context
from handlers.errors import UserError
from handlers.home import publish
from handlers.oncall import who
from handlers.oncall_changes import override
from handlers.reminders import remind
from handlers.shift_handoffs import accept, tend
from handlers.speech import render
from handlers.views import Modal
from models.handoffs import HandoffState
from models.oncall import Layer, OnCallSchedule
from models.people import Person
from models.records import MessageRef
from models.soak import Soak
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY, Clock, context, typed

BOUNDARY = datetime(2026, 3, 9, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADA, BEN, MIRA, JUN = (
    Person(user_id="U1", name="Ada", handle="ada"),
    Person(user_id="U2", name="Ben", handle="ben"),
    Person(user_id="U4", name="Mira", handle="mira"),
    Person(user_id="U5", name="Jun", handle="jun"),
)
WEEKLY = Layer(name="weekly", members=("@ada", "@ben"), starts=date(2026, 1, 5))
OPS = OnCallSchedule(
    name="ops", timezone="Europe/Berlin", layers=(WEEKLY,), bridge="payments", backup="@mira", lead="@jun"
)
CHANNEL = "#payments-ops"


class People:
    async def people(self) -> Sequence[Person]:
        return [ADA, BEN, MIRA, JUN]


@pytest.fixture
def ctx(database: Database) -> Context:
    made = context(database, topology=replace(TOPOLOGY, schedules=(OPS,)))
    made.directory = People()
    return made


async def said(ctx: Context, channel: str, at: datetime) -> list[str]:
    """Take what is to be said in a channel."""
    found = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take(channel, at):
            await store.outbox.sent(item, at)
            if item.subject.startswith("handoff:"):
                found.append(item.part)
    return found


async def words(ctx: Context, part: str, at: datetime) -> str:
    async with ctx.reading() as store:
        message = await render(
            store,
            ctx.topology,
            subject="handoff:1",
            part=part,
            side="ops",
            channel=CHANNEL,
            params={"outgoing": ADA.user_id},
            at=at,
        )
    assert message is not None
    return message.text + str(message.blocks)


async def on_call(ctx: Context, at: datetime) -> str | None:
    async with ctx.reading() as store:
        duty = await who(store, OPS, at)
    return duty.person if duty else None


def by(person: Person, at: datetime) -> By:
    return By(name=person.name, request_id=f"{person.name}{at}", at=at, user_id=person.user_id)


async def press(ctx: Context, action: str, person: Person, at: datetime, value: str = "1") -> None:
    pressed = Press(
        user_id=person.user_id, user_name=person.name, value=value, trigger_id="t", request_id=f"{action}{at}", at=at
    )
    await ACTIONS.buttons[action](ctx, pressed)


async def test_an_hour_before_the_outgoing_person_sees_the_draft_and_adds_notes(ctx: Context) -> None:
    await tend(ctx, BOUNDARY - 61 * MINUTE)
    assert [] == await said(ctx, "U1", BOUNDARY)
    at = BOUNDARY - 60 * MINUTE
    await tend(ctx, at)
    await tend(ctx, at + MINUTE)
    assert ["draft"] == await said(ctx, "U1", at)
    reply = await COMMAND.run(ctx, typed("note watch the importer", at))
    assert reply.message is not None
    assert "Edit notes" in await words(ctx, "draft", at)
    assert "watch the importer" in await words(ctx, "draft", at)


async def test_until_it_is_accepted_the_outgoing_person_is_on_call(ctx: Context) -> None:
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    assert (["card"], ["ask:1"]) == (await said(ctx, CHANNEL, BOUNDARY), await said(ctx, "U2", BOUNDARY))
    assert "@ada" == await on_call(ctx, BOUNDARY + MINUTE)
    assert "*@ada is still on call*" in await words(ctx, "card", BOUNDARY)
    at = BOUNDARY + 3 * MINUTE
    await press(ctx, "handoff_accept", BEN, at)
    assert "@ben" == await on_call(ctx, at)
    assert "Accepted by Ben" in await words(ctx, "card", at)
    assert "done" in await said(ctx, "U1", at)


async def test_nobody_accepts_and_everybody_is_asked_in_turn(ctx: Context) -> None:
    for minute in range(-60, 41):
        await tend(ctx, BOUNDARY + minute * MINUTE)
    late = BOUNDARY + 40 * MINUTE
    assert ["ask:1", "ask:2"] == await said(ctx, "U2", late)
    assert ["ask:3"] == await said(ctx, "U4", late)
    assert ["ask:4"] == await said(ctx, "U5", late)
    assert ["card", "loud:late"] == await said(ctx, CHANNEL, late)
    assert "Nobody has accepted the shift" in await words(ctx, "loud:late", late)
    assert "@ada" == await on_call(ctx, late)


async def test_the_backup_takes_the_shift_in_place_of_who_does_not_answer(ctx: Context) -> None:
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    at = BOUNDARY + 25 * MINUTE
    await tend(ctx, at)
    await accept(ctx, 1, MIRA, by(MIRA, at))
    assert "U4" == await on_call(ctx, at + MINUTE)
    await tend(ctx, at + MINUTE)
    assert "U4" == await on_call(ctx, BOUNDARY + timedelta(days=6))
    # The next boundary is between Mira and Ada.
    await tend(ctx, BOUNDARY + timedelta(days=7) - MINUTE)
    async with ctx.reading() as store:
        (following,) = await store.oncall.open_handoffs("ops")
    assert ("U4", "@ada") == (following.outgoing, following.incoming)


async def test_who_cannot_lets_the_backup_be_asked_at_once(ctx: Context) -> None:
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    await press(ctx, "handoff_decline", BEN, BOUNDARY + MINUTE)
    assert ["ask:3"] == await said(ctx, "U4", BOUNDARY + MINUTE)
    assert "Ben cannot" in await words(ctx, "card", BOUNDARY + MINUTE)


async def test_the_incidents_of_the_outgoing_person_change_lead_with_the_acceptance(ctx: Context) -> None:
    for number, text in enumerate(("open sev2 payments: checkout fails", "open payments: pool is full")):
        await INCIDENT.run(ctx, typed(text, BOUNDARY - 60 * MINUTE, request_id=f"o{number}"))
        await INCIDENT.run(ctx, typed(f"assign {number + 1} @ada", BOUNDARY - 59 * MINUTE, request_id=f"a{number}"))
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    assert "lead Ada" in await words(ctx, "ask:1", BOUNDARY)
    await accept(ctx, 1, BEN, by(BEN, BOUNDARY + MINUTE), questions="who drained eu-1?", incidents={1})
    async with ctx.reading() as store:
        leads = {h.incident_id: h.person for h in await store.responses.holders([1, 2])}
        timeline = await store.incidents.timeline(1)
    assert {1: "Ben", 2: "Ada"} == leads
    assert "lead: Ben (shift handoff)" == timeline[-1].text
    assert "who drained eu-1?" in await words(ctx, "done", BOUNDARY + MINUTE)


async def test_an_offered_command_is_settled_with_the_shift_and_pages_are_counted(ctx: Context) -> None:
    await INCIDENT.run(ctx, typed("open sev1 payments: checkout fails", BOUNDARY - 60 * MINUTE, request_id="o"))
    await INCIDENT.run(ctx, typed("assign 1 @ada", BOUNDARY - 59 * MINUTE, request_id="a"))
    night = BOUNDARY - timedelta(hours=9)
    for request, at in (("p1", night), ("p2", BOUNDARY - 50 * MINUTE)):
        await INCIDENT.run(ctx, typed("page 1 @jun @mira", at, request_id=request))
    await INCIDENT.run(ctx, typed("handoff 1 @mira", BOUNDARY - 40 * MINUTE, request_id="h"))
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    assert "4 pages, 2 at night" in await words(ctx, "ask:1", BOUNDARY)
    await accept(ctx, 1, BEN, by(BEN, BOUNDARY + MINUTE))
    async with ctx.reading() as store:
        assert [] == await store.oncall.offers_to(MIRA.user_id)
        (lead,) = await store.responses.holders([1])
    assert "Ben" == lead.person


async def test_of_two_who_accept_at_once_one_wins_and_the_other_is_told(ctx: Context) -> None:
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    at = BOUNDARY + MINUTE
    outcomes = await asyncio.gather(
        accept(ctx, 1, BEN, by(BEN, at)), accept(ctx, 1, MIRA, by(MIRA, at)), return_exceptions=True
    )
    assert ["Handoff", "UserError"] == sorted(type(outcome).__name__ for outcome in outcomes)
    with pytest.raises(UserError, match="has accepted this handoff already"):
        await accept(ctx, 1, JUN, by(JUN, at))


async def test_two_processes_post_it_once_and_one_that_was_down_posts_it_late(ctx: Context) -> None:
    at = BOUNDARY + timedelta(hours=2)
    await asyncio.gather(tend(ctx, at), tend(ctx, at))
    assert ["card"] == await said(ctx, CHANNEL, at)
    assert "@ada" == await on_call(ctx, at)


async def test_a_boundary_that_an_override_removes_is_void(ctx: Context) -> None:
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    span = (BOUNDARY - 20 * MINUTE, BOUNDARY + timedelta(days=1))
    await override(ctx, OPS, ADA, span, by(BEN, BOUNDARY - 25 * MINUTE))
    await tend(ctx, BOUNDARY)
    assert [] == await said(ctx, CHANNEL, BOUNDARY)
    async with ctx.reading() as store:
        assert HandoffState.VOID is (await store.oncall.handoff(1)).state  # type: ignore[union-attr]


async def test_a_shift_is_handed_over_early(ctx: Context) -> None:
    early = BOUNDARY - timedelta(hours=5)
    reply = await COMMAND.run(ctx, typed("now", early))
    assert reply.message is not None
    assert "Until it is accepted" in reply.message.text
    await accept(ctx, 1, BEN, by(BEN, early + MINUTE))
    assert "@ben" == await on_call(ctx, early + 2 * MINUTE)
    assert "@ben" == await on_call(ctx, BOUNDARY + MINUTE)
    await tend(ctx, BOUNDARY)
    assert "@ben" == await on_call(ctx, BOUNDARY + MINUTE)


async def test_who_takes_a_shift_over_themselves_need_not_accept_it(ctx: Context) -> None:
    at = BOUNDARY - timedelta(days=2)
    await override(ctx, OPS, MIRA, (at, at + timedelta(hours=2)), by(MIRA, at))
    await tend(ctx, at + MINUTE)
    assert "U4" == await on_call(ctx, at + MINUTE)
    await override(ctx, OPS, JUN, (at + 10 * MINUTE, at + timedelta(hours=1)), by(ADA, at + 10 * MINUTE))
    await tend(ctx, at + 11 * MINUTE)
    assert "U4" == await on_call(ctx, at + 11 * MINUTE)


async def test_a_quiet_shift_says_that_there_is_nothing_to_report(ctx: Context) -> None:
    reply = await COMMAND.run(ctx, typed("preview", BOUNDARY - timedelta(days=1)))
    assert reply.message is not None
    assert "Nothing to report" in str(reply.message.blocks)
    assert "has left no notes" in str(reply.message.blocks)


async def test_status_says_what_waits_and_what_was(ctx: Context) -> None:
    empty = await COMMAND.run(ctx, typed("", BOUNDARY))
    assert "No shift is to be handed over" in str(empty.message)
    await tend(ctx, BOUNDARY)
    waits = await COMMAND.run(ctx, typed("status", BOUNDARY))
    assert "@ada → @ben, ops" in str(waits.message)
    with pytest.raises(UserError, match="Did you mean `/handoff preview`"):
        await COMMAND.run(ctx, typed("previw", BOUNDARY))


async def test_what_the_outgoing_person_acknowledged_and_nobody_leads_does_not_stay_with_them(ctx: Context) -> None:
    early = BOUNDARY - 60 * MINUTE
    await INCIDENT.run(ctx, typed("open sev2 payments: checkout fails", early, request_id="o"))
    await INCIDENT.run(ctx, typed("ack 1", early, by="Ada", request_id="k"))
    await INCIDENT.run(ctx, typed("open payments: seen by Mira", early, request_id="o2"))
    await INCIDENT.run(ctx, typed("ack 2", early, by="Mira", request_id="k2"))
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    assert 1 == (await words(ctx, "ask:1", BOUNDARY)).count("*yours once you accept*")
    await accept(ctx, 1, BEN, by(BEN, BOUNDARY + MINUTE))
    async with ctx.reading() as store:
        leads = {h.incident_id: (h.person, h.role) for h in await store.responses.holders([1, 2])}
        timeline = await store.incidents.timeline(1)
    assert {1: ("Ben", "lead")} == leads
    assert ("lead: Ben (shift handoff)", "Ada") == (timeline[-1].text, timeline[-1].was)


async def test_what_was_not_taken_with_the_shift_is_offered_one_by_one(ctx: Context) -> None:
    for number, text in enumerate(("open sev2 payments: checkout fails", "open payments: pool is full")):
        await INCIDENT.run(ctx, typed(text, BOUNDARY - 60 * MINUTE, request_id=f"o{number}"))
        await INCIDENT.run(ctx, typed(f"assign {number + 1} @ada", BOUNDARY - 59 * MINUTE, request_id=f"a{number}"))
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    at = BOUNDARY + MINUTE
    await accept(ctx, 1, BEN, by(BEN, at), questions="and the pool?", incidents={1})
    mine, done = await words(ctx, "mine", at), await words(ctx, "done", at)
    assert "INC-2 pool is full" in mine
    assert "incident_command" in mine
    assert "INC-1" not in mine
    assert "INC-2 is still yours" in done


async def test_what_the_outgoing_person_silenced_reminds_who_takes_over(ctx: Context) -> None:
    await INCIDENT.run(ctx, typed("open sev2 payments: checkout fails", BOUNDARY - 60 * MINUTE, request_id="o"))
    await INCIDENT.run(ctx, typed("ack 1", BOUNDARY - 59 * MINUTE, request_id="k"))
    await INCIDENT.run(ctx, typed("assign 1 @ada", BOUNDARY - 59 * MINUTE, request_id="a"))
    await remind(ctx, BOUNDARY + 5 * MINUTE)
    await INCIDENT.run(ctx, typed("snooze 1 5h", BOUNDARY + 5 * MINUTE, request_id="s"))
    await tend(ctx, BOUNDARY + 5 * MINUTE)
    await accept(ctx, 1, BEN, by(BEN, BOUNDARY + 6 * MINUTE))
    async with ctx.reading() as store:
        known = await store.responses.reminders()
    assert known
    assert {None} == {reminder.snoozed_until for reminder in known.values()}


async def test_a_standing_freeze_its_reason_and_end_are_in_the_handoff(ctx: Context) -> None:
    frozen = typed("payments for 5h the ledger is migrated", BOUNDARY - MINUTE, request_id="f")
    await FREEZE.run(ctx, frozen)
    told = str((await COMMAND.run(ctx, typed("preview", BOUNDARY))).message)
    assert "*Risky state*" in told
    assert "the ledger is migrated" in told


async def test_a_deploy_in_soak_is_on_the_watch_list_with_its_runbook(ctx: Context) -> None:
    async with ctx.transaction() as store:
        fresh = samples.deploy(finished_at=BOUNDARY - 20 * MINUTE, latest_at=BOUNDARY - 20 * MINUTE, version="2.5.0")
        await store.deploys.add_many([fresh])
        soak = Soak(
            deploy_id=1,
            service="payments",
            environment="production",
            since=BOUNDARY - 20 * MINUTE,
            until=BOUNDARY + 40 * MINUTE,
        )
        await store.soaks.add_many([soak])
    told = str((await COMMAND.run(ctx, typed("preview", BOUNDARY))).message)
    assert "if *payments* gets worse: suspect 2.5.0 first" in told
    assert "https://runbooks.example/payments" in told
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    await tend(ctx, BOUNDARY)
    await accept(ctx, 2, BEN, by(BEN, BOUNDARY + MINUTE))
    async with ctx.reading() as store:
        (handed,) = await store.soaks.open(["payments"])
    assert ("Ben", BEN.user_id) == (handed.watcher, handed.watcher_id)


async def test_the_home_of_the_backup_has_the_buttons_once_they_are_asked(ctx: Context) -> None:
    shown: dict[str, str] = {}

    class Homes(SlackMessenger):
        async def publish_home(self, user_id: str, home: Modal) -> None:
            shown[user_id] = str(home.view)

    ctx.messenger = Homes(web_client("xoxb-none", "http://127.0.0.1:9/"), Clock())
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    for minutes, expected in ((1, False), (21, True)):
        at = BOUNDARY + minutes * MINUTE
        await tend(ctx, at)
        await tend(ctx, at)
        await publish(ctx, MIRA.user_id, at)
        assert expected == ("handoff_accept" in shown[MIRA.user_id])
        assert "*ops* Ada, until @ben accepts" in shown[MIRA.user_id]


async def test_whoever_was_asked_sees_new_notes_and_is_not_asked_any_more_once_it_is_accepted(ctx: Context) -> None:
    await tend(ctx, BOUNDARY - 30 * MINUTE)
    at = BOUNDARY + 21 * MINUTE
    for minute in (0, 11, 21):
        await tend(ctx, BOUNDARY + minute * MINUTE)
    async with ctx.transaction() as store:
        for part, channel in (("ask:1", "U2"), ("ask:2", "U2"), ("ask:3", "U4")):
            await store.messages.remember(
                MessageRef(subject="handoff:1", part=part, channel=channel, side="ops", channel_id=channel, ts=part), at
            )
    await said(ctx, "U2", at)
    await said(ctx, "U4", at)
    await COMMAND.run(ctx, typed("note drain eu-1 first", at))
    assert (["ask:1", "ask:2"], ["ask:3"]) == (sorted(await said(ctx, "U2", at)), await said(ctx, "U4", at))
    await accept(ctx, 1, MIRA, by(MIRA, at))
    assert ["ask:1", "ask:2"] == sorted(await said(ctx, "U2", at))
    told = await words(ctx, "ask:1", at)
    assert "Accepted by Mira" in told
    assert "handoff_accept" not in told
