"""The outbox over real HTTP: said once, in order, at Slack's pace, whatever goes wrong on the way."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.database import Database
from bot.sandbox.app import build_sandbox
from bot.sandbox.config import ALL_SCOPES, SandboxConfig
from bot.sandbox.state import FaultKind
from bot.slack.messenger import SlackMessenger, web_client
from handlers.routing import CRITICAL
from handlers.views import Message
from models.store.outbox import OutboxItem
from tests.support.desk import DEV, OPS, Desk, to
from tests.support.world import Clock, context

STRANGE = "#platform-ops"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    clock = Clock()
    sandbox = build_sandbox(SandboxConfig(clock=clock, rates=None, scopes=ALL_SCOPES - {"chat:write.public"}))
    async with sandbox.running() as url:
        messenger = SlackMessenger(web_client(sandbox.config.bot_token, f"{url}/api/", 20), clock)
        yield Desk(database, sandbox, context(database, messenger), clock)


async def failures(desk: Desk) -> list[OutboxItem]:
    async with desk.database.reading() as store:
        return await store.outbox.failures()


async def test_a_card_is_posted_once_then_edited(desk: Desk) -> None:
    await desk.say_everything(to(DEV, says="started"))
    await desk.say_everything(to(DEV, says="succeeded"))

    assert ["deploy:1 card succeeded"] == desk.texts(DEV)
    assert (1, 1) == (desk.called("chat.postMessage"), desk.called("chat.update"))


async def test_a_burst_of_versions_is_one_edit(desk: Desk) -> None:
    await desk.say_everything(to(DEV, says="version 1"))
    for number in range(2, 30):
        await desk.queue(to(DEV, says=f"version {number}"))
    await desk.say_everything()

    assert ["deploy:1 card version 29"] == desk.texts(DEV)
    assert 1 == desk.called("chat.update")


async def test_a_version_that_comes_while_the_first_is_posted_is_said_after_it(desk: Desk) -> None:
    desk.sandbox.workspace.add_fault("hang", "chat.postMessage", seconds=0.3, remaining=1)
    await desk.queue(to(DEV, says="started"))
    async with desk.speaking():
        await desk.sandbox.workspace.until(lambda: not desk.sandbox.workspace.faults)
        await desk.queue(to(DEV, says="succeeded"))
        await desk.until_silent_in_time()

    assert ["deploy:1 card succeeded"] == desk.texts(DEV)


async def test_retry_after_pauses_that_channel_alone_and_loses_nothing(desk: Desk) -> None:
    desk.sandbox.workspace.add_fault("ratelimited", "chat.postMessage", DEV, remaining=1, retry_after=30)
    await desk.queue(to(DEV), to(DEV, "deploy:2"), to(OPS))
    async with desk.speaking():
        await desk.until_paused(DEV)
        await desk.until_called("chat.postMessage", 2)
        desk.clock.forward(29)
        await asyncio.sleep(0.1)
        assert ([], ["deploy:1 card"]) == (desk.texts(DEV), desk.texts(OPS))
        desk.clock.forward(2)
        await desk.until(desk.is_silent)

    assert ["deploy:1 card linked", "deploy:2 card"] == desk.texts(DEV)


async def test_what_slack_will_never_take_is_kept_and_told_while_the_others_go_on(desk: Desk) -> None:
    await desk.say_everything(to(STRANGE), to(DEV))

    assert [("deploy:1|#platform-ops|card", "not_in_channel")] == [(i.key, i.reason) for i in await failures(desk)]
    assert ["deploy:1 card"] == desk.texts(DEV)
    [told] = desk.texts("twinspan-admin")
    assert STRANGE in told


async def test_a_failed_message_is_said_once_a_person_has_mended_the_cause(desk: Desk) -> None:
    await desk.say_everything(to(STRANGE))
    room = desk.sandbox.workspace.channel(STRANGE)
    room.members.append(desk.sandbox.workspace.bot_user)
    async with desk.database.transaction() as store:
        await store.outbox.retry(STRANGE, desk.clock())
    await desk.say_everything()

    assert ["deploy:1 card"] == desk.texts(STRANGE)
    assert [] == await failures(desk)


async def test_where_slack_refuses_the_bot_itself_everything_waits(desk: Desk) -> None:
    fault = desk.sandbox.workspace.add_fault("error", "chat.postMessage", error="invalid_auth")
    await desk.queue(to(DEV), to(DEV, "deploy:2"), to(OPS))
    async with desk.speaking():
        await desk.until_paused(DEV, OPS)
        desk.clock.forward(59)
        await asyncio.sleep(0.1)
        assert 2 == desk.called("chat.postMessage")
        assert [] == await failures(desk)
        desk.sandbox.workspace.faults.remove(fault)
        desk.clock.forward(2)
        await desk.until(desk.is_silent)

    assert ["deploy:1 card linked", "deploy:2 card"] == desk.texts(DEV)


async def test_a_message_whose_answer_was_lost_is_found_in_slack_and_not_repeated(desk: Desk) -> None:
    desk.sandbox.workspace.add_fault("cut_after", "chat.postMessage", remaining=1)
    await desk.queue(to(DEV, says="started"))
    async with desk.speaking():
        await desk.until_called("chat.postMessage", 1)
        await desk.until_silent_in_time()
    await desk.say_everything(to(DEV, says="succeeded"))

    assert ["deploy:1 card succeeded"] == desk.texts(DEV)
    assert 1 == desk.called("chat.postMessage")


@pytest.mark.parametrize("was_posted", [True, False])
async def test_a_row_that_a_dead_process_left_behind_is_said_exactly_once(desk: Desk, was_posted: bool) -> None:
    await desk.queue(to(DEV), to(DEV, part="details"))
    async with desk.database.transaction() as store:
        await store.channels.lease(DEV, "dead", at=desk.clock(), until=desk.clock())
        left = await store.outbox.take(DEV, desk.clock())
    assert left is not None
    if was_posted:
        await desk.messenger().post(DEV, Message(text="deploy:1 card"), key=left.key)
    desk.clock.forward(31)
    await desk.say_everything()

    assert ["deploy:1 card"] == desk.texts(DEV)
    assert ["deploy:1 details"] == desk.replies(DEV)


@pytest.mark.parametrize("kind", ["ratelimited", "cut_before", "server_error"])
async def test_a_doubt_outlives_a_look_that_failed(desk: Desk, kind: FaultKind) -> None:
    desk.sandbox.workspace.add_fault("cut_after", "chat.postMessage", remaining=1)
    desk.sandbox.workspace.add_fault(kind, "conversations.history", remaining=2)
    await desk.queue(to(DEV))
    async with desk.speaking():
        await desk.until_silent_in_time()

    assert ["deploy:1 card"] == desk.texts(DEV)
    assert 1 == desk.called("chat.postMessage")


async def test_a_reply_that_a_dead_process_left_behind_is_found_in_its_thread(desk: Desk) -> None:
    await desk.say_everything(to(DEV))
    await desk.queue(to(DEV, part="details"))
    async with desk.database.transaction() as store:
        left = await store.outbox.take(DEV, desk.clock())
    assert left is not None
    [card] = desk.sandbox.workspace.timeline(DEV)
    await desk.messenger().post(DEV, Message(text="deploy:1 details"), key=left.key, thread_ts=card.ts)
    await desk.say_everything()

    assert ["deploy:1 details"] == desk.replies(DEV)


async def test_a_reply_goes_into_the_thread_of_its_card_also_after_a_restart(desk: Desk) -> None:
    await desk.say_everything(to(DEV), to(DEV, part="details"))
    await desk.say_everything(to(DEV, part="failed"), to(DEV, "deploy:2"))

    assert ["deploy:1 card", "deploy:2 card"] == desk.texts(DEV)
    assert ["deploy:1 details", "deploy:1 failed"] == desk.replies(DEV)


async def test_a_card_that_a_person_deleted_is_posted_anew_and_replies_follow_it(desk: Desk) -> None:
    await desk.say_everything(to(DEV))
    [card] = desk.sandbox.workspace.timeline(DEV)
    await desk.messenger().client.chat_delete(channel=card.channel, ts=card.ts)
    await desk.say_everything(to(DEV, says="succeeded"), to(DEV, part="details"))

    assert ["deploy:1 card succeeded"] == desk.texts(DEV)
    assert ["deploy:1 details"] == desk.replies(DEV)


async def test_a_subject_keeps_its_order_while_its_first_message_waits_and_others_pass(desk: Desk) -> None:
    desk.sandbox.workspace.add_fault("cut_before", "chat.postMessage", DEV, remaining=1)
    await desk.queue(to(DEV), to(DEV, part="details"), to(DEV, "deploy:2"))
    async with desk.speaking():
        await desk.until_called("chat.postMessage", 2)
        await asyncio.sleep(0.1)
        assert ["deploy:2 card"] == desk.texts(DEV)
        await desk.until_silent_in_time()

    said = [m.text for m in desk.sandbox.workspace.channel(DEV).messages.values()]
    assert ["deploy:2 card", "deploy:1 card", "deploy:1 details"] == said


async def test_the_critical_goes_first(desk: Desk) -> None:
    await desk.say_everything(to(DEV), to(DEV, "deploy:2", priority=CRITICAL), to(DEV, "deploy:3"))

    assert ["deploy:2 card", "deploy:1 card", "deploy:3 card"] == desk.texts(DEV)


async def test_trying_again_takes_longer_each_time(desk: Desk) -> None:
    desk.sandbox.workspace.add_fault("cut_before", "chat.postMessage", DEV)
    await desk.queue(to(DEV))
    async with desk.speaking():
        for _second in range(40):
            await asyncio.sleep(0.03)
            desk.clock.forward(1)

    assert 3 <= desk.called("chat.postMessage") <= 6


async def test_two_processes_never_speak_in_one_channel_at_once(desk: Desk) -> None:
    await desk.queue(*(to(channel, f"deploy:{number}") for number in range(10) for channel in (DEV, OPS)))
    async with desk.speaking("one"), desk.speaking("two"):
        await desk.until(desk.is_silent)

    assert 10 == len(desk.texts(DEV)) == len(desk.texts(OPS))
    assert 20 == desk.called("chat.postMessage")


async def test_a_process_that_stops_gives_its_channels_back(desk: Desk) -> None:
    desk.sandbox.workspace.add_fault("hang", "chat.postMessage", DEV, seconds=0.2, remaining=1)
    await desk.queue(*(to(DEV, f"deploy:{number}") for number in range(3)))
    async with desk.speaking("one"):
        await desk.sandbox.workspace.until(lambda: not desk.sandbox.workspace.faults)

    async with desk.database.transaction() as store:
        assert await store.channels.lease(DEV, "two", at=desk.clock(), until=desk.clock())
        assert 3 == (await store.outbox.backlog())[0]
    assert 1 == desk.called("chat.postMessage")


async def test_the_cards_of_both_sides_link_to_each_other_however_close_they_come(desk: Desk) -> None:
    for number in range(12):
        await desk.queue(to(DEV, f"deploy:{number}"), to(OPS, f"deploy:{number}"))
        async with desk.speaking():
            await desk.until(desk.is_silent)

    for channel in (DEV, OPS):
        assert [f"deploy:{number} card linked" for number in range(12)] == desk.texts(channel)


async def test_a_card_worded_before_the_other_was_recorded_is_worded_again(desk: Desk) -> None:
    """The other side is posted and recorded after this card was worded, and before it was recorded."""
    dispatcher = desk.dispatcher()
    await desk.queue(to(DEV), to(OPS))
    async with desk.database.transaction() as store:
        dev, ops = await store.outbox.take(DEV, desk.clock()), await store.outbox.take(OPS, desk.clock())
    assert dev is not None
    assert ops is not None
    first = await desk.messenger().post(DEV, Message(text="deploy:1 card"), key=dev.key)
    second = await desk.messenger().post(OPS, Message(text="deploy:1 card"), key=ops.key)
    await dispatcher._record(dev, first, known=())
    await dispatcher._record(ops, second, known=())
    await desk.say_everything()

    assert ["deploy:1 card linked"] == desk.texts(DEV) == desk.texts(OPS)


async def test_without_a_database_it_pauses_and_goes_on_later(desk: Desk) -> None:
    elsewhere = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    working = desk.ctx.reading
    desk.ctx.reading = elsewhere.reading
    await desk.queue(to(DEV))
    async with desk.speaking():
        await asyncio.sleep(0.1)
        assert [] == desk.texts(DEV)
        desk.ctx.reading = working
        await desk.until(desk.is_silent)
    await elsewhere.close()

    assert ["deploy:1 card"] == desk.texts(DEV)
