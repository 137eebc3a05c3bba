"""The door over real HTTP, with real signatures: each row of its table, and each way to be malformed."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock import utc_now
from bot.database import Database
from bot.sandbox.page.payloads import Commit, Rollout, github_deployment_status
from bot.settings import Settings
from models.store.deliveries import Delivery
from tests.support.stage import Stage, github_headers, stage

LIMIT = 256 * 1024
HEADERS = {"Content-Type": "application/json", "X-GitHub-Event": "ping", "X-GitHub-Delivery": "1"}


def small(settings: Settings) -> Settings:
    """Limit what a source may send."""
    sources = tuple(replace(source, max_bytes=LIMIT) for source in settings.topology.sources)
    return replace(settings, topology=replace(settings.topology, sources=sources))


@pytest.fixture
async def at_door(database_url: str) -> AsyncIterator[Stage]:
    async with stage(database_url, small) as running:
        yield running


@pytest.fixture
async def on_sqlite(sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(sqlite_url, small) as running:
        yield running


def rollout(repository: str = "acme/payments", number: int = 1) -> Rollout:
    commits = (Commit("Retry card charges", "ada", timedelta(hours=3)),)
    return Rollout(
        number=number,
        repository=repository,
        environment="production",
        ref="v2",
        actor="ada",
        description="payments 2",
        commits=commits,
    )


def deployed(state: str = "success", at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """Return what GitHub sends about a deployment."""
    return github_deployment_status(rollout(**more), state, 7, utc_now() - timedelta(minutes=9), at or utc_now())


def change(number: int, **more: Any) -> dict[str, Any]:
    """Return a generic event about a small change."""
    return {
        "id": f"e{number}",
        "source": "flags",
        "type": "change",
        "occurred_at": utc_now().isoformat(),
        "service": "payments",
        "change": {"change_id": f"c{number}", "summary": "Flag express-pay on", "status": "done"},
        **more,
    }


async def stored(at_door: Stage) -> list[Delivery]:
    async with at_door.bot.database.reading() as store:
        found = [await store.deliveries.get(number) for number in range(1, 30)]
    return [delivery for delivery in found if delivery]


async def test_what_is_new_is_stored_and_answered_202(at_door: Stage) -> None:
    answer = await at_door.github("deployment_status", deployed(), "72d3162e")

    assert (202, "application/json") == (answer.status_code, answer.headers["content-type"])
    assert {"status": "accepted", "delivery": 1} == answer.json()
    [delivery] = await stored(at_door)
    assert ("github", "72d3162e", "deployment_status") == (delivery.source, delivery.key, delivery.event)
    assert "x-hub-signature-256" not in delivery.headers


async def test_what_was_stored_before_is_a_duplicate_and_has_the_same_number(at_door: Stage) -> None:
    payload = deployed()
    first = await at_door.github("deployment_status", payload, "same")
    again = await at_door.github("deployment_status", payload, "same")

    assert (202, 200) == (first.status_code, again.status_code)
    assert {"status": "duplicate", "delivery": first.json()["delivery"]} == again.json()


async def test_of_many_sent_at_once_with_one_key_one_is_stored(at_door: Stage) -> None:
    payload = deployed()
    answers = await asyncio.gather(*(at_door.github("deployment_status", payload, "same") for _ in range(8)))

    assert [200] * 7 + [202] == sorted(answer.status_code for answer in answers)
    assert 1 == len(await stored(at_door))


@pytest.mark.parametrize("event", ["ping", "star"])
async def test_what_is_not_ours_is_ignored_with_its_reason(on_sqlite: Stage, event: str) -> None:
    answer = await on_sqlite.github(event, {"zen": "Keep it logically awesome."})

    assert (200, "ignored") == (answer.status_code, answer.json()["status"])
    assert answer.json()["reason"]
    assert [] == await stored(on_sqlite)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("sha256=" + "0" * 64, id="wrong"),
        pytest.param("sha1=" + "0" * 40, id="of the old kind"),
        pytest.param("sha256=zz", id="no hexadecimal"),
        pytest.param("sha256=é", id="not ASCII"),
    ],
)
async def test_who_does_not_prove_it_learns_nothing_but_401(on_sqlite: Stage, signature: str | None) -> None:
    headers = HEADERS | ({} if signature is None else {"X-Hub-Signature-256": signature})
    answer = await on_sqlite.http.post(
        "/webhooks/github", content=b"{}", headers=[(k.encode(), v.encode()) for k, v in headers.items()]
    )

    assert 401 == answer.status_code
    assert {"error": "signature or token missing or wrong"} == answer.json()
    assert [] == await stored(on_sqlite)


async def test_a_body_signed_with_another_secret_or_changed_on_the_way_is_401(on_sqlite: Stage) -> None:
    body = json.dumps(deployed()).encode()
    changed = await on_sqlite.http.post(
        "/webhooks/github", content=body + b" ", headers=github_headers("deployment_status", body, "1")
    )

    assert 401 == (await on_sqlite.github("deployment_status", body, secret="other")).status_code
    assert 401 == changed.status_code


@pytest.mark.parametrize("name", ["nobody", "", "github/", "github/x", "%00", "GITHUB", "..%2Fgithub"])
async def test_a_source_that_is_not_configured_is_404(on_sqlite: Stage, name: str) -> None:
    answer = await on_sqlite.http.post(f"/webhooks/{name}", content=b"{}", headers=HEADERS)

    assert 404 == answer.status_code
    assert "configured" in answer.json()["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_taken(on_sqlite: Stage, method: str) -> None:
    answer = await on_sqlite.http.request(method, "/webhooks/github")

    assert (405, "POST") == (answer.status_code, answer.headers["allow"])


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
async def test_anything_but_json_is_415(on_sqlite: Stage, media_type: str) -> None:
    headers = github_headers("ping", b"{}", "1") | {"Content-Type": media_type}

    assert 415 == (await on_sqlite.http.post("/webhooks/github", content=b"{}", headers=headers)).status_code


async def test_a_body_that_says_it_is_too_large_is_413(on_sqlite: Stage) -> None:
    answer = await on_sqlite.github("push", b"{" + b" " * LIMIT + b"}")

    assert 413 == answer.status_code
    assert str(LIMIT) in answer.json()["error"]


async def test_a_body_that_turns_out_too_large_in_chunks_is_413(on_sqlite: Stage) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * (LIMIT // 5)

    answer = await on_sqlite.http.post("/webhooks/github", content=chunks(), headers=HEADERS)

    assert 413 == answer.status_code
    assert 200 == (await on_sqlite.github("ping", {})).status_code


async def test_a_body_of_just_the_limit_in_chunks_is_taken(on_sqlite: Stage) -> None:
    body = b"{" + b" " * (LIMIT - 2) + b"}"

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, LIMIT, 1000):
            yield body[start : start + 1000]

    answer = await on_sqlite.http.post("/webhooks/github", content=chunks(), headers=github_headers("ping", body, "1"))

    assert 200 == answer.status_code


NESTED = b'{"deployment":' + b"[" * 20_000 + b"]" * 20_000 + b"}"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        pytest.param(b"", "$", id="empty"),
        pytest.param(b"{", "$", id="truncated"),
        pytest.param(b"deploy!", "$", id="not JSON"),
        pytest.param(gzip.compress(b"{}"), "$", id="compressed"),
        pytest.param(b"[]", "$", id="an array"),
        pytest.param(b"null", "$", id="null"),
        pytest.param(NESTED, "$", id="deeply nested"),
        pytest.param(b'{"deployment": "\xff\xfe"}', "$", id="invalid UTF-8"),
        pytest.param(b'{"deployment": NaN}', "$", id="NaN"),
        pytest.param(b'{"deployment": {}}', "$.deployment", id="a field missing"),
    ],
)
async def test_what_can_never_succeed_is_422_with_the_path(on_sqlite: Stage, body: bytes, path: str) -> None:
    answer = await on_sqlite.github("deployment_status", body)

    assert 422 == answer.status_code
    assert answer.json()["path"].startswith(path)
    assert answer.json()["error"]
    assert [] == await stored(on_sqlite)


@pytest.mark.parametrize("place", ["state", "id"])
async def test_a_field_of_the_wrong_type_is_named(on_sqlite: Stage, place: str) -> None:
    payload = deployed()
    (payload["deployment_status"] if place == "state" else payload["deployment"])[place] = {"no": "value"}
    answer = await on_sqlite.github("deployment_status", payload)

    assert (422, place) == (answer.status_code, answer.json()["path"].rpartition(".")[2])


async def test_a_nul_in_a_text_is_no_reason_to_lose_a_deploy(at_door: Stage) -> None:
    payload = deployed()
    payload["deployment"]["description"] = "two\x00 lines"
    answer = await at_door.github("deployment_status", payload)
    await at_door.settled()

    assert 202 == answer.status_code
    assert ["done"] == [delivery.state for delivery in await stored(at_door)]


async def test_a_time_of_over_a_day_ahead_is_422_and_of_an_hour_a_warning(on_sqlite: Stage) -> None:
    refused = await on_sqlite.github("deployment_status", deployed(at=utc_now() + timedelta(hours=25)))
    warned = await on_sqlite.github("deployment_status", deployed(at=utc_now() + timedelta(hours=1)))

    assert 422 == refused.status_code
    assert (202, True) == (warned.status_code, "in the future" in warned.json()["warnings"][0])


async def test_of_500_events_with_one_bad_the_others_are_stored_and_it_is_named(at_door: Stage) -> None:
    events = [change(number) for number in range(500)]
    del events[321]["change"]["change_id"]
    answer = await at_door.events(events)
    await at_door.applied(60)

    assert 202 == answer.status_code
    assert [(321, "$[321].change.change_id")] == [(r["index"], r["path"]) for r in answer.json()["rejected"]]
    async with at_door.bot.database.reading() as store:
        ledger = await store.changes.by_keys({("events", f"c{number}") for number in range(500)})
    assert 499 == len(ledger)


async def test_too_many_at_once_are_503_with_a_time_to_come_again(sqlite_url: str) -> None:
    async with stage(sqlite_url, lambda settings: replace(settings, queue_size=1)) as at_door:
        async with at_door.bot.database._turn:  # the one writer is busy for as long as it takes
            first = [asyncio.create_task(at_door.github("deployment_status", deployed())) for _ in range(4)]
            done, waiting = await asyncio.wait(first, timeout=2)
            answers = [task.result() for task in done]
        accepted = [await task for task in waiting]

    assert {503} == {answer.status_code for answer in answers}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert {202} == {answer.status_code for answer in accepted}


async def test_without_its_database_it_answers_503_and_stores_again_when_it_is_back(sqlite_url: str) -> None:
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    async with stage(sqlite_url) as at_door:
        working, at_door.bot.intake.in_turn = at_door.bot.intake.in_turn, away.in_turn
        refused = await at_door.github("deployment_status", deployed(), "one")
        at_door.bot.intake.in_turn = working
        accepted = await at_door.github("deployment_status", deployed(), "one")
    await away.close()

    assert (503, True) == (refused.status_code, int(refused.headers["retry-after"]) >= 1)
    assert 202 == accepted.status_code


async def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing(on_sqlite: Stage) -> None:
    host, _, port = on_sqlite.bot_url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = "\r\n".join(f"{name}: {value}" for name, value in (HEADERS | {"Content-Length": "100"}).items())
    writer.write(f"POST /webhooks/github HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{{".encode())
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()

    assert 200 == (await on_sqlite.github("ping", {})).status_code
    assert [] == await stored(on_sqlite)
