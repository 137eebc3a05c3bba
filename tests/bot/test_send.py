import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.__main__ import main
from bot.sandbox.serving import running
from bot.send import Delivery, Door, Exit, World, deliver, event
from handlers.webhooks import WebhookRequest
from handlers.webhooks.events import SOURCE
from models.topology import WebhookSource

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
DEPLOY = {"service": "payments", "environment": "production", "status": "succeeded"}


@dataclass
class Bot:
    """A door that answers as it is told, in order, the last answer for ever."""

    answers: list[Response]
    heard: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        self.heard.append((request.url.path, request.headers, await request.body()))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = Starlette(routes=[Route("/webhooks/{source}", self.receive, methods=["POST"])])
        async with running(app) as url:
            yield url


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    @property
    def world(self) -> World:
        return World(now=lambda: AT, sleep=self.sleep, elapsed=lambda: self.now, jitter=lambda: 1.0)


async def sent_to(bot: Bot, clock: Clock | None = None, body: bytes = b"{}") -> Delivery:
    async with bot.running() as url, httpx.AsyncClient() as client:
        door = Door(server=f"{url}/", source="ci", token="s3cret")
        return await deliver(door, body, (clock or Clock()).world, client=client)


def made(type: Any, fields: Mapping[str, str | None], job: str | None = "ci_job_id:77") -> dict[str, Any]:
    return event(type, fields, source="ci", at=AT, job=job, new_id=lambda: "new")


def test_a_deploy_is_the_generic_event() -> None:
    fields = {**DEPLOY, "sha": "abc", "previous_sha": "aaa", "version": "1.2", "actor": "ada", "kind": None}
    assert {
        "id": "ci_job_id:77:deploy:ci_job_id:77:payments:production:succeeded",
        "source": "ci",
        "type": "deploy",
        "occurred_at": "2026-11-02T08:00:00+00:00",
        "service": "payments",
        "actor": "ada",
        "environment": {"id": "production"},
        "deploy": {
            "deploy_id": "ci_job_id:77:payments:production",
            "status": "succeeded",
            "version": "1.2",
            "git": {"commit_sha": "abc", "previous_sha": "aaa"},
        },
    } == made("deploy", fields)


def test_a_change_and_an_incident_hold_their_own_fields() -> None:
    change = made("change", {"service": "payments", "summary": "limit 50 -> 80", "status": "done", "risk": "normal"})
    assert {
        "change_id": "ci_job_id:77:payments:21a5c8fb",
        "summary": "limit 50 -> 80",
        "status": "done",
        "risk": "normal",
    } == change["change"]
    incident = made("incident", {"service": "payments", "id": "disk", "title": "Disk full", "status": "triggered"})
    assert {"incident_id": "disk", "title": "Disk full", "status": "triggered"} == incident["incident"]
    assert "title" not in incident


def test_a_retried_job_is_a_duplicate_and_by_hand_every_event_is_new() -> None:
    assert made("deploy", DEPLOY)["id"] == made("deploy", DEPLOY)["id"]
    assert made("deploy", DEPLOY)["id"] != made("deploy", {**DEPLOY, "status": "started"})["id"]
    assert (
        made("deploy", DEPLOY)["deploy"]["deploy_id"]
        == made("deploy", {**DEPLOY, "status": "started"})["deploy"]["deploy_id"]
    )
    by_hand = made("deploy", {**DEPLOY, "id": "release-7"}, job=None)
    assert ("new", "release-7") == (by_hand["id"], by_hand["deploy"]["deploy_id"])


def test_a_job_may_change_several_things_and_meet_several_incidents() -> None:
    one, other = (made("change", {"service": "payments", "status": "done", "summary": s}) for s in ("a", "b"))
    assert one["id"] != other["id"]
    assert one["change"]["change_id"] != other["change"]["change_id"]
    disk, net = (made("incident", {"service": "payments", "status": "triggered", "title": t}) for t in ("a", "b"))
    over = made("incident", {"service": "payments", "status": "resolved", "title": "a"})
    assert disk["incident"]["incident_id"] == over["incident"]["incident_id"] != net["incident"]["incident_id"]


async def test_it_posts_to_the_source_with_its_token() -> None:
    bot = Bot([JSONResponse({"status": "accepted", "delivery": 17}, 202)])
    assert Delivery(code=Exit.STORED, line="stored as delivery 17") == await sent_to(bot, body=b'{"a":1}')
    ((path, headers, body),) = bot.heard
    assert ("/webhooks/ci", "Bearer s3cret", "application/json", b'{"a":1}') == (
        path,
        headers["authorization"],
        headers["content-type"],
        body,
    )


