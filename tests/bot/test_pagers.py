"""Pagers over HTTP: what PagerDuty's Events API, Opsgenie and a plain webhook are sent, and what their answers mean."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.elsewhere import HttpElsewhere
from bot.pagers import writers
from bot.sandbox.serving import running
from bot.settings_environment import PagerDuty
from bot.settings_paging import Pager
from handlers.errors import CallFailure
from models.calls import Matter, Verb
from models.paging import PagerKind
from models.words import Severity
from tests.support.pagerduty import PagerDutyServer

KEY = "twinspan:INC-12:1:0123456789abcdef0123"
MATTER = Matter(
    number=12,
    key=KEY,
    sender_id="x",
    title="Checkout fails " + "ü" * 2_000,
    severity=Severity.SEV2,
    services=("payments", "checkout"),
    environment="production",
    started_at=datetime(2026, 3, 10, 1, tzinfo=UTC),
    link="https://acme.slack.com/archives/C1/p1",
    person="Ada",
)


@dataclass
class Hook:
    """A server that takes anything, and answers what the test says."""

    answer: Response = field(default_factory=lambda: JSONResponse({"result": "Request will be processed"}, 202))
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        body = await request.json()
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.asked.append((where, dict(request.headers), body))
        return self.answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with running(Starlette(routes=[Route("/{path:path}", self.__call__, methods=["POST"])])) as url:
            yield url


async def call(url: str, kind: PagerKind, what: Verb, key: str | None = "key-1") -> bool:
    pager = Pager(kind=kind, url=f"{url}/hook" if kind == "webhook" else url, key=key)
    elsewhere = HttpElsewhere(pagerduty=PagerDuty(), writers=writers({"night": pager}))
    return await elsewhere.call("pager:night", what, MATTER)


async def test_pagerduty_is_sent_events_that_belong_together() -> None:
    server = PagerDutyServer()
    async with server.running() as url:
        for what, state in (("page", "trigger"), ("acknowledge", "acknowledge"), ("resolve", "resolve")):
            assert await call(url, "pagerduty", what, server.routing_key)  # type: ignore[arg-type]
            assert state == server.alerts[KEY]
    _, path, body = server.asked[0]
    assert "/v2/enqueue" == path
    assert ("error", "payments, checkout", 1024) == (
        body["payload"]["severity"],
        body["payload"]["source"],
        len(body["payload"]["summary"]),
    )
    assert body["payload"]["summary"].startswith("SEV2 INC-12 Checkout fails")
    assert {"routing_key", "event_action", "dedup_key"} == set(server.asked[1][2])


async def test_a_wrong_integration_key_waits_for_a_person() -> None:
    async with PagerDutyServer().running() as url:
        with pytest.raises(CallFailure, match="Event object is invalid") as caught:
            await call(url, "pagerduty", "page", "S" * 32)
    assert ("invalid", True) == (caught.value.reason, caught.value.is_permanent)


async def test_opsgenie_is_sent_alerts_under_one_alias() -> None:
    hook = Hook()
    async with hook.running() as url:
        for what in ("page", "acknowledge", "resolve"):
            assert await call(url, "opsgenie", what)
    alias = "twinspan%3AINC-12%3A1%3A0123456789abcdef0123"
    (path, headers, body), *others = hook.asked
    assert ("/v2/alerts", "GenieKey key-1") == (path, headers["authorization"])
    assert ("P2", KEY, 130) == (body["priority"], body["alias"], len(body["message"]))
    assert all(isinstance(value, str) for value in body["details"].values())
    paths = [where.replace(alias, KEY) for where, _, _ in others]
    assert [f"/v2/alerts/{KEY}/{verb}?identifierType=alias" for verb in ("acknowledge", "close")] == paths


async def test_a_webhook_is_sent_json_with_a_key_that_makes_repeats_harmless() -> None:
    hook = Hook(Response(status_code=204))
    async with hook.running() as url:
        assert await call(url, "webhook", "page")
        assert await call(url, "webhook", "resolve", None)
    (path, headers, body), (_, later, _) = hook.asked
    assert ("/hook", "Bearer key-1", f"{KEY}:page") == (path, headers["authorization"], headers["idempotency-key"])
    assert "authorization" not in later
    assert ("page", KEY, "INC-12", "sev2", ["payments", "checkout"]) == (
        body["event"],
        body["key"],
        body["incident"],
        body["severity"],
        body["services"],
    )
    assert "2026-03-10T01:00:00+00:00" == body["started_at"]
    json.dumps(body)


@pytest.mark.parametrize(
    ("status", "reason", "is_permanent"),
    [
        (429, "rate_limited", False),
        (500, "http_500", False),
        (503, "http_503", False),
        (401, "refused", True),
        (403, "refused", True),
        (404, "not_found", True),
        (422, "invalid", True),
        (302, "http_302", True),
    ],
)
async def test_each_answer_says_whether_trying_again_can_help(status: int, reason: str, is_permanent: bool) -> None:
    hook = Hook(JSONResponse({"message": "because"}, status, headers={"location": "/other"}))
    async with hook.running() as url:
        for kind in ("opsgenie", "webhook"):
            with pytest.raises(CallFailure) as caught:
                await call(url, kind, "page")
            assert (reason, is_permanent) == (caught.value.reason, caught.value.is_permanent)


async def test_a_pager_that_does_not_answer_in_time_is_tried_again() -> None:
    pager = Pager(kind="webhook", url="http://127.0.0.1:9/")
    elsewhere = HttpElsewhere(pagerduty=PagerDuty(), writers=writers({"night": pager}))
    with pytest.raises(CallFailure, match="connection"):
        await elsewhere.call("pager:night", "page", MATTER)
