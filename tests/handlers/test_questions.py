"""One side asks the other: posted there under the asker's name, answered by the first reply, reminded of until then."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.database import Database
from bot.sandbox.state import Message
from handlers.actions import Press
from handlers.actions.questions import ACTIONS, ASK_ACROSS
from handlers.commands.ask import COMMAND
from handlers.errors import UserError
from handlers.questions import remind
from handlers.views import Message as View
from models.questions import QuestionPlan
from models.topology import Bridge
from tests.support.talk import DEV, OPS, Talk, bridged, talking
from tests.support.world import typed

HOUR = timedelta(hours=1)


@pytest.fixture
async def talk(database: Database) -> AsyncIterator[Talk]:
    async with talking(database) as running:
        await running.incident()
        yield running


async def ask(talk: Talk, words: str, channel: str = DEV, user: str = "ada", request_id: str = "ask-1") -> View:
    person, room = talk.sandbox.workspace.user(user), talk.sandbox.workspace.channel(channel)
    invocation = replace(
        typed(words, talk.clock(), by=user, request_id=request_id), user_id=person.id, channel_id=room.id
    )
    reply = await COMMAND.run(talk.ctx, invocation)
    await talk.say()
    await talk.know("question:1")
    assert reply.message is not None
    return reply.message


def card(talk: Talk, channel: str) -> Message:
    return next(m for m in talk.sandbox.workspace.timeline(channel) if m.ts == talk.threads["question:1"][channel])


def told(talk: Talk, user: str) -> list[str]:
    """Return what a person was told in direct messages."""
    person = talk.sandbox.workspace.user(user).id
    direct = [c for c in talk.sandbox.workspace.channels.values() if c.is_im and person in c.members]
    return [m.text for c in direct for m in talk.sandbox.workspace.timeline(c.id)]


async def test_a_question_is_asked_there_answered_by_the_first_reply_and_told_to_who_asked(talk: Talk) -> None:
    assert "as Q1" in (await ask(talk, "ops is the disk alert yours?")).text
    assert "*ada asks ops*: is the disk alert yours?" in card(talk, OPS).text
    assert "no answer yet" in str(card(talk, DEV).blocks)

    await talk.write("mira", OPS, "yes, on it", "question:1")
    talk.clock.forward(60)
    await talk.write("jun", OPS, "I too", "question:1")
    await talk.heard_and_said()
    assert ["yes, on it", "I too"] == talk.words(DEV, "question:1")
    assert all("yes, on it" in str(card(talk, c).blocks) and "✅" in card(talk, c).text for c in (DEV, OPS))
    [answer] = told(talk, "ada")
    assert "*mira* answered after" in answer
    assert "yes, on it" in answer

    # Told again, or after a restart, nothing changes.
    await talk.come_back()
    assert [answer] == told(talk, "ada")


async def test_what_the_asker_adds_or_keeps_or_others_say_at_home_is_no_answer(talk: Talk) -> None:
    await ask(talk, "ops: who is on call?")
    await talk.write("ada", OPS, "I mean tonight", "question:1")
    await talk.write("ben", DEV, "I would like to know as well", "question:1")
    await talk.write("mira", OPS, "// let us not tell them", "question:1")
    await talk.heard_and_said()
    assert [] == told(talk, "ada")
    assert "no answer yet" in str(card(talk, DEV).blocks)
    assert "let us not" not in talk.everything(DEV)


async def test_an_answer_in_a_private_channel_is_told_to_who_asked_alone(talk: Talk) -> None:
    talk.sandbox.workspace.channel(OPS).is_private = True
    await ask(talk, "ops who is it?")
    said = await talk.write("mira", OPS, "secret-4711", "question:1")
    await talk.heard_and_said()
    await talk.sandbox.actor.edit_message("mira", OPS, said.ts, "secret-4712")
    await talk.heard_and_said()
    assert "secret" not in talk.everything(DEV)
    assert "stays in that private channel" in str(card(talk, DEV).blocks)
    [answer] = told(talk, "ada")
    assert "secret-4712" in answer


async def test_an_answer_that_was_given_while_the_bot_was_away_is_found(talk: Talk) -> None:
    await ask(talk, "ops is it you?")
    await talk.missed.beat(talk.clock())
    talk.clock.forward(600)
    await talk.write("mira", OPS, "it is", "question:1")
    await talk.told()
    await talk.come_back()
    assert "it is" in told(talk, "ada")[0]


async def test_an_edited_answer_reads_as_it_was_edited(talk: Talk) -> None:
    await ask(talk, "ops is it you?")
    said = await talk.write("mira", OPS, "no", "question:1")
    await talk.heard_and_said()
    await talk.sandbox.actor.edit_message("mira", OPS, said.ts, "yes, sorry")
    await talk.heard_and_said()
    assert "yes, sorry" in told(talk, "ada")[0]
    assert "yes, sorry" in str(card(talk, DEV).blocks)


async def test_an_unanswered_question_is_said_again_and_that_ends_by_itself(talk: Talk) -> None:
    await ask(talk, "ops is it you?")
    reminders = []
    for _ in range(8):
        talk.clock.forward(HOUR.total_seconds() / 2)
        await remind(talk.ctx, talk.clock())
        await remind(talk.ctx, talk.clock())
        await talk.say()
        reminders = [m for m in talk.sandbox.workspace.timeline(OPS) if "still waits" in m.text]
    assert 3 == len(reminders)
    assert "I stop reminding" in told(talk, "ada")[0]

    await talk.write("mira", OPS, "it was", "question:1")
    await talk.heard_and_said()
    assert not [m for m in talk.sandbox.workspace.timeline(OPS) if "still waits" in m.text]


async def test_how_often_and_when_is_configured(database: Database) -> None:
    plan = QuestionPlan(remind_after=timedelta(minutes=5), times=1)
    async with talking(database, replace(bridged(), questions=plan)) as talk:
        await ask(talk, "ops is it you?")
        for minutes in (4, 2, 60):
            talk.clock.forward(minutes * 60)
            await remind(talk.ctx, talk.clock())
        await talk.say()
        assert 1 == len([m for m in talk.sandbox.workspace.timeline(OPS) if "still waits" in m.text])


async def test_a_question_can_be_taken_back(talk: Talk) -> None:
    await ask(talk, "ops is it you?")
    press = _press(talk, "1")
    outcome = await ACTIONS.buttons["question_close"](talk.ctx, press)
    await talk.say()
    assert outcome.message is not None
    assert "needs no answer any more, says Ada" in str(card(talk, OPS).blocks)
    with pytest.raises(UserError, match="over already"):
        await ACTIONS.buttons["question_close"](talk.ctx, press)
    talk.clock.forward(7200)
    await remind(talk.ctx, talk.clock())
    await talk.say()
    assert not [m for m in talk.sandbox.workspace.timeline(OPS) if "still waits" in m.text]


async def test_a_message_is_asked_about_by_its_shortcut(talk: Talk) -> None:
    [shortcut] = ACTIONS.shortcuts
    url = "https://x.slack.com/archives/C1/p1"
    press = replace(_press(talk, "disk at 91 %"), message_permalink=url, message_text="disk at 91 %")
    opened = await shortcut.run(talk.ctx, press)
    assert ASK_ACROSS == shortcut.callback_id
    assert opened.modal is not None
    assert "ops of payments" == opened.modal.view["blocks"][0]["element"]["initial_option"]["value"]

    filled = replace(
        press,
        value=opened.modal.view["private_metadata"],
        fields={"to": "ops of payments", "question": "yours?"},
        request_id="form-1",
    )
    await ACTIONS.modals["question_form"](talk.ctx, filled)
    await talk.say()
    await talk.know("question:1")
    assert "<https://x.slack.com/archives/C1/p1|this message>" in str(card(talk, OPS).blocks)


async def test_the_same_request_is_one_question(talk: Talk) -> None:
    await ask(talk, "ops is it you?")
    await ask(talk, "ops is it you?")
    assert 1 == len([m for m in talk.sandbox.workspace.timeline(OPS) if "asks ops" in m.text])


async def test_what_waits_is_listed(talk: Talk) -> None:
    assert "No question waits" in (await ask_nothing(talk)).text
    await ask(talk, "ops is it you?")
    assert "1 question waits for an answer" in (await ask_nothing(talk)).text


async def ask_nothing(talk: Talk) -> View:
    reply = await COMMAND.run(talk.ctx, typed("", talk.clock()))
    assert reply.message is not None
    return reply.message


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("Whom", "is it you?"),
        ("Did you mean `/ask ops`", "opss is it you?"),
        ("What do you want to know", "ops"),
        ("What do you want to know", "dev payments:"),
    ],
)
async def test_what_is_no_question_is_said(talk: Talk, complaint: str, words: str) -> None:
    with pytest.raises(UserError, match=complaint):
        await ask(talk, words)


async def test_outside_of_several_bridges_one_has_to_be_named(database: Database) -> None:
    one = bridged()
    other = Bridge(name="search", dev="#search-dev", ops="#search-ops", services=("checkout",))
    async with talking(database, replace(one, bridges=(*one.bridges, other))) as talk:
        with pytest.raises(UserError, match="Across which bridge"):
            await COMMAND.run(talk.ctx, typed("ops is it you?", talk.clock()))
        with pytest.raises(UserError, match="Did you mean payments"):
            await COMMAND.run(talk.ctx, typed("ops paymens: is it you?", talk.clock()))
        await ask(talk, "ops payments: is it you?")
        assert "is it you?" in card(talk, OPS).text


def _press(talk: Talk, value: str) -> Press:
    return Press(
        user_id=talk.sandbox.workspace.user("ada").id,
        user_name="Ada",
        value=value,
        trigger_id="t",
        request_id="press-1",
        at=talk.clock(),
        channel_id=talk.sandbox.workspace.channel(DEV).id,
    )