async def test_a_signature_is_one_the_bot_accepts_and_keeps_the_token_here() -> None:
    bot = Bot([JSONResponse({"status": "accepted"}, 202)])
    async with bot.running() as url, httpx.AsyncClient() as client:
        door = Door(server=url, source="a b", token="clé", signs=True)
        await deliver(door, b"{}", Clock().world, client=client)
    ((path, headers, body),) = bot.heard
    source = WebhookSource(name="a b", kind="events", secrets=("clé",))
    SOURCE.verify(WebhookRequest(headers=headers, body=body, at=AT), source)
    assert ("/webhooks/a b", None) == (path, headers.get("authorization"))


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (JSONResponse({"status": "duplicate", "delivery": 3}), (Exit.STORED, "already stored as delivery 3")),
        (
            JSONResponse({"status": "accepted", "delivery": 3, "warnings": ["5 min ahead"]}, 202),
            (Exit.STORED, "stored as delivery 3; warning: 5 min ahead"),
        ),
        (
            JSONResponse({"error": "is missing", "path": "$.service"}, 422),
            (Exit.REFUSED, "refused (422) at $.service: is missing"),
        ),
        (JSONResponse({"error": "no source 'ci'"}, 404), (Exit.REFUSED, "refused (404): no source 'ci'")),
        (
            Response(status_code=301, headers={"location": "/x"}),
            (Exit.REFUSED, "refused (301): Moved Permanently; is 127.0.0.1 Twinspan's address?"),
        ),
        (Response("<html>"), (Exit.REFUSED, "refused: this address does not answer like Twinspan")),
        (
            JSONResponse({"status": "ignored", "reason": "unknown_type"}),
            (Exit.REFUSED, "ignored: unknown_type"),
        ),
        (
            JSONResponse(
                {"status": "accepted", "rejected": [{"index": 1, "path": "$[1].id", "error": "is missing"}]}, 202
            ),
            (Exit.REFUSED, "refused in part, the rest is stored: event 1 at $[1].id: is missing"),
        ),
    ],
)
async def test_how_it_ended_is_one_clear_line(answer: Response, ended: tuple[Exit, str]) -> None:
    delivery = await sent_to(Bot([answer]))
    assert ended == (delivery.code, delivery.line)


async def test_it_tries_again_while_the_bot_is_busy_and_waits_as_long_as_it_is_asked_to() -> None:
    clock = Clock()
    busy = [
        Response(status_code=503, headers={"retry-after": "7"}),
        Response(status_code=429),
        Response(status_code=502),
    ]
    delivery = await sent_to(Bot([*busy, JSONResponse({"status": "accepted"}, 202)]), clock)
    assert (Exit.STORED, [7.0, 2.0, 4.0]) == (delivery.code, clock.pauses)


async def test_it_gives_up_when_its_patience_is_over() -> None:
    clock = Clock()
    delivery = await sent_to(Bot([Response(status_code=503)]), clock)
    assert Exit.NOT_DELIVERED == delivery.code
    assert delivery.line.endswith("answered 503 (gave up after 60 s)")
    assert [1.0, 2.0, 4.0, 8.0, 16.0] == clock.pauses


async def test_a_bot_that_is_not_there_is_tried_again_too() -> None:
    clock = Clock()
    async with httpx.AsyncClient() as client:
        door = Door(server="http://127.0.0.1:1", source="ci", token="s3cret", patience=2)
        delivery = await deliver(door, b"{}", clock.world, client=client)
    assert ([1.0], Exit.NOT_DELIVERED) == (clock.pauses, delivery.code)
    assert "http://127.0.0.1:1 cannot be reached (ConnectError)" in delivery.line


def run(*arguments: str, stdin: str = "", **variables: str | None) -> tuple[int, str]:
    clean = dict.fromkeys(["TWINSPAN_URL", "TWINSPAN_TOKEN", "TWINSPAN_TOKEN_FILE"])
    found = CliRunner().invoke(main, ["send", *arguments], input=stdin, env={**clean, **variables})
    return found.exit_code, found.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["deploy"], "Missing --server or TWINSPAN_URL"),
        (["deploy", "--server", "http://127.0.0.1:1"], "Missing --token-file or TWINSPAN_TOKEN"),
        (["deploy", "--server", "bot.example", "--token", "x"], "not a web address"),
        (["deploy", "--server", "http://127.0.0.1:1", "--token", "x"], "Missing --service"),
        (["incident", "--server", "http://127.0.0.1:1", "--token", "x", "--service", "a"], "Missing --title"),
        (["deploy", "--status", "done"], "'done' is not one of 'queued', 'started'"),
        (["change", "--server", "http://127.0.0.1:1", "--token", "x", "--file", "-"], "The file is not JSON"),
        (["deploy", "--server", "http://127.0.0.1:1", "--token", "x", "--token-file", "y"], "not both"),
        (["deploy", "--server", "http://127.0.0.1:99999", "--token", "x"], "not a web address"),
        (["deploy", "--server", "http://", "--token", "x"], "not a web address"),
        (["deploy", "--server", "http://127.0.0.1:1", "--token", "clé"], "use --sign"),
        (["deploy", "--server", "http://127.0.0.1:1", "--token", "two\nlines"], "use --sign"),
        (["nothing"], "No such command"),
    ],
)
def test_a_wrong_command_line_says_what_is_missing(arguments: list[str], complaint: str) -> None:
    code, output = run(*arguments, stdin="not json")
    assert (2, True) == (code, complaint in output), output


def test_what_cannot_be_delivered_exits_with_1_and_never_says_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    environ = {"TWINSPAN_URL": "http://127.0.0.1:1", "TWINSPAN_TOKEN_FILE": str(tmp_path / "token")}
    code, output = run("deploy", "--file", "-", "--timeout", "0", stdin=json.dumps({"id": "1"}), **environ)
    assert 1 == code
    assert "not delivered: http://127.0.0.1:1 cannot be reached" in output
    assert "s3cret" not in output
