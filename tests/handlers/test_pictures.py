"""Pictures on timelines: what Slack does not give at once is asked for again, and nothing is kept for ever."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from bot.sweeps import prune
from handlers.acting import By
from handlers.commands.incident import COMMAND
from handlers.context import Context, NoConversation
from handlers.errors import PostFailure
from handlers.heard import Said, Shown
from handlers.pictures import fetch_pictures
from handlers.timeline_marks import mark
from models.pictures import Picture
from models.records import MessageRef
from tests.support.world import context, typed

SHOT = Shown(file_id="F1", name="graph.png", mimetype="image/png", size=9, url="https://files.slack.com/F1")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class Slack(NoConversation):
    """Gives pictures, or fails as often as the test says."""

    failures: list[PostFailure] = field(default_factory=list)
    asked: int = 0

    async def picture(self, url: str, most: int) -> bytes:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return b"a picture"


@pytest.fixture
async def ctx(database: Database, at: datetime) -> Context:
    made = context(database)
    await COMMAND.run(made, typed("open sev3 payments: disk full", at, request_id="i"))
    ref = MessageRef(subject="incident:1", part="card", side="ops", channel="#payments-ops", channel_id="C2", ts="1.0")
    async with made.transaction() as store:
        await store.messages.remember(ref, at)
    return made


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[Database]:
    """Return an open SQLite file, for what does not depend on the database."""
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


def slack(ctx: Context, *failures: PostFailure) -> Slack:
    ctx.conversation = given = Slack(list(failures))
    return given


async def marked(ctx: Context, at: datetime, shown: Shown = SHOT) -> None:
    said = Said(channel="C2", ts=f"{at.timestamp():.6f}", thread_ts="1.0", user_id="", text="look", pictures=(shown,))
    await mark(ctx, said, By(name="Ada", request_id=f"m{at}", at=at))


async def kept(ctx: Context, at: datetime) -> tuple[int, int]:
    """Return how many pictures of the message marked at `at` are kept, and how many are still wanted."""
    where = [f"C2:{at.timestamp():.6f}"]
    async with ctx.reading() as store:
        return len(await store.pictures.of(where)), len(await store.pictures.wanted_of(where))


async def test_a_picture_that_slack_does_not_give_is_asked_for_again(ctx: Context, at: datetime) -> None:
    given = slack(ctx, PostFailure("http_503"), PostFailure("timeout"))
    await marked(ctx, at)
    assert (0, 1) == await kept(ctx, at)
    await fetch_pictures(ctx, at + timedelta(seconds=10))
    assert 1 == given.asked
    await fetch_pictures(ctx, at + timedelta(seconds=31))
    await fetch_pictures(ctx, at + 3 * MINUTE)
    assert (1, 0) == await kept(ctx, at)
    await fetch_pictures(ctx, at + DAY)
    assert 3 == given.asked


async def test_a_scope_that_is_given_within_the_day_is_in_time(ctx: Context, at: datetime) -> None:
    slack(ctx, *[PostFailure("not_a_picture", is_permanent=True)] * 8)
    await marked(ctx, at)
    for hour in range(12):
        await fetch_pictures(ctx, at + timedelta(hours=hour, minutes=5))
    assert (1, 0) == await kept(ctx, at)


@pytest.mark.parametrize("reason", ["too_large", "not_slacks", "http_404"])
async def test_what_cannot_be_had_is_not_asked_for_for_ever(lite: Database, at: datetime, reason: str) -> None:
    ctx = context(lite)
    await COMMAND.run(ctx, typed("open payments: disk full", at, request_id="i"))
    async with ctx.transaction() as store:
        ref = MessageRef(subject="incident:1", part="card", side="ops", channel="#o", channel_id="C2", ts="1.0")
        await store.messages.remember(ref, at)
    given = slack(ctx, *[PostFailure(reason)] * 1000)
    await marked(ctx, at)
    for step in range(200):
        await fetch_pictures(ctx, at + step * 10 * MINUTE)
    assert (0, 0) == await kept(ctx, at)
    assert 40 > given.asked


async def test_marking_again_asks_again(ctx: Context, at: datetime) -> None:
    given = slack(ctx, PostFailure("too_large"))
    await marked(ctx, at)
    assert (0, 0) == await kept(ctx, at)
    await marked(ctx, at)
    assert ((1, 0), 2) == (await kept(ctx, at), given.asked)


async def test_a_process_that_died_in_between_fetches_it_after_its_start(ctx: Context, at: datetime) -> None:
    class Died(BaseException):
        """The process is no more."""

    class Dying(NoConversation):
        async def picture(self, url: str, most: int) -> bytes:
            raise Died

    ctx.conversation = Dying()
    with pytest.raises(Died):
        await marked(ctx, at)
    slack(ctx)
    await fetch_pictures(ctx, at + MINUTE)
    assert (1, 0) == await kept(ctx, at)


async def test_pictures_are_forgotten_after_a_year_but_for_those_of_open_incidents(ctx: Context, at: datetime) -> None:
    slack(ctx)
    await marked(ctx, at)
    stray = Picture(message="C9:1", file_id="F9", name="x", mimetype="image/png", sha256="", size=1, kept_at=at)
    async with ctx.transaction() as store:
        await store.pictures.keep(stray, b"x")
    later = at + 366 * DAY
    await prune(ctx, at + 364 * DAY)
    async with ctx.reading() as store:
        assert 1 == len(await store.pictures.of(["C9:1"]))
    await prune(ctx, later)
    assert (1, 0) == await kept(ctx, at)
    async with ctx.reading() as store:
        assert [] == await store.pictures.of(["C9:1"])
    await COMMAND.run(ctx, typed("resolve INC-1", later, request_id="r"))
    await prune(ctx, later)
    assert (0, 0) == await kept(ctx, at)
