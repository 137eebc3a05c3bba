"""`/incident handoff`, `action`, `export`: the command changes hands, what is to be done, the whole as a document."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.action_items import remind_of_items
from handlers.actions import Press
from handlers.actions.action_items import ACTIONS as ITEMS
from handlers.actions.command import ACTIONS
from handlers.commands import Reply
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.speech import render
from models.people import Person
from models.response import Response
from models.words import EntryKind
from tests.support.world import context, typed

ADA, BEN, MIRA = (
    Person(user_id="U1", name="Ada", handle="ada"),
    Person(user_id="U2", name="Ben", handle="ben"),
    Person(user_id="U4", name="Mira", handle="mira"),
)


class People:
    async def people(self) -> Sequence[Person]:
        return [ADA, BEN, MIRA]


class Files:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    async def share(
        self, channel: str, *, name: str, content: bytes, comment: str, thread_ts: str | None = None
    ) -> str | None:
        self.sent.append((channel, name, content.decode()))
        return "https://slack.example/files/1"

    async def canvas(self, title: str, markdown: str, *, user_id: str, channel_id: str | None = None) -> str | None:
        if channel_id == "C0FULL":
            raise PostFailure("canvas_disabled_user_team", is_permanent=True)
        self.sent.append((user_id, title, markdown))
        return "https://slack.example/canvas/1"


@pytest.fixture
async def ctx(database: Database, at: datetime) -> Context:
    made = context(database)
    made.directory, made.sharing = People(), Files()
    await say(made, "open sev1 payments: checkout *fails*", at)
    await say(made, "assign me", at)
    return made


async def say(ctx: Context, text: str, at: datetime) -> Reply:
    return await COMMAND.run(ctx, typed(text, at, request_id=text))


async def words(ctx: Context, text: str, at: datetime) -> str:
    reply = await say(ctx, text, at)
    assert reply.message is not None
    return reply.message.text + str(reply.message.blocks)


async def press(ctx: Context, action: str, person: Person, at: datetime, value: str = "1") -> None:
    pressed = Press(
        user_id=person.user_id, user_name=person.name, value=value, trigger_id="t", request_id=person.name, at=at
    )
    await {**ACTIONS.buttons, **ITEMS.buttons}[action](ctx, pressed)


async def direct(ctx: Context, user_id: str, at: datetime) -> list[str]:
    """Return what a person is told by direct message."""
    found = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take(user_id, at):
            await store.outbox.sent(item, at)
            said = await render(
                store,
                ctx.topology,
                subject=item.subject,
                part=item.part,
                side="ops",
                channel=user_id,
                params=item.params,
                at=at,
            )
            found.append(said.text + str(said.blocks) if said else "")
    return found


async def lead(ctx: Context) -> list[str]:
    async with ctx.reading() as store:
        return [h.person for h in await store.responses.holders([1]) if h.role == "lead"]


async def test_command_is_the_givers_until_the_other_takes_it(ctx: Context, at: datetime) -> None:
    await say(ctx, "update half of the traffic is back, next 30m", at)
    assert "asked to take command" in await words(ctx, "handoff @ben my shift ends", at)
    (asked,) = await direct(ctx, "U2", at)
    assert "Ada offers you command of INC-1: my shift ends" in asked
    assert "half of the traffic is back" in asked
    assert ["Ada"] == await lead(ctx)

    await press(ctx, "command_take", BEN, at + timedelta(minutes=2))
    assert ["Ben"] == await lead(ctx)
    assert "you may go" in (await direct(ctx, "U1", at + timedelta(minutes=2)))[0]
    async with ctx.reading() as store:
        last = (await store.incidents.timeline(1))[-1]
    assert (EntryKind.COMMAND, "Ben", "Ada") == (last.kind, last.actor, last.was)
    with pytest.raises(UserError, match="is accepted already"):
        await press(ctx, "command_take", BEN, at)


async def test_an_offer_is_for_one_person_and_a_later_one_withdraws_it(ctx: Context, at: datetime) -> None:
    await say(ctx, "handoff @ben", at)
    with pytest.raises(UserError, match="That offer is for Ben"):
        await press(ctx, "command_take", MIRA, at)
    await say(ctx, "handoff @mira", at)
    with pytest.raises(UserError, match="is withdrawn already"):
        await press(ctx, "command_take", BEN, at)
    await press(ctx, "command_refuse", MIRA, at, "2")
    assert ["Ada"] == await lead(ctx)
    assert any("still yours" in one for one in await direct(ctx, "U1", at))


async def test_of_two_presses_at_once_one_takes_command(ctx: Context, at: datetime) -> None:
    await say(ctx, "handoff @ben", at)
    outcomes = await asyncio.gather(
        press(ctx, "command_take", BEN, at), press(ctx, "command_refuse", BEN, at), return_exceptions=True
    )
    assert 1 == sum(isinstance(outcome, UserError) for outcome in outcomes)


async def test_command_of_what_is_over_is_not_handed_over(ctx: Context, at: datetime) -> None:
    await say(ctx, "resolve", at)
    with pytest.raises(UserError, match="there is no command to hand over"):
        await say(ctx, "handoff INC-1 @ben", at)


async def test_an_action_item_has_an_owner_and_a_day_and_is_followed_up_until_done(ctx: Context, at: datetime) -> None:
    assert "A1 of INC-1 for Ben, by 2026-03-06" in await words(ctx, "action 1 @ben by fri raise the limit", at)
    assert ["☑️ Yours to do"] == [one[:14].strip(":") for one in await direct(ctx, "U2", at)]
    friday = at + timedelta(days=4)
    for hours in (0, 1, 24):
        await remind_of_items(ctx, friday + timedelta(hours=hours))
    assert 2 == sum("⏰ Due" in one for one in await direct(ctx, "U2", friday + timedelta(days=1)))
    assert "*past due*" in await words(ctx, "actions", friday + timedelta(days=3))

    await press(ctx, "action_item_done", BEN, friday)
    await remind_of_items(ctx, friday + timedelta(days=9))
    assert not any("⏰" in one for one in await direct(ctx, "U2", friday + timedelta(days=9)))
    with pytest.raises(UserError, match="A1 was done already, by Ben"):
        await say(ctx, "done A1", friday)
    assert "Nothing is to be done" in await words(ctx, "actions mine", friday)


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("What is to be done", "action INC-1 @ben"),
        ("is past", "action INC-1 by 2020-01-01 too late"),
        ("Which one", "done something"),
        ("There is no action item A9", "done A9"),
        ("nobody called “@bne”", "action INC-1 @bne x"),
    ],
)
async def test_wrong_input_is_explained(ctx: Context, at: datetime, complaint: str, text: str) -> None:
    with pytest.raises(UserError, match=complaint):
        await say(ctx, text, at)


async def test_an_export_tells_the_whole_and_escapes_what_people_wrote(ctx: Context, at: datetime) -> None:
    await say(ctx, "impact 20m ago", at)
    await say(ctx, "note # not a heading <script>", at + timedelta(minutes=1))
    await say(ctx, "action @ben raise the limit", at)
    await say(ctx, "mitigate", at + timedelta(minutes=10))
    await say(ctx, "resolve INC-1 back", at + timedelta(minutes=30))
    assert "INC-1.md" in await words(ctx, "export INC-1", at + timedelta(hours=1))
    assert isinstance(ctx.sharing, Files)
    ((to, name, document),) = ctx.sharing.sent
    assert ("U1", "INC-1.md") == (to, name)
    assert document.startswith("# INC-1 checkout \\*fails\\*\n\nsev1 · payments · resolved")
    assert "| Resolved | 2026-03-02 09:30 UTC | 50 min |" in document
    assert "Ada noted: \\# not a heading \\<script\\>" in document
    assert "- [ ] A1 raise the limit (Ben)" in document
    assert "- Ada (lead)" in document


async def test_an_export_is_a_canvas_where_one_is_wanted_and_says_why_not(ctx: Context, at: datetime) -> None:
    assert "https://slack.example/canvas/1" in await words(ctx, "export INC-1 canvas", at)
    assert isinstance(ctx.sharing, Files)
    ((to, title, document),) = ctx.sharing.sent
    assert ("U1", "INC-1 checkout *fails*") == (to, title)
    assert document.startswith("# INC-1")
    async with ctx.transaction() as store:
        await store.responses.save(Response(incident_id=1, channel_id="C0FULL"))
    with pytest.raises(UserError, match=r"canvases are switched off.*`/incident export INC-1` sends it as a file"):
        await say(ctx, "export INC-1 canvas", at)


async def test_a_button_of_another_version_says_what_to_do(ctx: Context, at: datetime) -> None:
    for action in ("command_take", "action_item_done"):
        with pytest.raises(UserError, match="another version"):
            await press(ctx, action, BEN, at, json.dumps({"old": 1}))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("You have command", "assign @ben"),
        ("This offer was withdrawn", "assign @mira"),
        ("This offer was withdrawn", "resolve INC-1"),
        ("This offer was withdrawn", "close INC-1"),
    ],
)
async def test_an_offer_that_is_overtaken_says_so(ctx: Context, at: datetime, said: str, text: str) -> None:
    await say(ctx, "handoff @ben", at)
    await direct(ctx, "U2", at)
    await say(ctx, text, at + timedelta(minutes=1))
    assert said in (await direct(ctx, "U2", at + timedelta(minutes=1)))[-1]
    with pytest.raises(UserError, match=r"already; the card of the incident shows who has command"):
        await press(ctx, "command_take", BEN, at + timedelta(minutes=2))
