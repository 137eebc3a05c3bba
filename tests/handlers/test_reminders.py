"""Reminders, said and stopped: by the state of the incident, by people, across restarts and two processes."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.acting import By
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.reminders import dismiss, remind, snooze
from handlers.speech import render
from models.records import MessageRef
from tests.support.world import context, typed

MINUTE = timedelta(minutes=1)
OPS = "#payments-ops"


@pytest.fixture
async def ctx(database: Database, at: datetime) -> Context:
    made = context(database)
    await _type(made, "open sev1 payments: checkout fails", at)
    await remind(made, at)
    return made


async def _type(ctx: Context, text: str, at: datetime) -> None:
    await COMMAND.run(ctx, typed(text, at, request_id=f"{text}{at}"))


async def parts(ctx: Context, at: datetime, channel: str = OPS) -> list[str]:
    """Take what is to be said in a channel, and record it as said."""
    found = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take(channel, at):
            await store.outbox.sent(item, at)
            ref = MessageRef(
                subject=item.subject, part=item.part, side="ops", channel=channel, channel_id="C2", ts=f"{item.id}.0"
            )
            await store.messages.remember(ref, at)
            found.append(item.part)
    return [part for part in found if "remind" in part]


async def words(ctx: Context, part: str, at: datetime) -> str | None:
    async with ctx.reading() as store:
        said = await render(
            store, ctx.topology, subject="incident:1", part=part, side="ops", channel=OPS, params={}, at=at
        )
    return said.text if said else None


async def test_what_nobody_has_is_said_in_the_ops_channel_and_taken_back_when_somebody_has_it(
    ctx: Context, at: datetime
) -> None:
    late = at + 5 * MINUTE
    await remind(ctx, late)
    assert ["loud:remind:unacknowledged:1"] == await parts(ctx, late)
    assert [] == await parts(ctx, late, "#payments-dev")
    assert "nobody has" in str(await words(ctx, "loud:remind:unacknowledged:1", late))

    await _type(ctx, "ack", late + MINUTE)
    await remind(ctx, late + 2 * MINUTE)
    assert ["loud:remind:unacknowledged:1"] == await parts(ctx, late + 2 * MINUTE)
    assert "☑️ INC-1: somebody has it now." == await words(ctx, "loud:remind:unacknowledged:1", late + 2 * MINUTE)
    await remind(ctx, late + 20 * MINUTE)
    assert [] == await parts(ctx, late + 20 * MINUTE)


async def test_a_reminder_that_waited_while_its_reason_went_is_not_said(ctx: Context, at: datetime) -> None:
    await remind(ctx, at + 5 * MINUTE)
    await _type(ctx, "ack", at + 6 * MINUTE)
    assert await words(ctx, "loud:remind:unacknowledged:1", at + 7 * MINUTE) is None


async def test_the_lead_is_reminded_of_an_update_until_there_is_one(ctx: Context, at: datetime) -> None:
    await _type(ctx, "ack", at)
    await _type(ctx, "assign me", at)
    late = at + 31 * MINUTE
    await remind(ctx, late)
    assert ["remind:update:1"] == await parts(ctx, late)
    assert ["remind:update:1"] == await parts(ctx, late, "U1")
    assert "<@U1>: an update on" in str(await words(ctx, "remind:update:1", late))
    await remind(ctx, late + 30 * MINUTE)
    assert ["remind:update:2"] == await parts(ctx, late + 30 * MINUTE)
    await _type(ctx, "update half is back", late + 31 * MINUTE)
    await remind(ctx, late + 32 * MINUTE)
    assert "news since" in str(await words(ctx, "remind:update:2", late + 32 * MINUTE))


async def test_two_processes_say_it_once(ctx: Context, at: datetime) -> None:
    late = at + 5 * MINUTE
    await asyncio.gather(remind(ctx, late), remind(ctx, late))
    assert 1 == len(await parts(ctx, late))


async def test_what_is_snoozed_waits_and_what_is_dismissed_ends(ctx: Context, at: datetime) -> None:
    late = at + 5 * MINUTE
    await remind(ctx, late)
    await parts(ctx, late)
    by = By(name="Ben", request_id="r", at=late)
    await snooze(ctx, 1, 30 * MINUTE, by, "unacknowledged")
    await remind(ctx, late + 29 * MINUTE)
    assert [] == await parts(ctx, late + 29 * MINUTE)
    await remind(ctx, late + 30 * MINUTE)
    assert ["loud:remind:unacknowledged:2"] == await parts(ctx, late + 30 * MINUTE)
    await dismiss(ctx, 1, By(name="Ben", request_id="r2", at=late + 31 * MINUTE))
    await remind(ctx, at + timedelta(days=3))
    assert ["remind:open:1"] == await parts(ctx, at + timedelta(days=3))


async def test_snoozing_what_is_over_is_said(ctx: Context, at: datetime) -> None:
    await _type(ctx, "resolve", at)
    with pytest.raises(UserError, match="INC-1 is resolved: nothing reminds of it any more"):
        await _type(ctx, "snooze INC-1 30m", at)
    with pytest.raises(UserError, match="For how long"):
        await _type(ctx, "snooze INC-1 soon", at)


async def test_a_test_reminds_nobody(database: Database, at: datetime) -> None:
    ctx = context(database)
    await _type(ctx, "open test sev1 payments: a drill", at)
    await remind(ctx, at + timedelta(days=1))
    assert [] == await parts(ctx, at + timedelta(days=1))
