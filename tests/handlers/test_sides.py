"""A side takes part in an incident by what its people say in the thread, as well as by what they do."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot.database import Database
from handlers.acting import By
from handlers.heard import said_in
from handlers.incident_merges import merge
from tests.support.talk import DEV, OPS, Talk, bridged, talking

BOT = {"bot_id": "B777", "user": "U777", "username": "matterbridge"}


@pytest.fixture
async def talk(database: Database) -> AsyncIterator[Talk]:
    async with talking(database, bridged(mirror_bots=("matterbridge",))) as running:
        await running.incident()
        yield running


async def spoke(talk: Talk, number: int = 1) -> dict[str, datetime]:
    """Return when each side first spoke of an incident; where it was opened is not known here."""
    async with talk.database.reading() as store:
        signs = await store.sides.first_signs([number], talk.clock())
    return {side: at for side, at in signs[number].items() if side != "unknown"}


def written(ts: str) -> datetime:
    said = said_in({"ts": ts, "user": "U1"}, "C1")
    assert said is not None
    return said.at


async def test_who_writes_in_the_thread_takes_part_from_the_first_reply_on(talk: Talk) -> None:
    first = await talk.write("ben", DEV, "looking")
    await talk.write("ben", DEV, "it is the pool")
    await talk.heard_and_said()
    assert {"dev": written(first.ts)} == await spoke(talk)

    answer = await talk.write("mira", OPS, "thanks")
    await talk.heard_and_said()
    assert {"dev": written(first.ts), "ops": written(answer.ts)} == await spoke(talk)


async def test_what_is_kept_on_its_side_is_said_and_what_was_deleted_is_not(talk: Talk) -> None:
    kept = await talk.write("mira", OPS, "// who is on call there?")
    gone = await talk.write("ben", DEV, "oops")
    await talk.heard_and_said()
    await talk.sandbox.actor.delete_message("ben", DEV, gone.ts)
    await talk.heard_and_said()
    assert {"ops": written(kept.ts)} == await spoke(talk)


async def test_what_another_bot_says_is_carried_and_is_nobodys_word(talk: Talk) -> None:
    card = talk.threads[talk.subject][DEV]
    channel = talk.sandbox.workspace.channel(DEV).id
    said = {"type": "message", "channel": channel, "ts": "1772442000.000100", "thread_ts": card, "text": "hi", **BOT}
    await talk.pass_on([said])
    await talk.say()
    assert ["hi"] == talk.words(OPS)
    assert {} == await spoke(talk)


async def test_a_private_channels_replies_are_not_kept_and_so_do_not_count(database: Database) -> None:
    async with talking(database) as talk:
        talk.sandbox.workspace.channel(OPS).is_private = True
        await talk.incident()
        await talk.write("mira", OPS, "the customer is Acme")
        public = await talk.write("ben", DEV, "looking")
        await talk.heard_and_said()
        assert {"dev": written(public.ts)} == await spoke(talk)


async def test_what_was_said_before_a_merge_and_after_it_counts_for_what_was_merged(talk: Talk) -> None:
    second = await talk.incident("Disk fuller")
    before = await talk.write("ben", DEV, "looking", second)
    await talk.heard_and_said()
    by = By(name="Ada", request_id="m", at=talk.clock(), user_id="U1", channel_id="C1")
    await merge(talk.ctx, 2, 1, by)
    after = await talk.write("mira", OPS, "thanks")
    await talk.heard_and_said()
    assert {"dev": written(before.ts), "ops": written(after.ts)} == await spoke(talk, 2)
    assert {"ops": written(after.ts)} == await spoke(talk, 1)
