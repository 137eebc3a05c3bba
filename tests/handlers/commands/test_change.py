"""`/change` in one line: what it understands, what it stores, whom it tells."""

from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.change_log import Draft, end_undo
from handlers.commands.change import COMMAND, parse
from handlers.errors import UserError
from models.topology import Service, Topology
from models.words import ChangeKind, Risk
from tests.support.world import TOPOLOGY, context, typed


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        (Draft(service="payments", summary="raised the pool to 40"), "payments: raised the pool to 40"),
        (Draft(service="payments", summary="raised the pool"), "PAY raised the pool"),
        (Draft(service="payments", summary="raised: the pool"), "acme/payments: raised: the pool"),
        (
            Draft(
                service="payments",
                summary="dropped index #42",
                environment="production",
                risk=Risk.EMERGENCY,
                kind=ChangeKind.SCHEMA,
                revert="create it: see #42 !prod",
            ),
            "payments: dropped !prod index #42 #emergency #Schema revert: create it: see #42 !prod",
        ),
    ],
)
def test_a_line_is_understood(draft: Draft, text: str) -> None:
    assert draft == parse(text, TOPOLOGY)


@pytest.mark.parametrize("text", ["open-search: raised the pool", "open-search raised the pool"])
def test_a_service_may_begin_like_a_verb(text: str) -> None:
    topology = Topology(services=(Service(name="open-search"),))
    assert Draft(service="open-search", summary="raised the pool") == parse(text, topology)


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("I know no service “paymets”. Did you mean payments?", "paymets: raised the pool"),
        ("I know no service “zzz”. I know payments, checkout.", "zzz did something"),
        ("payments has no environment “prdo”. Did you mean `!prd`?", "payments: raised it !prdo"),
        ("What changed?", "payments: !prod #standard"),
        ("What changed?", "payments"),
        ("Which service? Its name comes first. I know payments, checkout.", ": raised the pool"),
        ("Which change? Say its number, such as `/change undo 12`.", "undo"),
        ("Which change? Say its number, such as `/change undo 12`.", "Undo the pool"),
        ("Which change? Say its number, such as `/change extend 12`.", "extend"),
        ("I know no service “undo”.", "undo: the pool"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_meant(complaint: str, text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, TOPOLOGY)

    assert complaint in str(caught.value)


async def test_a_change_is_stored_once_and_both_channels_are_told(database: Database, at: datetime) -> None:
    ctx = context(database)
    for _ in range(2):
        reply = await COMMAND.run(ctx, typed("payments: raised the pool !prod revert: lower it", at))

    async with database.reading() as store:
        (change,) = await store.changes.recent()
        queues = await store.outbox.queues()
    assert ("payments", "production", "raised the pool", "lower it", "Ada", at) == (
        change.service,
        change.environment,
        change.summary,
        change.revert,
        change.actor,
        change.occurred_at,
    )
    assert [("#payments-dev", 1), ("#payments-ops", 1)] == [(q.channel, q.waiting) for q in queues]
    assert reply.message is not None
    assert f"Logged as #{change.id}" in reply.message.text
    assert "Undo" == reply.message.blocks[0]["accessory"]["text"]["text"]


async def test_anybody_undoes_a_change_within_its_time_and_only_once(database: Database, at: datetime) -> None:
    ctx = context(database)
    await COMMAND.run(ctx, typed("payments: raised the pool", at))
    reply = await COMMAND.run(ctx, typed("undo 1", at + timedelta(minutes=9), by="Ben", request_id="t2"))

    assert reply.message is not None
    assert "Undone: #1" in reply.message.text
    async with database.reading() as store:
        assert [] == await store.changes.recent()
        (change,) = await store.changes.recent(include_undone=True)
    assert "Ben" == change.undone_by
    with pytest.raises(UserError, match="undone already, by Ben"):
        await COMMAND.run(ctx, typed("undo #1", at + timedelta(minutes=9), request_id="t3"))


async def test_a_change_is_not_undone_after_its_time(database: Database, at: datetime) -> None:
    ctx = context(database)
    await COMMAND.run(ctx, typed("payments: raised the pool", at))

    with pytest.raises(UserError, match="could be undone until 2026-03-02 09:10 UTC"):
        await COMMAND.run(ctx, typed("undo 1", at + timedelta(minutes=10), request_id="t2"))


async def test_a_change_that_does_not_exist_cannot_be_undone(database: Database, at: datetime) -> None:
    with pytest.raises(UserError, match="There is no small change #12"):
        await COMMAND.run(context(database), typed("undo 12", at))


async def test_without_text_a_form_opens(database: Database, at: datetime) -> None:
    reply = await COMMAND.run(context(database), typed("", at))

    assert reply.modal is not None
    fields = [block["block_id"] for block in reply.modal.view["blocks"]]
    assert ["service", "what", "environment", "risk", "revert", "until"] == fields


async def test_help_shows_examples(database: Database, at: datetime) -> None:
    reply = await COMMAND.run(context(database), typed("help", at))

    assert reply.message is not None
    assert "/change undo 12" in str(reply.message.blocks)


async def test_undo_is_taken_off_the_cards_when_its_time_ends(database: Database, at: datetime) -> None:
    ctx = context(database)
    await COMMAND.run(ctx, typed("payments: raised the pool", at))
    ends = at + timedelta(minutes=10)
    async with database.transaction() as store:
        for channel in ("#payments-dev", "#payments-ops"):
            item = await store.outbox.take(channel, at)
            assert item is not None
            await store.outbox.sent(item, at)

    assert 0 == await end_undo(ctx, since=at, at=ends - timedelta(seconds=1))
    assert 1 == await end_undo(ctx, since=ends - timedelta(seconds=1), at=ends)
    assert 0 == await end_undo(ctx, since=ends, at=ends + timedelta(minutes=1))
    async with database.reading() as store:
        assert [1, 1] == [queue.waiting for queue in await store.outbox.queues()]
