"""Why a message was posted, and what became of what was to be said, by channel."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from handlers.actions import Press
from handlers.actions.delivery import ACTIONS as DELIVERY
from handlers.actions.why import ACTIONS as WHYS
from handlers.bookkeeping import Told, book
from handlers.commands.bridge import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.views import Message
from handlers.views.delivery_ledger import OPEN_FAILED, OPEN_WAITING, RETRY
from handlers.views.layout import actions, button, header, section
from handlers.views.menu import with_menu
from handlers.views.why import WHY
from models.records import MessageRef
from models.reports import DeployReport
from models.store.deliveries import NewDelivery
from models.words import DeployStatus
from tests.handlers.test_freezes import said
from tests.support.world import context, typed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database)


async def deploy(ctx: Context, status: DeployStatus, at: datetime) -> None:
    """Let a delivery come in and be applied."""
    report = DeployReport(
        service="payments", environment="production", deploy_id="1", status=status, actor="Zoe", occurred_at=at
    )
    raw = NewDelivery(
        source="github", key=f"k{status}", event="deployment_status", received_at=at, headers={}, body=b""
    )
    async with ctx.transaction() as store:
        (stored,) = await store.deliveries.add_group([raw])
        booked = await book(store, ctx.topology, [Told(stored.id, "github", at, report)])
        await store.outbox.notify(booked.notices, at)


async def posted(ctx: Context, part: str = "card") -> None:
    reference = MessageRef(
        subject="deploy:1", part=part, side="dev", channel="#payments-dev", channel_id="C1", ts="1.2"
    )
    async with ctx.transaction() as store:
        await store.messages.remember(reference, NOON)


def press(value: str = WHY, ts: str = "1.2") -> Press:
    return Press(
        user_id="U1",
        user_name="Ada",
        value=value,
        trigger_id="t",
        request_id="r",
        at=NOON,
        channel_id="C1",
        message_ts=ts,
    )


async def pressed(ctx: Context, name: str, value: str) -> str:
    outcome = await DELIVERY.buttons[name](ctx, press(value))
    assert outcome.message
    return outcome.message.text + str(outcome.message.blocks)


async def test_whoever_asks_is_told_the_rule_the_deliveries_and_the_history(ctx: Context) -> None:
    await deploy(ctx, DeployStatus.STARTED, NOON)
    await deploy(ctx, DeployStatus.SUCCEEDED, NOON + 60 * SECOND)
    assert "'Why did I get this?'" in (await said(ctx, NOON + 65 * SECOND))[0]
    await posted(ctx)
    outcome = await WHYS.menu[WHY](ctx, press())
    assert outcome.message
    shown = str(outcome.message.blocks)
    assert "deploy #1, its message" in shown
    assert "`bridge`: this is the dev channel of the bridge *payments*, which hears of payments" in shown
    assert "2 changes so far wanted it said" in shown
    assert "5 s after it was wanted" in shown
    assert "delivery 1" in shown
    assert "delivery 2" in shown
    assert "*Throttle* none" in shown


async def test_a_throttled_channel_says_until_when(ctx: Context) -> None:
    await deploy(ctx, DeployStatus.STARTED, NOON)
    await posted(ctx)
    async with ctx.transaction() as store:
        await store.channels.pause("#payments-dev", NOON + 30 * SECOND, "ratelimited")
    outcome = await WHYS.menu[WHY](ctx, press())
    assert outcome.message
    assert "held up until" in str(outcome.message.blocks)
    assert "not said yet" in str(outcome.message.blocks)


async def test_what_was_pruned_is_said_to_be_forgotten(ctx: Context) -> None:
    await posted(ctx)
    outcome = await WHYS.menu[WHY](ctx, press())
    assert outcome.message
    assert "forgotten by now" in str(outcome.message.blocks)


async def test_a_message_that_nobody_knows_says_so(ctx: Context) -> None:
    with pytest.raises(UserError, match="I know nothing of that message"):
        await WHYS.menu[WHY](ctx, press(ts="9.9"))


@pytest.mark.parametrize(
    ("blocks", "where"),
    [
        ((section("a"), actions(button("b", "b", "b"))), 0),
        ((header("a"), actions(button("b", "b", "b"))), 1),
        ((header("a"),), 1),
        ((section("a", button("b", "b", "b")), section("c")), 1),
    ],
)
def test_the_menu_stands_where_it_takes_no_room(blocks: tuple[dict[str, object], ...], where: int) -> None:
    asked = with_menu(Message(text="a", blocks=blocks), asks=False)
    assert [WHY in str(block) for block in asked.blocks].index(True) == where


async def delivery(ctx: Context, text: str = "delivery") -> str:
    reply = await COMMAND.run(ctx, typed(text, NOON))
    assert reply.message
    return reply.message.text + str(reply.message.blocks)


async def test_before_anything_was_posted_every_channel_says_so(ctx: Context) -> None:
    shown = await delivery(ctx)
    assert "nothing waits" in shown
    assert shown.count("nothing delivered yet") == len(ctx.topology.channels)


async def test_the_ledger_says_what_waits_and_opens_it(ctx: Context) -> None:
    await deploy(ctx, DeployStatus.STARTED, NOON)
    shown = await delivery(ctx, "delivery #payments-ops")
    assert "1 waiting" in shown
    assert "the oldest waits since" in shown
    assert "payments-dev" not in shown
    assert "deploy #1, its message" in await pressed(ctx, OPEN_WAITING, "#payments-ops")


async def test_what_was_refused_is_named_and_tried_again(ctx: Context) -> None:
    await deploy(ctx, DeployStatus.STARTED, NOON)
    async with ctx.transaction() as store:
        item = await store.outbox.take("#payments-ops", NOON)
        assert item
        await store.outbox.fail(item, "not_in_channel")
    shown = await delivery(ctx)
    assert "1 failed" in shown
    assert "not_in_channel" in shown
    assert "deploy #1, its message" in await pressed(ctx, OPEN_FAILED, "#payments-ops")
    assert "1 message to" in await pressed(ctx, RETRY, "#payments-ops")
    assert "📭 Nothing was refused" in await pressed(ctx, OPEN_FAILED, "#payments-ops")


async def test_a_channel_that_is_misspelt_is_suggested(ctx: Context) -> None:
    with pytest.raises(UserError, match="#payments-ops"):
        await delivery(ctx, "delivery #payment-ops")
