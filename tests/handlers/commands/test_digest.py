"""`/digest`: what it understands, what one person is shown, and what both channels get."""

from datetime import datetime

import pytest

from bot.database import Database
from handlers.commands.digest import COMMAND, Query, parse
from handlers.context import Context
from handlers.errors import UserError
from models.records import MessageRef
from models.topology import Bridge, Topology
from tests.support.world import TOPOLOGY, context, typed

PAYMENTS = TOPOLOGY.bridges[0]
SEARCH = Bridge(name="search", dev="#search-dev", ops="#search-ops", services=("search",))
TWO = Topology(bridges=(PAYMENTS, SEARCH))


async def say(ctx: Context, text: str, at: datetime) -> str:
    reply = await COMMAND.run(ctx, typed(text, at))
    assert reply.message is not None
    return f"{reply.message.text}\n{reply.message.blocks}"


@pytest.mark.parametrize(
    ("query", "text", "channel"),
    [
        (Query(verb="preview", bridge=SEARCH, window="today"), "preview search", None),
        (Query(verb="preview", bridge=SEARCH, window="week"), "Preview Week SEARCH", "#payments-ops"),
        (Query(verb="now", bridge=PAYMENTS, window="day"), "now day", "#payments-ops"),
        (Query(verb="now", bridge=SEARCH, window="yesterday"), "now yesterday", "#search-dev"),
    ],
)
def test_words_come_in_any_order(query: Query, text: str, channel: str | None) -> None:
    assert query == parse(text, TWO, channel)


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("Did you mean `/digest preview`", "prewiew"),
        ("Did you mean `week`", "now weak"),
        ("Did you mean `search`", "now serch"),
        ("Which bridge.*`payments`, `search`", "now day"),
    ],
)
def test_a_typo_is_asked_about(complaint: str, text: str) -> None:
    with pytest.raises(UserError, match=complaint):
        parse(text, TWO, None)


@pytest.mark.parametrize("text", ["", "  ", "help"])
async def test_nothing_typed_is_answered_with_help(database: Database, at: datetime, text: str) -> None:
    assert "/digest preview week" in await say(context(database), text, at)


async def test_a_preview_is_shown_to_one_person_and_posted_nowhere(database: Database, at: datetime) -> None:
    ctx = context(database)
    shown = await say(ctx, "preview week", at)
    assert "Week 9, 23 Feb – 1 Mar 2026 · payments" in shown
    assert "preview" in shown
    async with ctx.reading() as store:
        assert (0, None) == await store.outbox.backlog()


async def test_a_digest_asked_for_goes_to_both_channels_once(database: Database, at: datetime) -> None:
    ctx = context(database)
    assert "Posting the digest to #payments-dev and #payments-ops" in await say(ctx, "now day", at)
    again = await say(ctx, "now day", at)
    assert "was posted before: it is on its way to #payments-dev and #payments-ops" in again
    async with ctx.reading() as store:
        assert (2, at) == await store.outbox.backlog()


async def test_a_preview_is_in_the_words_of_the_channel_it_is_asked_for_in(database: Database, at: datetime) -> None:
    ctx = context(database)
    assert "– deploys (no sender was heard of any); – incidents" in await say(ctx, "preview", at)
    here = MessageRef(subject="deploy:1", part="card", side="ops", channel="#payments-ops", channel_id="C1", ts="1.2")
    async with ctx.transaction() as store:
        await store.messages.remember(here, at)
    assert "– incidents (no sender was heard); – deploys" in await say(ctx, "preview", at)
