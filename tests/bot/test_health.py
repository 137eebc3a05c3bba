"""Alive, ready, degraded: what a load balancer and Prometheus are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request

from bot.app import build
from bot.clock import utc_now
from bot.database import Database
from bot.delivery_gauges import DeliveryGauges
from bot.demo import SECRET, Demo, demo
from bot.health import Health
from bot.sandbox.app import build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.serving import running
from bot.settings import Settings
from bot.telemetry import Metrics
from models.topology import Topology
from tests.support.webhooks import github_deployment_status, sign_github


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo(tmp_path / "demo.db") as running_demo:
        yield running_demo


async def ask(base: str, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=base) as client:
        return await client.get(path)


async def test_a_running_bot_is_alive_and_ready(stage: Demo) -> None:
    assert "ok\n" == (await ask(stage.bot_url, "/livez")).text
    ready = await ask(stage.bot_url, "/readyz")
    parts = ("database", "inbox", "door", "gate", "outbox", "schedule", "slack")
    assert (200, {"status": "ready"} | dict.fromkeys(parts, "ok")) == (ready.status_code, ready.json())


async def test_slack_being_away_is_degraded_but_ready_for_webhooks(stage: Demo) -> None:
    stage.sandbox.workspace.add_fault("down")
    ready = await ask(stage.bot_url, "/readyz")
    assert (200, "degraded") == (ready.status_code, ready.json()["status"])
    assert ready.json()["slack"].startswith("does not answer (")


async def test_a_token_that_slack_refuses_is_said_in_slacks_word(stage: Demo) -> None:
    stage.sandbox.workspace.add_fault("error", method="auth.test", error="invalid_auth")
    ready = await ask(stage.bot_url, "/readyz")
    assert (200, "degraded", "invalid_auth") == (ready.status_code, ready.json()["status"], ready.json()["slack"])


async def test_a_database_that_is_away_makes_the_bot_unready_and_its_counters_are_still_told() -> None:
    async def slack() -> None: ...

    away, elapsed = Database("postgresql+asyncpg://nobody:s3cret@127.0.0.1:9/none"), asyncio.get_running_loop().time
    health = Health(
        reading=away.reading,
        workers=lambda: {"inbox": True},
        slack=slack,
        metrics=Metrics(),
        gauges=DeliveryGauges(aside=away.aside, topology=Topology, now=utc_now, elapsed=elapsed),
        now=utc_now,
        elapsed=elapsed,
    )
    ready = await health.readyz(Request({"type": "http"}))
    told = await health.prometheus(Request({"type": "http", "headers": []}))
    await away.close()

    assert 503 == ready.status_code
    expected = {"status": "unready", "database": "does not answer (Unavailable)", "inbox": "ok", "slack": "ok"}
    assert expected == json.loads(bytes(ready.body))
    assert (200, True) == (told.status_code, b"twinspan_deliveries_total" in bytes(told.body))


async def test_a_worker_that_stopped_makes_the_bot_unready(stage: Demo) -> None:
    worker = next(task for task in asyncio.all_tasks() if task.get_name() == "inbox")
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    ready = await ask(stage.bot_url, "/readyz")
    assert (503, "unready", "stopped") == (ready.status_code, ready.json()["status"], ready.json()["inbox"])


async def test_prometheus_reads_what_came_in_and_what_waits(stage: Demo) -> None:
    body = github_deployment_status()
    headers = {
        "content-type": "application/json",
        "x-github-event": "deployment_status",
        "x-github-delivery": "1",
        "x-hub-signature-256": sign_github(SECRET, body),
    }
    async with httpx.AsyncClient(base_url=stage.bot_url) as client:
        answer = await client.post("/webhooks/github", content=body, headers=headers)
    assert 202 == answer.status_code
    text = (await ask(stage.bot_url, "/metrics")).text
    assert 'twinspan_deliveries_total{outcome="accepted",source="github"} 1.0' in text
    for name in (
        'twinspan_waiting{queue="calls"}',
        "twinspan_waiting",
        "twinspan_oldest_waiting_seconds",
        "twinspan_group_seconds_count",
    ):
        assert name in text
    async with httpx.AsyncClient(base_url=stage.bot_url, headers={"accept": "application/openmetrics-text"}) as client:
        answer = await client.get("/metrics")
    assert "application/openmetrics-text; version=1.0.0; charset=utf-8" == answer.headers["content-type"]
    assert answer.text.endswith("\n# EOF\n")


async def test_a_lost_socket_is_said(sqlite_url: str) -> None:
    config = SandboxConfig(clock=utc_now, mode="socket")
    sandbox = build_sandbox(config)
    async with sandbox.running() as slack:
        settings = Settings(
            database_url=sqlite_url,
            slack_bot_token=SecretStr(config.bot_token),
            slack_app_token=SecretStr(config.app_token),
            slack_api_url=f"{slack}/api/",
        )
        bot = build(settings)
        async with running(bot):
            await asyncio.wait_for(_until_connected(bot.ask_slack), 10)
            sandbox.workspace.add_fault("down")
            with pytest.raises(Exception):  # noqa: B017  # slack_sdk raises what aiohttp does
                await bot.ask_slack()


async def _until_connected(ask_slack: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await ask_slack()
        except ConnectionError:
            await asyncio.sleep(0.05)
        else:
            return
