"""The day in a minute, and the lines to copy: both through a door that checks every signature."""

import asyncio
import json
from collections import Counter

import httpx

from bot.clock import utc_now
from bot.sandbox.page import ScenarioDoor
from bot.sandbox.page.curl import curl_lines
from bot.sandbox.page.day import DAY
from bot.sandbox.page.scenario import Scenario
from handlers.generic_event import read_generic
from models.reports import ChangeReport, DeployReport
from tests.bot.sandbox_page.conftest import SECRETS, Stage


def scenario(stage: Stage, door: ScenarioDoor | None = None) -> Scenario:
    return Scenario(
        stage.sandbox.workspace, stage.sandbox.actor, door or ScenarioDoor(stage.bot_url, SECRETS), DAY, pace=0
    )


async def test_the_day_is_sent_signed_and_lived_by_people(stage: Stage) -> None:
    day = scenario(stage)
    await day.run()
    assert ("The day is done.", "", False) == (day.progress.saying, day.progress.failure, day.progress.running)
    assert 0 == stage.bot.refused
    assert Counter(github=14, gitlab=2, alertmanager=2, events=1) == Counter(source for source, _ in stage.bot.webhooks)
    assert ["/change", "/deploys", "/digest"] == [form["command"] for form in stage.bot.commands]
    pressed = stage.bot.interactions[0]
    assert ("ack", "mira") == (pressed["actions"][0]["action_id"], pressed["user"]["username"])
    assert 2 == sum(len(stage.texts(channel)) for channel in ("payments-dev", "payments-ops")) - 1


async def test_the_day_has_each_rollout_in_order_one_failure_and_a_hotfix(stage: Stage) -> None:
    await scenario(stage).run()
    told = [body for source, body in stage.bot.webhooks if source == "github" and "deployment" in body]
    by_deployment: dict[int, list[str]] = {}
    for body in told:
        by_deployment.setdefault(body["deployment"]["id"], []).append(body["deployment_status"]["state"])
    assert [["queued", "in_progress", end] for end in ("success", "success", "failure", "success")] == list(
        by_deployment.values()
    )
    assert {"deploy", "deploy:hotfix"} == {body["deployment"]["task"] for body in told}
    pushed = [body for source, body in stage.bot.webhooks if source == "github" and "commits" in body]
    assert pushed[0]["after"] == told[0]["deployment"]["sha"]


async def test_an_alert_that_fires_and_resolves_is_the_same_alert(stage: Stage) -> None:
    await scenario(stage).run()
    firing, resolved = (body["alerts"] for source, body in stage.bot.webhooks if source == "alertmanager")
    assert [(a["fingerprint"], a["startsAt"]) for a in firing] == [(a["fingerprint"], a["startsAt"]) for a in resolved]
    assert resolved[0]["endsAt"] > resolved[0]["startsAt"]


async def test_a_minute_is_about_a_minute() -> None:
    assert 50 <= sum(step.after for step in DAY) <= 75


async def test_a_door_that_refuses_ends_the_day_and_says_so(stage: Stage) -> None:
    day = scenario(stage, ScenarioDoor(stage.bot_url, SECRETS | {"github": "wrong"}))
    await day.run()
    assert "/webhooks/github answered 401" in day.progress.failure
    assert not day.progress.running


async def test_a_door_that_is_shut_ends_the_day_and_says_so(stage: Stage) -> None:
    day = scenario(stage, ScenarioDoor("http://127.0.0.1:9", SECRETS))
    await day.run()
    assert "did not answer (ConnectError)" in day.progress.failure


async def test_the_day_is_started_watched_and_stopped_from_the_page(stage: Stage) -> None:
    assert "Play a day in a minute" in (await stage.http.get("/")).text
    await stage.post("scenario", on=True)
    await stage.sandbox.workspace.until(lambda: len(stage.bot.commands) == 3, within=20)
    async with asyncio.timeout(10):
        while "The day is done." not in (await stage.http.get("/")).text:
            await asyncio.sleep(0.05)
    await stage.post("scenario", on=False)


async def test_every_line_to_copy_is_let_in_by_the_door(stage: Stage) -> None:
    lines = curl_lines(ScenarioDoor(stage.bot_url, SECRETS))
    assert 5 == len(lines)
    for line in lines:
        shell = await asyncio.create_subprocess_exec("bash", "-c", line.shell, stdout=asyncio.subprocess.PIPE)
        out, _ = await shell.communicate()
        assert {"status": "accepted"} == json.loads(out), line.title
    assert 0 == stage.bot.refused


async def test_what_is_sent_in_the_generic_form_is_what_the_bot_reads(stage: Stage) -> None:
    await scenario(stage).run()
    for line in curl_lines(ScenarioDoor(stage.bot_url, SECRETS)):
        await (await asyncio.create_subprocess_exec("bash", "-c", line.shell, stdout=asyncio.subprocess.DEVNULL)).wait()
    generic = [body for source, body in stage.bot.webhooks if source == "events"]
    assert [ChangeReport, ChangeReport, DeployReport] == [type(read_generic(body, utc_now())) for body in generic]


async def test_a_sandbox_without_a_door_offers_neither_a_day_nor_lines(stage: Stage) -> None:
    assert [] == curl_lines(None)
    quiet = Scenario(stage.sandbox.workspace, stage.sandbox.actor, None, DAY)
    quiet.start()
    await quiet.run()
    assert [] == stage.bot.webhooks
    assert isinstance(await stage.http.get("/"), httpx.Response)
