"""The two sides are in two workspaces, with the same ids in both: nothing is taken for something of the other one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date

import httpx
import pytest
from pydantic import SecretStr

from bot import clock
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import Group, Person, Room, SandboxConfig
from bot.sandbox.state import Message
from bot.settings import Settings, SlackAccess
from handlers.mirror_catch_up import Missed
from models.oncall import Layer, OnCallSchedule
from models.response import ChannelPlan, ResponsePlan
from models.words import Severity
from tests.support.stage import DEV, OPS, SOON, Stage, stage, until

OMAR = Person(name="omar", real_name="Omar Haddad")
NINA = Person(name="nina", real_name="Nina Berg")
SECRET = "partner-secret"
ONCALL = OnCallSchedule(
    name="payments-ops",
    timezone="UTC",
    layers=(Layer(name="omar", members=("@omar",), starts=date(2026, 1, 5)),),
    bridge="payments",
    usergroup="partner/@ops-oncall",
)
ROOM = ChannelPlan(worst_from=Severity.SEV2, invite=("@ada", "@ben"))


@dataclass
class Two:
    """The workspace of the dev side, with the bot; and that of the ops side."""

    dev: Stage
    ops: Sandbox

    def thread(self, sandbox: Sandbox, channel: str) -> list[Message]:
        timeline = sandbox.workspace.timeline(channel)
        return sandbox.workspace.thread(channel, timeline[0].ts)[1:] if timeline else []

    def copies(self, sandbox: Sandbox, channel: str) -> list[Message]:
        return [m for m in self.thread(sandbox, channel) if m.username]

    async def write(self, sandbox: Sandbox, user: str, channel: str, text: str) -> Message:
        parent = sandbox.workspace.timeline(channel)[0].ts
        outcome = await sandbox.actor.post_message(user, channel, text, parent)
        assert outcome.message is not None
        return outcome.message

    async def carried(self, sandbox: Sandbox, channel: str, *words: str) -> list[Message]:
        async def seen() -> bool:
            return [m.text for m in self.copies(sandbox, channel)] == list(words) and await self.dev.is_settled()

        await until(seen)
        return self.copies(sandbox, channel)


@pytest.fixture
async def two(sqlite_url: str) -> AsyncIterator[Two]:
    config = SandboxConfig(
        clock=clock.utc_now,
        rates=None,
        retry_delays=SOON,
        people=(OMAR, NINA),
        rooms=(*(Room(name=f"lobby-{n}", members=("omar",)) for n in (1, 2)), Room(name=OPS, members=("omar", "nina"))),
        groups=(Group(handle="ops-oncall", name="On call"),),
        bot_token="xoxb-partner-bot",
        signing_secret=SECRET,
        events_path="/slack/events/partner",
    )
    ops = build_sandbox(config)
    async with ops.running() as ops_url:

        def change(settings: Settings) -> Settings:
            access = SlackAccess(
                bot_token=SecretStr(config.bot_token), signing_secret=SecretStr(SECRET), api_url=f"{ops_url}/api/"
            )
            topology = settings.topology
            bridges = tuple(replace(b, ops=f"partner/#{OPS}") for b in topology.bridges if b.dev == f"#{DEV}")
            topology = replace(
                topology, bridges=bridges, digests=(), schedules=(ONCALL,), response=ResponsePlan(channel=ROOM)
            )
            return replace(settings, workspaces={"partner": access}, topology=topology)

        async with stage(sqlite_url, change) as dev:
            ops.bot.url = dev.bot_url
            running = Two(dev, ops)
            told = {"incident_id": "1", "title": "Disk full", "severity": "sev3", "status": "triggered"}
            at = clock.utc_now().isoformat()
            event = {"id": "e1", "source": "t", "type": "incident", "occurred_at": at, "service": "payments"}
            assert (await dev.events({**event, "incident": told})).status_code == 202
            await dev.settled()
            yield running
            await ops.idle()


async def test_people_talk_across_two_workspaces(two: Two) -> None:
    assert "Disk full" in two.ops.workspace.timeline(OPS)[0].text
    assert not two.dev.seen.messages(OPS)
    ben, nina = two.dev.sandbox.workspace.user("ben").id, two.ops.workspace.user("nina").id
    # The same ids mean somebody else, and another channel, there.
    assert ben == nina
    assert two.dev.sandbox.workspace.channel(DEV).id == two.ops.workspace.channel(OPS).id

    said = await two.write(two.dev.sandbox, "ada", DEV, f"ask <@{ben}> in <#C00000009|x>")
    [copy] = await two.carried(two.ops, OPS, "ask @\u2060ben in (a channel elsewhere)")
    assert "ada" == copy.username
    there = await two.write(two.ops, "omar", OPS, f"<@{nina}> is on it")
    [back] = await two.carried(two.dev.sandbox, DEV, "@\u2060nina is on it")
    assert "omar" == back.username

    actor = two.ops.actor
    await actor.edit_message("omar", OPS, there.ts, "nina had it")
    await actor.add_reaction("nina", OPS, there.ts, "eyes")

    async def followed() -> bool:
        shown = str([m.blocks for m in two.copies(two.dev.sandbox, DEV)])
        return "nina had it" in shown and ":eyes: nina" in shown

    await until(followed)
    await two.dev.sandbox.actor.delete_message("ada", DEV, said.ts)
    await two.carried(two.ops, OPS)


async def test_what_was_missed_in_the_other_workspace_is_made_up_for(two: Two) -> None:
    two.ops.bot.url = None
    await two.write(two.ops, "omar", OPS, "missed")
    missed = Missed(two.dev.bot.ctx)
    await missed.begin(clock.utc_now())
    await missed.look(clock.utc_now())
    [copy] = await two.carried(two.dev.sandbox, DEV, "missed")
    assert "omar" == copy.username
    two.ops.bot.url = two.dev.bot_url


async def test_a_file_of_the_other_workspace_is_named(two: Two) -> None:
    parent = two.dev.seen.messages(DEV)[0].ts
    await two.dev.sandbox.actor.share_file("ada", DEV, "graph.png", b"x", "see", parent)
    [copy] = await two.carried(two.ops, OPS, "see")
    assert "graph.png (stays on the other side)" in str(copy.blocks)
    assert "slack.com/files" not in str(copy.blocks)


async def test_commands_buttons_and_direct_messages_work_in_the_other_workspace(two: Two) -> None:
    outcome = await two.ops.actor.send_slash_command("omar", OPS, "/ask dev is it you?")
    assert outcome.ok
    await until(lambda: _has(two.dev.seen.texts(DEV), "omar asks dev"))
    question = next(m for m in two.dev.seen.messages(DEV) if "omar asks dev" in m.text)
    await two.dev.sandbox.actor.post_message("ada", DEV, "it is", question.ts)
    direct = two.ops.workspace

    async def told() -> bool:
        rooms = [c for c in direct.channels.values() if c.is_im and direct.user("omar").id in c.members]
        return any("it is" in m.text for c in rooms for m in direct.timeline(c.id))

    await until(told)

    await two.write(two.ops, "omar", OPS, "hello")
    note = await _note(two, "also appear")
    await two.ops.actor.click("nina", "mirror_stop", channel=OPS, ts=note.ts)
    await _note(two, "stay here")


async def test_a_bad_incident_has_its_channel_and_the_user_group_is_in_the_workspace_of_the_ops_side(two: Two) -> None:
    outcome = await two.dev.sandbox.actor.send_slash_command("ben", DEV, "/incident open sev2 payments: checkout fails")
    assert outcome.ok
    partner = two.ops.workspace

    await two.dev.bot.tasks.finish()
    # By the clock this comes within a minute.
    comes = {sweep.name: sweep.run for sweep in two.dev.bot.schedule._sweeps}
    for name in ("incident_channels", "incident_channels", "usergroups"):
        await comes[name]()
    await two.dev.settled()
    [room] = [c for c in partner.channels.values() if c.name.startswith("inc-")]
    # Ben has no account there; omar is on call.
    assert {"omar", "twinspan"} == {partner.users[member].name for member in room.members}
    assert "checkout fails" in partner.timeline(room.id)[0].text
    assert not [c for c in two.dev.sandbox.workspace.channels.values() if c.name.startswith("inc-")]
    [group] = partner.usergroups.values()
    assert [partner.user("omar").id] == group.users

    # What is typed there is about that incident, and both sides hear of it.
    await partner_says(two, room.name, "/incident update investigating: looking at db-3")
    await until(
        lambda: _has([m.text for m in two.dev.sandbox.workspace.channel(DEV).messages.values()], "looking at db-3")
    )


async def test_channels_of_two_workspaces_are_linked_and_parted_from_slack(two: Two) -> None:
    async def says(command: str) -> str:
        ada = two.dev.sandbox.workspace.user("ada").id
        assert (await two.dev.sandbox.actor.send_slash_command("ada", DEV, command)).ok
        await two.dev.bot.tasks.finish()
        await two.dev.settled()
        return [m.text for m in two.dev.sandbox.workspace.timeline(DEV, ada) if m.ephemeral_to][-1]

    assert "is already linked with #payments-dev" in await says(f"/bridge link #checkout-dev partner/#{OPS}")
    assert "Did you mean partner/#lobby-1" in await says("/bridge link #checkout-dev partner/#loby-1")
    assert "partner/#lobby-1 (ops) are linked" in await says("/bridge link #checkout-dev partner/#lobby-1")
    [card] = two.dev.seen.texts("checkout-dev")
    assert "linked with partner/#lobby-1" in card
    assert "linked with #checkout-dev* as the ops side" in two.ops.workspace.timeline("lobby-1")[0].text
    assert "partner/#lobby-1 is already linked with #checkout-dev" in await says(
        "/bridge link #twinspan-admin partner/#lobby-1"
    )
    assert "Delivery: 1 channel" in await says("/bridge delivery partner/#lobby-1")
    # Whoever is there writes its name alone.
    outcome = await two.ops.actor.send_slash_command("omar", "lobby-1", "/bridge unlink #lobby-1")
    assert outcome.ok
    await until(
        lambda: _has(two.dev.seen.texts("checkout-dev"), "~Linked with partner/#lobby-1~ by ada; ended by omar")
    )


async def partner_says(two: Two, channel: str, command: str) -> None:
    assert (await two.ops.actor.send_slash_command("omar", channel, command)).ok


async def test_each_workspace_has_its_own_signature(two: Two) -> None:
    body = b'{"type": "url_verification", "challenge": "x"}'
    async with httpx.AsyncClient(base_url=two.dev.bot_url, trust_env=False) as http:
        for path in ("/slack/events/partner", "/slack/events/other"):
            answer = await http.post(path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in (401, 404)


async def _note(two: Two, words: str) -> Message:
    async def seen() -> bool:
        return await _has([m.text for m in two.thread(two.ops, OPS)], words)

    await until(seen)
    return next(m for m in two.thread(two.ops, OPS) if words in m.text)


async def _has(lines: list[str], words: str) -> bool:
    return any(words in line.replace("*", "") for line in lines)
