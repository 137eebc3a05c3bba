"""A real Alertmanager fires and resolves: each side sees one message, edited, and the thread says when it is over."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import utc_now
from bot.settings import Settings
from models.records import Incident
from tests.support.alertmanager import PROGRAM, alertmanager
from tests.support.stage import DEV, OPS, SECRET, Stage, stage, until

pytestmark = [
    pytest.mark.alertmanager,
    pytest.mark.skipif(PROGRAM is None, reason="no prometheus-alertmanager (Debian: prometheus-alertmanager)"),
]

BEARER = f"authorization: {{type: Bearer, credentials: {SECRET}}}"
ERRORS, SLOW = ("PaymentsErrorRateHigh", "7.4 % of charges fail"), ("PaymentsLatencyHigh", "p99 is 4.2 s")


async def incidents(running: Stage) -> list[Incident]:
    async with running.bot.database.reading() as store:
        return await store.incidents.members(1)


async def statuses(running: Stage) -> list[str]:
    return [str(incident.status) for incident in await incidents(running)]


async def until_statuses(running: Stage, *expected: str) -> None:
    """Wait for Alertmanager to tell, and for the bot to say it."""

    async def seen() -> bool:
        return list(expected) == sorted(await statuses(running)) and await running.is_settled()

    await until(seen, 40)


async def test_a_group_of_two_is_one_message_on_each_side_from_the_first_fire_to_the_last_end(
    running: Stage, tmp_path: Path
) -> None:
    began, seen = utc_now() - timedelta(minutes=3), running.seen
    url = f"{running.bot_url}/webhooks/alertmanager"
    async with alertmanager(url, tmp_path, credentials=BEARER) as monitor:
        await monitor.tell(*ERRORS, began)
        await until_statuses(running, "triggered")
        first = [message.ts for channel in (DEV, OPS) for message in seen.messages(channel)]
        before = seen.shown(OPS)

        await monitor.tell(*SLOW, began + timedelta(minutes=1))
        await until_statuses(running, "triggered", "triggered")
        await monitor.tell(*ERRORS, began, utc_now())
        await until_statuses(running, "resolved", "triggered")
        between = seen.shown(OPS)
        await monitor.tell(*SLOW, began + timedelta(minutes=1), utc_now())
        await until_statuses(running, "resolved", "resolved")

    assert first == [message.ts for channel in (DEV, OPS) for message in seen.messages(channel)], "the same, edited"
    assert 3 == len({*before, *between, *seen.shown(OPS)})
    for channel in (DEV, OPS):
        [card] = seen.messages(channel)
        assert "resolved" in card.text.lower()
        assert "7.4 % of charges fail" in str(card.blocks)
        assert "resolved" in seen.replies(channel)[-1].text.lower()


async def test_what_it_repeats_while_it_fires_says_nothing_new(running: Stage, tmp_path: Path) -> None:
    url = f"{running.bot_url}/webhooks/alertmanager"
    async with alertmanager(url, tmp_path, credentials=BEARER, repeat="1s") as monitor:
        await monitor.tell(*ERRORS, utc_now() - timedelta(minutes=3))
        await until_statuses(running, "triggered")
        calls = running.seen.called("chat.update")
        await until(lambda: _exposed(running, "duplicate"), 30)
        await running.settled()

    assert [1, 1] == [len(running.seen.messages(channel)) for channel in (DEV, OPS)]
    assert calls == running.seen.called("chat.update")


async def test_while_the_bot_is_away_it_keeps_trying_and_nothing_is_lost(database_url: str, tmp_path: Path) -> None:
    began = utc_now() - timedelta(minutes=3)
    async with stage(database_url) as first:
        port = int(first.bot_url.rpartition(":")[2])
    url = f"http://127.0.0.1:{port}/webhooks/alertmanager"
    async with alertmanager(url, tmp_path, credentials=BEARER) as monitor:
        await monitor.tell(*ERRORS, began)
        async with stage(database_url, port=port) as again:
            await until_statuses(again, "triggered")
            assert [1, 1] == [len(again.seen.messages(channel)) for channel in (DEV, OPS)]


def with_username(settings: Settings) -> Settings:
    sources = tuple(replace(source, username="prometheus") for source in settings.topology.sources)
    return replace(settings, topology=replace(settings.topology, sources=sources))


async def test_it_may_prove_itself_with_a_name_and_a_password(sqlite_url: str, tmp_path: Path) -> None:
    async with stage(sqlite_url, with_username) as running:
        basic = f"basic_auth: {{username: prometheus, password: {SECRET}}}"
        url = f"{running.bot_url}/webhooks/alertmanager"
        async with alertmanager(url, tmp_path, credentials=basic) as monitor:
            await monitor.tell(*ERRORS, utc_now())
            await until_statuses(running, "triggered")


async def _exposed(running: Stage, outcome: str) -> bool:
    return f'outcome="{outcome}"' in running.bot.metrics.exposition()[0].decode()
