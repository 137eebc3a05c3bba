"""The inbox: what is stored becomes records and words once, whatever comes twice, late, broken or unknown."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import replay, sweeps
from bot.clock import utc_now
from bot.sandbox.page.payloads import alertmanager_group
from handlers.webhooks import Parsed, WebhookRequest
from models.records import Deploy, Incident
from models.store.deliveries import Delivery
from models.topology import WebhookSource
from tests.bot.test_door import change, deployed
from tests.support.stage import DEV, OPS, Stage, stage

ALERTS = (("ErrorRateHigh", "7 % of charges fail"), ("LatencyHigh", "p99 is 4.2 s"))


@pytest.fixture
async def running(database_url: str) -> AsyncIterator[Stage]:
    async with stage(database_url) as started:
        yield started


async def deploys(running: Stage) -> list[Deploy]:
    async with running.bot.database.reading() as store:
        return list(await store.deploys.recent())


async def delivery(running: Stage, number: int) -> Delivery:
    async with running.bot.database.reading() as store:
        found = await store.deliveries.get(number)
    assert found is not None
    return found


async def test_a_delivery_told_twice_and_a_late_one_leave_one_deploy_and_one_message(running: Stage) -> None:
    now = utc_now()
    done, late = deployed("success", now), deployed("queued", now - timedelta(minutes=8))
    for payload, key in ((done, "1"), (done, "1"), (done, "redelivered by hand"), (late, "2")):
        await running.github("deployment_status", payload, key)
    await running.settled()

    assert ["succeeded"] == [deploy.status for deploy in await deploys(running)]
    assert [1, 1] == [len(running.seen.messages(channel)) for channel in (DEV, OPS)]


async def test_what_raises_is_kept_with_its_error_and_applied_after_a_fix(running: Stage) -> None:
    kinds = dict(running.bot.apply.kinds)

    def broken(request: WebhookRequest, source: WebhookSource) -> Parsed:
        raise KeyError("an oversight")

    running.bot.apply.kinds = kinds | {"github": _replaced(kinds["github"], broken)}
    await running.github("deployment_status", deployed())
    await running.events(change(1))
    await running.settled()
    failed = await delivery(running, 1)
    assert ("failed", "KeyError: 'an oversight'") == (failed.state, failed.error)
    assert 1 == len(running.seen.messages(DEV)), "the change beside it is told"

    running.bot.apply.kinds = kinds
    assert 1 == await replay.replay(running.bot.settings)
    await running.settled()
    assert "done" == (await delivery(running, 1)).state
    assert 2 == len(running.seen.messages(DEV))


async def test_what_cannot_be_written_fails_alone(running: Stage) -> None:
    """A record that the database refuses breaks its batch; its neighbours are applied without it."""
    kinds = dict(running.bot.apply.kinds)

    def too_long(request: WebhookRequest, source: WebhookSource) -> Parsed:
        parsed = kinds["github"].parse(request, source)
        reports = tuple(_with_lone_surrogate(report) for report in parsed.reports)
        return Parsed(key=parsed.key, event=parsed.event, reports=reports)

    running.bot.apply.kinds = kinds | {"github": _replaced(kinds["github"], too_long)}
    await running.events(change(1))
    await running.github("deployment_status", deployed())
    await running.events(change(2))
    await running.settled()

    assert ["done", "failed", "done"] == [(await delivery(running, number)).state for number in (1, 2, 3)]
    assert (await delivery(running, 2)).error


async def test_an_unknown_service_is_held_warned_about_and_applied_once_mapped(running: Stage) -> None:
    answer = await running.github("deployment_status", deployed(repository="acme/billing"))
    await running.settled()
    assert "unknown service 'acme/billing'" in answer.json()["warnings"][0]
    assert "held" == (await delivery(running, 1)).state
    assert [] == await deploys(running)

    async with running.bot.database.transaction() as store:
        await store.names.map("service", "acme/billing", "payments", by="Ada", at=utc_now())
    await sweeps.load_mappings(running.bot.ctx)
    await running.settled()
    assert [("payments", "succeeded")] == [(deploy.service, deploy.status) for deploy in await deploys(running)]
    assert [1, 1] == [len(running.seen.messages(channel)) for channel in (DEV, OPS)]
    assert "done" == (await delivery(running, 1)).state


async def test_an_event_in_two_deliveries_is_acted_on_once(running: Stage) -> None:
    await running.events([change(1), change(2)])
    await running.events([change(2), change(3)])
    await running.settled()

    assert 3 == len(running.seen.messages(DEV)) == len(running.seen.messages(OPS))


async def test_the_alerts_of_a_group_join_one_leader_and_one_message(running: Stage) -> None:
    began = utc_now() - timedelta(minutes=4)
    for alerts in (ALERTS[:1], ALERTS):
        answer = await running.events(alertmanager_group("payments", alerts, began, None), "alertmanager")
        assert 202 == answer.status_code
    await running.settled()

    first, second = sorted(await _incidents(running), key=lambda incident: incident.id)
    assert (first.id, first.id) == (first.leader_id, second.leader_id)
    assert [1, 1] == [len(running.seen.messages(channel)) for channel in (DEV, OPS)]

    await running.events(alertmanager_group("payments", ALERTS, began, utc_now()), "alertmanager")
    await running.settled()
    assert ["resolved", "resolved"] == [incident.status for incident in await _incidents(running)]
    assert [1, 1] == [len(running.seen.messages(channel)) for channel in (DEV, OPS)]


@pytest.mark.parametrize(
    "text", ["<!channel> @here *bold* <https://evil.example|click>", "\u202eevil", "x" * 5000, "&lt;!here&gt;"]
)
async def test_hostile_text_pings_nobody_and_breaks_no_message(running: Stage, text: str) -> None:
    payload = deployed()
    payload["deployment"]["description"] = text
    payload["deployment"]["creator"]["login"] = text[:200]
    await running.github("deployment_status", payload)
    await running.settled()

    for channel in (DEV, OPS):
        [shown] = running.seen.shown(channel)
        assert "<!channel>" not in shown
        assert "<!here>" not in shown
        assert "<https://evil" not in shown


async def _incidents(running: Stage) -> list[Incident]:
    async with running.bot.database.reading() as store:
        return list(await store.incidents.members(1))


def _replaced(kind: Any, parse: Any) -> Any:
    return replace(kind, parse=parse)


def _with_lone_surrogate(report: Any) -> Any:
    return replace(report, title="\ud800")
