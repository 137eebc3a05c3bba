"""Somebody reads a message, asks the other side about it from its menu, and is told the answer."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.state import Message
from handlers.routing import Notice
from handlers.views.menu import MENU
from handlers.views.questions import ASK, FORM
from tests.flows.test_mirror import card, incident, notes, thread, write
from tests.support.stage import ADMIN, DEV, OPS, Stage, stage, until


@pytest.fixture
async def running(sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(sqlite_url) as started:
        await incident(started)
        yield started


async def asked(running: Stage, user: str, question: str) -> None:
    """Fill in the form that is open."""
    await running.bot.tasks.finish()
    (view,) = running.sandbox.workspace.modals(user)
    assert FORM == view.payload["callback_id"]
    outcome = await running.sandbox.actor.submit_view(user, view.id, {"question": {"question": question}})
    assert outcome.ok, outcome.errors
    await running.bot.tasks.finish()
    await running.settled()


def question(running: Stage, channel: str) -> Message:
    return next(m for m in running.seen.messages(channel) if "asks" in m.text)


async def test_a_message_is_asked_about_from_its_menu_and_the_other_side_finds_its_own_of_the_same(
    running: Stage,
) -> None:
    here, there = card(running, DEV), card(running, OPS)
    await running.sandbox.actor.choose("ben", MENU, ASK, channel=DEV, ts=here.ts)
    await running.bot.tasks.finish()
    (view,) = running.sandbox.workspace.modals("ben")
    shown = str(view.payload["blocks"])
    assert "INC-1>: " in shown
    assert "Disk full 1" in shown
    assert "*" not in shown
    assert "ops of payments" in shown
    await asked(running, "ben", "does it fill up again?")

    in_ops, in_dev = str(question(running, OPS).blocks), str(question(running, DEV).blocks)
    assert "*ben asks ops*: does it fill up again?" in in_ops
    assert f"p{there.ts.replace('.', '')}|INC-1>" in in_ops
    assert f"p{here.ts.replace('.', '')}|the message>" in in_ops
    assert f"p{here.ts.replace('.', '')}|INC-1>" in in_dev
    assert "the message" not in in_dev, "it is the same one"

    await running.sandbox.actor.post_message("mira", OPS, "not since 9:00", question(running, OPS).ts)

    async def answered() -> bool:
        return "not since 9:00" in str(question(running, DEV).blocks)

    await until(answered)


async def test_a_thread_that_stays_on_its_side_offers_to_ask(running: Stage) -> None:
    await write(running, "ada", DEV, "one")
    await until(lambda: _has(notes(running, DEV), "also appear"))
    note = next(m for m in thread(running, DEV) if "also appear" in m.text)
    await running.sandbox.actor.click("ada", "mirror_stop", channel=DEV, ts=note.ts)
    await until(lambda: _has(notes(running, DEV), "stay here"))
    await running.sandbox.actor.click("ada", ASK, channel=DEV, ts=note.ts)
    await asked(running, "ada", "shall we talk here?")
    assert f"p{card(running, OPS).ts.replace('.', '')}|INC-1>" in str(question(running, OPS).blocks)


async def test_what_somebody_wrote_in_a_thread_is_asked_about_by_its_shortcut(running: Stage) -> None:
    said = await write(running, "mira", OPS, "db-3 again")
    await running.sandbox.actor.run_shortcut("jun", "ask_across", channel=OPS, ts=said.ts)
    await asked(running, "jun", "is that one yours?")
    in_dev = str(question(running, DEV).blocks)
    assert "*jun asks dev*" in in_dev
    assert f"p{card(running, DEV).ts.replace('.', '')}|INC-1>" in in_dev
    assert f"p{said.ts.replace('.', '')}|the message>" in in_dev


async def test_nobody_is_offered_to_ask_where_there_is_no_other_side(running: Stage) -> None:
    async with running.bot.database.transaction() as store:
        notice = Notice(subject="usergroup:x", part="card", channel=f"#{ADMIN}", side="ops", params={"words": "Hm."})
        await store.outbox.notify([notice], running.sandbox.workspace.clock())
    running.bot.ctx.wake_outbox()
    await running.settled()
    (told,) = running.seen.messages(ADMIN)
    assert "Why did I get this?" in str(told.blocks)
    assert "Ask the other side" not in str(told.blocks)


async def _has(lines: list[str], words: str) -> bool:
    return any(words in line for line in lines)
