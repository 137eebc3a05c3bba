"""`/bridge`: status, mapping unknown names, trying refused messages again."""

from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.commands.bridge import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import Notice
from models.store.deliveries import NewDelivery
from models.store.sources import Heard
from tests.support.world import context, typed


async def say(ctx: Context, text: str, at: datetime) -> str:
    reply = await COMMAND.run(ctx, typed(text, at))
    assert reply.message is not None
    return str(reply.message.blocks)


async def hold(database: Database, at: datetime, kind: str, name: str) -> None:
    async with database.transaction() as store:
        delivery = NewDelivery(source="github", key=name, event="push", received_at=at, headers={}, body=b"")
        (stored,) = await store.deliveries.add_group([delivery])
        await store.names.hold([(stored.id, kind, name, "")])  # type: ignore[list-item]
        await store.deliveries.mark([stored.id], "held", at)


async def test_status_shows_who_was_heard_and_what_waits(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        early = at - timedelta(hours=30)
        await store.sources.hear(
            [
                Heard(
                    name="github",
                    kind="github",
                    deliveries=10,
                    first_received_at=early - timedelta(minutes=9),
                    last_received_at=early,
                    last_event_at=early,
                )
            ]
        )
        notice = Notice(subject="change:1", part="card", channel="#payments-dev", side="dev")
        await store.outbox.notify([notice], at - timedelta(minutes=2))
    await hold(database, at, "service", "acme/pay-api")
    shown = await say(context(database), "status", at)

    for words in [
        "#payments-dev ↔ #payments-ops",
        "*github* (github) silent, last heard",
        "*alerts* (alertmanager) was never heard",
        "1 message waits",
        "`acme/pay-api`: 1 delivery",
    ]:
        assert words in shown


@pytest.mark.parametrize(
    ("kind", "name", "target", "canonical"),
    [("service", "acme/pay-api", "pay", "payments"), ("environment", "live-eu", "prod", "production")],
)
async def test_mapping_a_name_releases_what_it_held(
    database: Database, at: datetime, kind: str, name: str, target: str, canonical: str
) -> None:
    ctx = context(database)
    await hold(database, at, kind, name)
    shown = await say(ctx, f"map {name} as {target}", at)

    assert f"`{name}` is {canonical} from now on" in shown
    assert "1 held delivery will be applied" in shown
    assert canonical == ctx.topology.mappings[kind, name]  # type: ignore[index]
    async with database.reading() as store:
        assert 1 == (await store.deliveries.counts())["waiting"]


async def test_refused_messages_are_tried_again(database: Database, at: datetime) -> None:
    ctx = context(database)
    async with database.transaction() as store:
        await store.outbox.notify([Notice(subject="change:1", part="card", channel="#payments-ops", side="ops")], at)
        item = await store.outbox.take("#payments-ops", at)
        assert item is not None
        await store.outbox.fail(item, "not_in_channel")

    assert "1 message to #payments-ops will be tried again" in await say(ctx, "retry <#C77|payments-ops>", at)
    assert "Nothing was refused in any channel" in await say(ctx, "retry", at)


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("Did you mean `/bridge status`", "staus"),
        ("Did you mean #payments-ops", "retry #payment-ops"),
        ("Did you mean payments", "map x as paymens"),
        ("Say it as", "map x"),
    ],
)
async def test_what_is_wrong_is_said(database: Database, at: datetime, complaint: str, text: str) -> None:
    with pytest.raises(UserError, match=complaint):
        await COMMAND.run(context(database), typed(text, at))


async def test_help_lists_every_command(database: Database, at: datetime) -> None:
    shown = await say(context(database), "", at)

    assert all(name in shown for name in ["/bridge", "/change", "/deploys", "/incident"])
