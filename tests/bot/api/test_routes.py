"""The API over real HTTP requests to the real application: pages, tokens, ETags, and what is said of mistakes."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from bot.api.asked import cursor
from bot.api.shapes import ChangeShape, DeployShape, IncidentShape, Report
from bot.app import World, build
from bot.database import Database
from bot.settings import Settings
from models.store.sources import Heard
from models.topology import Bridge, Service, Topology
from tests.support.histories import remember

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = MONDAY + timedelta(days=9)
TOPOLOGY = Topology(
    bridges=(Bridge(name="store", dev="#d", ops="#o", services=("shop", "billing")),),
    services=(Service(name="shop", aliases=("acme/shop",), owner="team-a"), Service(name="billing")),
)
AUTHORIZED = {"Authorization": "Bearer token-1"}


def deploy(number: int, **said: Any) -> dict[str, Any]:
    at = (MONDAY + timedelta(hours=number)).isoformat()
    return {
        "id": f"e{number}",
        "source": "ci",
        "type": "deploy",
        "occurred_at": at,
        "service": said.pop("service", "shop"),
        "environment": {"id": "production", "tier": "production"},
        "deploy": {"deploy_id": f"d{number}", "status": said.pop("status", "succeeded"), "finished_at": at, **said},
    }


INCIDENT = {
    "id": "i1",
    "source": "pager",
    "type": "incident",
    "occurred_at": (MONDAY + timedelta(hours=30)).isoformat(),
    "service": "shop",
    "incident": {"incident_id": "i1", "status": "triggered", "title": "slow", "severity": "sev2"},
}
CHANGE = {
    "id": "c1",
    "source": "ci",
    "type": "change",
    "occurred_at": MONDAY.isoformat(),
    "service": "billing",
    "change": {"change_id": "c1", "kind": "flag", "summary": "new flag"},
}


def settings(database: Database, *tokens: str) -> Settings:
    secret = SecretStr("xoxb-1")
    return Settings(
        database_url=database.url,
        slack_bot_token=secret,
        slack_signing_secret=secret,
        topology=TOPOLOGY,
        api_tokens=tokens,
    )


@asynccontextmanager
async def served(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    await remember(database, [*(deploy(n) for n in range(25)), deploy(99, status="failed"), INCIDENT, CHANGE])
    bot = build(settings(database, "token-0", "token-1"), world=World(now=lambda: NOW))
    transport = httpx.ASGITransport(bot)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot", headers=AUTHORIZED) as client:
        yield client
    await bot.database.close()


@pytest.fixture
async def api(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with served(database) as client:
        yield client


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """For what does not depend on the database."""
    database = Database(sqlite_url)
    async with served(database) as client:
        yield client
    await database.close()


async def test_numbers_come_with_the_period_before_and_a_history(api: httpx.AsyncClient) -> None:
    told = (await api.get("/api/metrics", params={"bridge": "store"})).json()
    assert ("store", "week", "UTC") == (told["scope"], told["period"], told["timezone"])
    assert (25, 1, ["d24"]) == tuple(
        told["now"][name] for name in ("deploys", "deploy_attempts_failed", "failed_deploy_ids")
    )
    assert told["previous"]["deploys"] is None
    assert 8 == len(told["history"])
    assert told["now"] == told["history"][-1]
    between = told["between"]
    assert (0, 1, 1) == tuple(between["now"][name] for name in ("both", "of", "no_cause"))
    assert between["previous"]["both"] is None
    assert (8, between["now"], between["previous"]) == (len(between["history"]), *between["history"][:-3:-1])


async def test_pages_follow_each_other_and_new_records_move_nothing(api: httpx.AsyncClient, database: Database) -> None:
    first = (await api.get("/api/deploys", params={"limit": 10, "service": "acme/shop"})).json()
    await remember(database, [deploy(200)])
    second = (await api.get("/api/deploys", params={"limit": 10, "cursor": first["next"]})).json()
    third = (await api.get("/api/deploys", params={"limit": 10, "cursor": second["next"]})).json()
    shown = [item["deploy_id"] for page in (first, second, third) for item in page["items"]]
    assert ["d99", *(f"d{n}" for n in range(24, -1, -1))] == shown
    assert third["next"] is None
    assert "said" not in first["items"][0]
    assert first["items"][0]["finished_at"].endswith("Z")


async def test_lists_are_narrowed(api: httpx.AsyncClient) -> None:
    failed = (await api.get("/api/deploys", params={"status": "failed"})).json()["items"]
    assert ["d99"] == [item["deploy_id"] for item in failed]
    since = {"since": "2026-03-02T20:00:00Z", "until": "2026-03-02T22:00:00+00:00"}
    assert ["d21", "d20"] == [i["deploy_id"] for i in (await api.get("/api/deploys", params=since)).json()["items"]]
    assert ["slow"] == [i["title"] for i in (await api.get("/api/incidents?status=triggered")).json()["items"]]
    assert [] == (await api.get("/api/incidents?service=billing")).json()["items"]
    assert ["new flag"] == [i["summary"] for i in (await api.get("/api/changes?service=billing")).json()["items"]]


async def test_what_did_not_change_is_not_sent_again(api: httpx.AsyncClient) -> None:
    first = await api.get("/api/incidents")
    again = await api.get("/api/incidents", headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status_code, again.content)
    assert 200 == (await api.get("/api/incidents", headers={"If-None-Match": '"other"'})).status_code


async def test_numbers_that_did_not_change_are_not_sent_again(api: httpx.AsyncClient, database: Database) -> None:
    clock = iter(NOW + timedelta(minutes=n) for n in range(100))
    bot = build(settings(database, "token-1"), world=World(now=lambda: next(clock)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(bot), base_url="http://bot", headers=AUTHORIZED
    ) as client:
        first = await client.get("/api/metrics")
        asked = {"If-None-Match": first.headers["etag"]}
        assert 304 == (await client.get("/api/metrics", headers=asked)).status_code
        await remember(database, [deploy(30)])
        assert 200 == (await client.get("/api/metrics", headers=asked)).status_code
    await bot.database.close()


async def test_a_zero_that_no_sender_could_have_contradicted_is_unknown(
    api: httpx.AsyncClient, database: Database
) -> None:
    long_ago = MONDAY - timedelta(days=21)
    await remember(database, [deploy(-21 * 24)])
    heard = Heard(
        name="ci",
        kind="generic",
        deliveries=1,
        first_received_at=long_ago,
        last_received_at=long_ago,
        last_event_at=long_ago,
    )
    async with database.transaction() as store:
        await store.sources.hear([heard])
    now = (await api.get("/api/metrics")).json()["now"]
    assert (25, 1, None, None) == tuple(now[n] for n in ("deploys", "failed_deploys", "rollbacks", "rework_deploys"))
    then = (await api.get("/api/metrics", params={"as_of": NOW.isoformat()})).json()["now"]
    assert (25, 0) == (then["deploys"], then["rollbacks"])


async def test_an_environment_has_the_names_of_the_configuration(api: httpx.AsyncClient) -> None:
    assert 25 == (await api.get("/api/metrics?environment=prod")).json()["now"]["deploys"]
    assert 26 == len((await api.get("/api/deploys?environment=PRD")).json()["items"])


@pytest.mark.parametrize(
    ("status", "hint", "method", "path"),
    [
        (404, "I know /api/metrics, /api/deploys, /api/changes, /api/incidents, /api/openapi.json.", "GET", "/api/x"),
        (405, "Use GET.", "POST", "/api/deploys"),
        (405, "Use GET.", "DELETE", "/api/metrics"),
    ],
)
async def test_what_is_not_there_is_said_in_json(
    lite: httpx.AsyncClient, status: int, hint: str, method: str, path: str
) -> None:
    answer = await lite.request(method, path)
    assert (status, hint) == (answer.status_code, answer.json()["hint"])


@pytest.mark.parametrize(
    "header", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}, {"Authorization": "Basic x"}]
)
async def test_without_the_token_nothing_is_told(lite: httpx.AsyncClient, header: dict[str, str]) -> None:
    answer = await lite.get("/api/metrics", headers=header)
    assert 401 == answer.status_code
    assert "Bearer" == answer.headers["www-authenticate"]


async def test_without_any_token_configured_the_api_is_closed(database: Database) -> None:
    bot = build(settings(database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(bot), base_url="http://bot") as client:
        answer = await client.get("/api/metrics")
    assert (404, "Set `api.tokens` in twinspan.yaml.") == (answer.status_code, answer.json()["hint"])
    await bot.database.close()


@pytest.mark.parametrize(
    ("field", "hint", "path"),
    [
        ("service", "Did you mean shop?", "/api/metrics?service=shpo"),
        ("bridge", "Did you mean store?", "/api/metrics?bridge=stroe"),
        ("team", "Did you mean team-a?", "/api/metrics?team=team-b"),
        ("bridge", "Give one of them.", "/api/metrics?service=shop&bridge=store"),
        ("date", "Write it like 2026-03-02.", "/api/metrics?date=2026-02-30"),
        ("timezone", "Did you mean Europe/Berlin?", "/api/metrics?timezone=Europe/Berln"),
        ("timezone", "Zones are called like Europe/Berlin.", "/api/metrics?timezone=Mars"),
        ("period", "Give day, week or month.", "/api/metrics?period=year"),
        ("as_of", "Write it like 2026-03-02T09:00:00Z.", "/api/metrics?as_of=2026-03-02"),
        ("perid", "Did you mean period?", "/api/metrics?perid=day"),
        ("limit", None, "/api/deploys?limit=501"),
        ("limit", None, "/api/deploys?limit=many"),
        ("cursor", "Give `next` of the page before, as it came.", "/api/deploys?cursor=abc"),
        ("status", "Did you mean failed?", "/api/deploys?status=fialed"),
        ("since", "Write it like 2026-03-02T09:00:00Z.", "/api/changes?since=monday"),
        ("bridge", "I know store.", "/api/metrics?bridge=shop"),
        ("team", "I know team-a.", "/api/metrics?team=store"),
        ("service", "I know shop, billing.", "/api/metrics?service=store"),
        ("environment", "Did you mean production?", "/api/metrics?environment=prodction"),
        ("date", "Write it like 2026-03-02.", "/api/metrics?date=0001-01-01"),
        ("date", "Write it like 2026-03-02.", "/api/metrics?date=9999-12-31"),
        ("date", None, "/api/metrics?date=2030-01-01"),
        ("as_of", "Write it like 2026-03-02T09:00:00Z.", "/api/metrics?as_of=0001-01-01T00:00:00Z"),
        ("service", "Give it once.", "/api/deploys?service=shop&service=billing"),
        ("until", None, "/api/deploys?since=2026-03-02T00:00:00Z&until=2026-03-02T00:00:00Z"),
    ],
)
async def test_a_wrong_parameter_is_named(lite: httpx.AsyncClient, field: str, hint: str | None, path: str) -> None:
    answer = await lite.get(path)
    assert 400 == answer.status_code
    told = answer.json()
    assert (field, hint) == (told["field"], told["hint"])


@pytest.mark.parametrize(
    ("field", "path"),
    [("environment", "/api/deploys?environment=%00"), ("cursor", f"/api/deploys?cursor={cursor(2**63)}")],
)
async def test_what_a_database_would_refuse_is_a_wrong_parameter(api: httpx.AsyncClient, field: str, path: str) -> None:
    answer = await api.get(path)
    assert (400, field) == (answer.status_code, answer.json()["field"])


async def test_the_document_describes_every_route_and_every_field(lite: httpx.AsyncClient) -> None:
    document = (await lite.get("/api/openapi.json")).json()
    assert "3.1.0" == document["openapi"]
    assert {"/api/metrics", "/api/deploys", "/api/changes", "/api/incidents"} == set(document["paths"])
    schemas = document["components"]["schemas"]
    item = (await lite.get("/api/deploys")).json()["items"][0]
    assert set(item) == set(schemas["Deploy"]["properties"])
    told = (await lite.get("/api/metrics")).json()
    assert set(told["now"]) == set(schemas["Numbers"]["properties"])
    assert set(told["between"]["now"]) == set(schemas["Between"]["properties"])
    for path, operation in document["paths"].items():
        for parameter in operation["get"]["parameters"]:
            answer = await lite.get(path, params={parameter["name"]: ""})
            assert 200 == answer.status_code, (path, parameter["name"])


async def test_a_deployment_shows_these_fields_and_none_that_the_memory_has_for_itself(lite: httpx.AsyncClient) -> None:
    names = """id source deploy_id service environment tier status status_at kind queued_at started_at finished_at
    version sha ref previous_sha repository actor title url rollout_id attempt additions deletions team fixes
    commits_known received_at"""
    answer = await lite.get("/api/openapi.json")
    assert names.split() == list(answer.json()["components"]["schemas"]["Deploy"]["properties"])
    assert names.split() == list((await lite.get("/api/deploys")).json()["items"][0])
    assert "remedy" not in answer.text.casefold()


async def test_answers_are_what_the_document_says(api: httpx.AsyncClient) -> None:
    for name, shape in (("deploys", DeployShape), ("changes", ChangeShape), ("incidents", IncidentShape)):
        item = (await api.get(f"/api/{name}")).json()["items"][0]
        assert item == json.loads(msgspec.json.encode(msgspec.convert(item, shape)))
    told = (await api.get("/api/metrics")).json()
    assert told == json.loads(msgspec.json.encode(msgspec.convert(told, Report)))


async def test_every_reference_of_the_document_leads_somewhere(lite: httpx.AsyncClient) -> None:
    answer = await lite.get("/api/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    assert set(schemas) == set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert "date-time" == schemas["Deploy"]["properties"]["received_at"]["format"]
