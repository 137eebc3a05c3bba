"""Deployments that never ended, and senders that fell silent: said once, and again when they are heard of."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from handlers.bookkeeping import Told, book
from handlers.context import Context
from handlers.hung import tend_hung
from handlers.silences import tell_silences
from handlers.speech import render
from models.reports import DeployReport
from models.store.sources import Heard
from models.words import DeployStatus
from tests.handlers.test_freezes import said
from tests.support.world import context

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database)


async def deploy(ctx: Context, number: str, at: datetime, status: DeployStatus, *, is_told: bool = True) -> None:
    report = DeployReport(
        service="payments", environment="production", deploy_id=number, status=status, actor="Zoe", occurred_at=at
    )
    async with ctx.transaction() as store:
        booked = await book(store, ctx.topology, [Told(1, "github", at, report)])
        await store.outbox.notify(booked.notices if is_told else [], at)


async def history(ctx: Context, *lengths: float) -> None:
    for number, length in enumerate(lengths):
        start = NOON - timedelta(days=2, hours=-number)
        await deploy(ctx, f"h{number}", start, DeployStatus.STARTED, is_told=False)
        await deploy(ctx, f"h{number}", start + minutes(length), DeployStatus.SUCCEEDED, is_told=False)


async def status(ctx: Context, number: int) -> DeployStatus | None:
    async with ctx.reading() as store:
        found = await store.deploys.get(number)
    return found.status if found else None


async def test_a_deploy_without_an_end_is_unknown_after_three_times_the_median_and_said_once(ctx: Context) -> None:
    await history(ctx, 4, 5, 60)
    await deploy(ctx, "9", NOON, DeployStatus.STARTED)
    await said(ctx, NOON)
    await said(ctx, NOON, "ops")
    await tend_hung(ctx, NOON + minutes(15))
    assert await said(ctx, NOON + minutes(15)) == []
    for at in (NOON + minutes(16), NOON + minutes(17)):
        await tend_hung(ctx, at)
    card, reply = await said(ctx, NOON + minutes(17))
    assert "*unknown*: started" in card
    assert "it usually takes 5 min" in reply
    assert "look whether it hangs" in reply
    assert "check what is running there now" in (await said(ctx, NOON + minutes(17), "ops"))[1]
    await tend_hung(ctx, NOON + minutes(30))
    assert await said(ctx, NOON + minutes(30)) == []


async def test_it_is_corrected_when_its_end_comes_after_all(ctx: Context) -> None:
    await deploy(ctx, "9", NOON, DeployStatus.STARTED)
    await tend_hung(ctx, NOON + minutes(61))
    await said(ctx, NOON + minutes(61))
    await deploy(ctx, "9", NOON + minutes(90), DeployStatus.SUCCEEDED)
    assert await status(ctx, 1) is DeployStatus.SUCCEEDED
    assert "ended after all: done in 1 h 30 min" in "".join(await said(ctx, NOON + minutes(90)))


async def test_one_that_is_started_again_under_its_name_runs_again_and_may_hang_again(ctx: Context) -> None:
    await deploy(ctx, "9", NOON, DeployStatus.STARTED)
    await tend_hung(ctx, NOON + minutes(61))
    await said(ctx, NOON + minutes(61))
    again = NOON + minutes(90)
    await deploy(ctx, "9", again, DeployStatus.STARTED)
    assert await status(ctx, 1) is DeployStatus.STARTED
    card, corrected = await said(ctx, again)
    assert "running, started" in card
    assert "is heard of again: running, started" in corrected

    await tend_hung(ctx, again + minutes(60))
    assert await said(ctx, again + minutes(60)) == []
    await tend_hung(ctx, again + minutes(61))
    card, reply = await said(ctx, again + minutes(61))
    assert "*is unknown*" in reply
    async with ctx.reading() as store:
        parts = await store.outbox.channels_of("deploy:1", f"hung:{again + minutes(61):%Y%m%dT%H%M%S}")
    assert {"#payments-dev", "#payments-ops"} == set(parts), "a message of its own: an edit would be read by nobody"

    await deploy(ctx, "9", again + minutes(70), DeployStatus.SUCCEEDED)
    assert "ended after all: done in 1 h 10 min" in "".join(await said(ctx, again + minutes(70)))


async def test_without_history_the_configured_default_counts(ctx: Context) -> None:
    await deploy(ctx, "9", NOON, DeployStatus.STARTED)
    await tend_hung(ctx, NOON + minutes(60))
    assert await status(ctx, 1) is DeployStatus.STARTED
    await tend_hung(ctx, NOON + minutes(61))
    assert await status(ctx, 1) is DeployStatus.UNKNOWN


async def test_one_that_was_never_told_is_marked_in_silence(ctx: Context) -> None:
    await deploy(ctx, "9", NOON, DeployStatus.STARTED, is_told=False)
    await tend_hung(ctx, NOON + minutes(61))
    assert await status(ctx, 1) is DeployStatus.UNKNOWN
    assert await said(ctx, NOON + minutes(61)) == []


async def heard(ctx: Context, name: str, at: datetime, count: int = 1) -> None:
    one = Heard(name=name, kind="github", deliveries=count, first_received_at=at, last_received_at=at, last_event_at=at)
    async with ctx.transaction() as store:
        await store.sources.hear([one])


async def told(ctx: Context, at: datetime) -> list[str]:
    texts = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take("#twinspan-admin", at):
            message = await render(
                store,
                ctx.topology,
                subject=item.subject,
                part=item.part,
                side=item.side,
                channel=item.channel,
                params=item.params,
                at=at,
            )
            texts.append(message.text if message else "")
            await store.outbox.sent(item, at)
    return texts


async def test_the_admin_channel_hears_once_that_a_sender_is_silent_and_once_that_it_is_back(ctx: Context) -> None:
    for hour in range(3):
        await heard(ctx, "github", NOON + timedelta(hours=hour))
    late = NOON + timedelta(hours=27)
    await tell_silences(ctx, NOON + timedelta(hours=25))
    assert await told(ctx, late) == []
    await tell_silences(ctx, late)
    await tell_silences(ctx, late + minutes(1))
    (words,) = await told(ctx, late + minutes(1))
    assert "*github* is silent: last heard" in words
    await heard(ctx, "github", late + minutes(2))
    await tell_silences(ctx, late + minutes(3))
    await tell_silences(ctx, late + minutes(4))
    (words,) = await told(ctx, late + minutes(4))
    assert "*github* is heard again" in words
    assert "missed since" in words


async def test_a_sender_that_is_not_configured_any_more_is_not_missed(ctx: Context) -> None:
    await heard(ctx, "gone", NOON)
    await tell_silences(ctx, NOON + timedelta(days=30))
    assert await told(ctx, NOON + timedelta(days=30)) == []
