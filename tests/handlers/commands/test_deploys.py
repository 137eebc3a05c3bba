"""`/deploys`: what it understands and what it lists."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from handlers.commands.deploys import COMMAND, Query, parse
from handlers.errors import UserError
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY, context, typed

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query(), ""),
        (Query(service="payments", environment="production"), "pay prod"),
        (Query(environment="staging", since=MIDNIGHT - timedelta(days=1)), "yesterday !staging"),
        (Query(since=MIDNIGHT), "today"),
        (Query(service="payments", environment="production", since=MIDNIGHT), "of payments in prod since today"),
        (Query(service="checkout", since=MIDNIGHT + timedelta(hours=7)), "2h checkout"),
        (Query(since=datetime(2026, 2, 20, tzinfo=UTC)), "2026-02-20"),
    ],
)
def test_words_come_in_any_order(query: Query, text: str, at: datetime) -> None:
    assert query == parse(text, TOPOLOGY, at)


def test_an_unknown_word_is_asked_about(at: datetime) -> None:
    with pytest.raises(UserError, match="Did you mean `yesterday`"):
        parse("payments yesterdya", TOPOLOGY, at)


async def test_the_newest_are_listed_first_with_the_small_changes_below(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.deploys.add_many(
            [
                samples.deploy(deploy_id="1", version="1.4.1", finished_at=at - timedelta(hours=3)),
                samples.deploy(deploy_id="2", version="1.4.2"),
                samples.deploy(deploy_id="3", version="9.9.9", environment="staging"),
            ]
        )
        await store.changes.add(samples.change())
    reply = await COMMAND.run(context(database), typed("payments prod 2d", at))

    assert reply.message is not None
    shown = str(reply.message.blocks)
    assert 0 < shown.index("1.4.2") < shown.index("1.4.1") < shown.index("raise the pool to 40")
    assert "9.9.9" not in shown


async def test_nothing_is_said_as_none(database: Database, at: datetime) -> None:
    reply = await COMMAND.run(context(database), typed("checkout", at))

    assert reply.message is not None
    assert "Deploys of checkout: none." == reply.message.text
