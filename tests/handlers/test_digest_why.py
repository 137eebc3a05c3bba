"""`/digest why` explains the digest that was posted last where it is asked, and that a running period went on since."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.commands.digest import COMMAND
from handlers.context import Context
from handlers.digest_runs import post_to
from handlers.errors import UserError
from models.periods import latest_completed
from tests.handlers.test_subscriptions import DAY, PAYMENTS, SEARCH, WORLD, deployed
from tests.support.world import context, typed


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=WORLD)


async def posted(ctx: Context, words: str, at: datetime, request_id: str) -> None:
    await COMMAND.run(ctx, typed(f"now payments {words}", at, request_id=request_id))


async def sent(ctx: Context, user_id: str, at: datetime) -> None:
    window = latest_completed(at, "day", "UTC")
    await post_to(ctx, [(user_id, "dev")], f"person:{user_id}:day", PAYMENTS, window, at)


async def why(ctx: Context, words: str, at: datetime, *, where: str = "C1") -> str:
    reply = await COMMAND.run(ctx, replace(typed(f"why {words}", at), channel_id=where))
    assert reply.modal is not None
    return "\n".join(b["text"]["text"] for b in reply.modal.view["blocks"] if b["type"] == "section")


async def test_of_two_digests_of_one_day_the_later_is_explained(ctx: Context, at: datetime) -> None:
    await deployed(ctx, "first", at - timedelta(hours=2))
    await posted(ctx, "today", at, "1")
    await deployed(ctx, "second", at - timedelta(hours=1))
    await posted(ctx, "today", at + timedelta(hours=1), "2")
    assert "The digest said" not in await why(ctx, "deploys payments", at + timedelta(hours=1))
    await deployed(ctx, "third", at + timedelta(hours=1))
    assert "*The digest said*  2 (snapshot 2" in await why(ctx, "deploys payments", at + timedelta(hours=2))


async def test_the_last_posted_is_explained_whatever_period_it_is_of(ctx: Context, at: datetime) -> None:
    await posted(ctx, "today", at, "1")
    await posted(ctx, "this-month", at, "2")
    assert "2026-03-01 00:00 up to, not including, 2026-03-02 09:00" in await why(ctx, "deploys payments", at)


@pytest.mark.parametrize(("period", "words"), [("today", "day"), ("this-week", "week"), ("this-month", "month")])
async def test_a_period_that_still_ran_went_on_and_nothing_was_corrected(
    ctx: Context, at: datetime, period: str, words: str
) -> None:
    await deployed(ctx, "first", at - timedelta(hours=2))
    await posted(ctx, period, at, "1")
    await deployed(ctx, "second", at + timedelta(minutes=5))
    said = await why(ctx, "deploys payments", at + timedelta(hours=1))
    assert f"; the {words} still ran then, and went on since." in said
    assert "corrected" not in said


async def test_a_persons_own_digest_is_explained_to_them_alone_and_only_where_they_got_it(
    ctx: Context, at: datetime
) -> None:
    await posted(ctx, "this-month", at, "1")
    await sent(ctx, "U1", at)
    await sent(ctx, "U2", at + DAY)
    yesterday, month = "2026-03-01 00:00 up to, not including, 2026-03-02 00:00", "2026-03-01 00:00 up to"
    for words in ("deploys", "deploys payments"):
        assert yesterday in await why(ctx, words, at + DAY, where="D1")
    there = await why(ctx, "deploys payments", at + DAY)
    assert month in there
    assert "not including, 2026-03-03 09:00" in there


async def test_who_has_none_of_their_own_reads_of_the_channels(ctx: Context, at: datetime) -> None:
    await sent(ctx, "U2", at)
    with pytest.raises(UserError, match="No digest of payments was posted yet"):
        await why(ctx, "deploys payments", at, where="D1")
    with pytest.raises(UserError, match="Which bridge"):
        await why(ctx, "deploys", at, where="D1")
    await posted(ctx, "day", at, "1")
    assert "not including, 2026-03-02 00:00" in await why(ctx, "deploys payments", at, where="D1")
    with pytest.raises(UserError, match=f"No digest of {SEARCH.name} was posted yet"):
        await why(ctx, "deploys search", at, where="D1")
