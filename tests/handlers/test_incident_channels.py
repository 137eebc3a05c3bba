"""A channel of its own for bad incidents, in the sandbox over HTTP: made once, kept up to date, archived."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.database import Database
from bot.sandbox.app import build_sandbox
from bot.sandbox.config import ALL_SCOPES, SandboxConfig
from bot.sandbox.state import Channel
from bot.slack.directory import Directory
from bot.slack.messenger import SlackMessenger, web_client
from bot.slack.rooms import SlackRooms
from handlers.commands import Invocation
from handlers.commands.incident import COMMAND
from handlers.incident_channels import IncidentChannels
from handlers.views.incident_channel import name
from models.records import Incident
from models.response import ChannelPlan, ResponsePlan
from models.words import EntryKind, IncidentStatus, Severity
from tests.support.desk import DEV, OPS, Desk
from tests.support.world import TOPOLOGY, Clock, context

PLAN = ChannelPlan(invite=("@jun",), archive_after=timedelta(hours=2))


@pytest.fixture
async def desk(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    clock = Clock()
    scopes = getattr(request, "param", ALL_SCOPES)
    sandbox = build_sandbox(SandboxConfig(clock=clock, rates=None, scopes=scopes))
    async with sandbox.running() as url:
        client = web_client(sandbox.config.bot_token, f"{url}/api/", 20)
        topology = replace(TOPOLOGY, response=ResponsePlan(channel=PLAN))
        ctx = context(database, SlackMessenger(client, clock), topology)
        ctx.rooms, ctx.directory = SlackRooms(client), Directory(client, clock)
        yield Desk(database, sandbox, ctx, clock)


async def say(desk: Desk, text: str, user: str = "mira", channel: str = OPS) -> str:
    """Type `/incident …` as a person of the sandbox; return what they are shown."""
    desk.clock.forward(1)
    person, room = desk.sandbox.workspace.user(user), desk.sandbox.workspace.channel(channel)
    reply = await COMMAND.run(
        desk.ctx,
        Invocation(
            user_id=person.id, user_name=user, channel_id=room.id, text=text, trigger_id="t",
            request_id=f"{text}{desk.clock.now}", at=desk.clock.now,
        ),
    )  # fmt: skip
    return str(reply.message)


async def tend(desk: Desk, channels: IncidentChannels | None = None) -> None:
    """Let the sweep pass twice, as a new process where none is given, and say what it wants said."""
    sweep = channels or IncidentChannels(desk.ctx)
    for _ in range(2):
        await sweep.tend(desk.clock.now)
    await desk.say_everything()


def rooms(desk: Desk) -> list[Channel]:
    return [c for c in desk.sandbox.workspace.channels.values() if c.name.startswith("inc-")]


def members(desk: Desk, room: Channel) -> set[str]:
    return {desk.sandbox.workspace.users[member].name for member in room.members}


def shown(desk: Desk, channel: str) -> str:
    return json.dumps([(m.text, m.blocks) for m in desk.sandbox.workspace.timeline(channel)], ensure_ascii=False)


async def test_a_bad_incident_has_a_channel_with_its_topic_people_and_links_both_ways(desk: Desk) -> None:
    await say(desk, "open sev2 payments: checkout fails")
    await say(desk, "assign INC-1 lead @ada")
    await tend(desk)
    await tend(desk)
    [room] = rooms(desk)
    assert ("inc-1-payments", False) == (room.name, room.is_private)
    assert "INC-1 · SEV2 · triggered · lead ada · checkout fails" == room.topic
    assert {"ada", "jun", "mira", "twinspan"} == members(desk, room)
    assert 1 == len(desk.texts("inc-1-payments"))
    for channel in ("payments-dev", "payments-ops"):
        assert f"<#{room.id}>" in shown(desk, channel)
        assert f"|#{channel}>" in shown(desk, "inc-1-payments")
    assert any("#inc-1-payments" in reply for reply in desk.replies("payments-ops"))


async def test_what_happens_is_said_in_it_once_and_the_topic_follows(desk: Desk) -> None:
    await say(desk, "open sev1 payments: checkout fails")
    await tend(desk)
    [room] = rooms(desk)
    await say(desk, "update half of the traffic is back", channel=room.name)
    await say(desk, "ack INC-1")
    await say(desk, "assign INC-1 lead @ben")
    await tend(desk)
    await tend(desk)
    told = " | ".join(desk.texts(room.name))
    for words in ("half of the traffic is back", "mira acknowledged", "lead: ben"):
        assert 1 == told.count(words), words
    assert "ben" in members(desk, room)
    assert "INC-1 · SEV1 · acknowledged · lead ben · checkout fails" == room.topic


async def test_it_is_archived_some_time_after_closing_and_a_new_one_made_when_all_begins_again(desk: Desk) -> None:
    await say(desk, "open sev1 payments: checkout fails")
    await tend(desk)
    await say(desk, "close INC-1")
    desk.clock.forward(3600)
    await tend(desk)
    assert not rooms(desk)[0].is_archived
    desk.clock.forward(3600)
    await tend(desk)
    assert rooms(desk)[0].is_archived
    await say(desk, "reopen INC-1")
    await tend(desk)
    assert [("inc-1-payments", True), ("inc-1-payments-2", False)] == [(c.name, c.is_archived) for c in rooms(desk)]
    async with desk.database.reading() as store:
        kinds = [entry.kind for entry in await store.incidents.timeline(1)]
    assert 2 == kinds.count(EntryKind.CHANNEL)


@pytest.mark.parametrize("text", ["open sev3 payments: slow", "open test sev1 payments: a drill"])
async def test_what_is_not_bad_enough_and_a_drill_have_none(desk: Desk, text: str) -> None:
    await say(desk, text)
    await tend(desk)
    assert [] == rooms(desk)


async def test_it_comes_when_the_severity_rises(desk: Desk) -> None:
    await say(desk, "open sev3 payments: slow")
    await tend(desk)
    await say(desk, "severity INC-1 sev2")
    await tend(desk)
    assert ["inc-1-payments"] == [room.name for room in rooms(desk)]


async def test_one_that_was_made_before_a_crash_is_taken_up_and_a_strangers_is_not(desk: Desk) -> None:
    await say(desk, "open sev1 payments: checkout fails")
    await desk.ctx.rooms.create("inc-1-payments", is_private=False)
    await tend(desk)
    assert ["inc-1-payments"] == [room.name for room in rooms(desk)]
    await say(desk, "open sev1 payments: refunds fail")
    await desk.ctx.rooms.create("inc-2-payments", is_private=False)
    desk.sandbox.workspace.channel("inc-2-payments").creator = "U999"
    await tend(desk)
    assert "inc-2-payments-2" in [room.name for room in rooms(desk)]


async def test_who_archives_it_by_hand_is_not_given_another(desk: Desk) -> None:
    await say(desk, "open sev1 payments: checkout fails")
    await tend(desk)
    rooms(desk)[0].is_archived = True
    await say(desk, "ack INC-1")
    await tend(desk)
    await tend(desk)
    assert 1 == len(rooms(desk))


@pytest.mark.parametrize("desk", [ALL_SCOPES - {"channels:manage"}], indirect=True)
async def test_a_missing_scope_is_told_to_the_admins_once(desk: Desk) -> None:
    await say(desk, "open sev1 payments: checkout fails")
    sweep = IncidentChannels(desk.ctx)
    for _ in range(3):
        await tend(desk, sweep)
        desk.clock.forward(700)
    told = desk.texts("twinspan-admin")
    assert 1 == len(told)
    assert "channels:manage" in told[0]
    assert 1 <= desk.called("conversations.create") <= 3
    assert "checkout fails" in shown(desk, DEV)


@pytest.mark.parametrize(
    ("expected", "pattern", "title", "service"),
    [
        ("inc-12-payments", "inc-{number}-{service}", "x", "payments"),
        ("inc-12-pay-ments-eu", "inc-{number}-{service}", "x", "Pay.ments EU"),
        ("12-50-of-charges-fail", "{number}-{title}", "50 % of charges fail!", "p"),
        ("12-unknown", "{number}-{service}", "x", None),
    ],
)
def test_a_name_is_one_that_slack_takes(expected: str, pattern: str, title: str, service: str | None) -> None:
    assert expected == name(pattern, _incident(title, service))


def test_of_a_long_name_the_number_stays() -> None:
    made = name("{title}-{number}", _incident("a very long title " * 20, "payments"))
    assert made.endswith("-12")
    assert len(made) <= 80


def _incident(title: str, service: str | None) -> Incident:
    at = Clock().now
    return Incident(
        id=12, source="slack", incident_id="1", title=title, services=(service,) if service else (),
        severity=Severity.SEV1, status=IncidentStatus.TRIGGERED, status_at=at, received_at=at, latest_at=at,
    )  # fmt: skip


async def test_the_channel_of_a_merged_incident_follows_the_other_and_ends_with_it(desk: Desk) -> None:
    await say(desk, "open sev1 payments: checkout fails")
    await say(desk, "open sev1 payments: refunds fail")
    await tend(desk)
    await say(desk, "merge INC-2 into INC-1")
    await tend(desk)
    await say(desk, "update both are one", channel="inc-2-payments")
    await tend(desk)
    for room in rooms(desk):
        assert 1 == " | ".join(desk.texts(room.name)).count("both are one"), room.name
        assert room.topic.startswith("INC-1 ·")
    await say(desk, "close INC-1")
    desk.clock.forward(7201)
    await tend(desk)
    assert [True, True] == [room.is_archived for room in rooms(desk)]
