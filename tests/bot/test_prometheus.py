import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from structlog.testing import capture_logs

from bot.prometheus import Prometheus, operations
from bot.sandbox.serving import running
from bot.settings_operations import PrometheusServer
from models.operations import Objective, OperationsReading
from models.topology import Service

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
PROMISE = Objective(target=0.999, availability_query="up{job='$service'}[$window]")
PAYMENTS = Service(name="payments", operations=PROMISE)
LOGIN_PAGE = "<!doctype html><title>Sign in</title>"


def said(result: Any, kind: str = "vector", **more: Any) -> Response:
    return JSONResponse({"status": "success", "data": {"resultType": kind, "result": result}, **more})


def vector(*values: str) -> Response:
    return said([{"metric": {"pod": str(n)}, "value": [END.timestamp(), value]} for n, value in enumerate(values)])


def refused(status: int, error: str) -> Response:
    return JSONResponse({"status": "error", "errorType": "bad_data", "error": error}, status)


@dataclass
class StandIn:
    """An address that answers queries as it is told, and remembers what it was asked."""

    url: str = ""
    answer: Callable[[], Response] = lambda: vector("0.9995")
    answers: dict[str, Callable[[], Response]] = field(default_factory=dict)
    delay: float = 0
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            request = Request(scope, receive)
            form = dict(parse_qsl((await request.body()).decode()))
            self.asked.append((scope["path"], form, dict(request.headers)))
            await asyncio.sleep(self.delay)
            await self.answers.get(form["query"], self.answer)()(scope, receive, send)
        finally:
            self.at_once -= 1

    async def read(self, *services: Service, **server: Any) -> list[OperationsReading]:
        prometheus = Prometheus(PrometheusServer(url=self.url, **server))
        return await prometheus.read(services or [PAYMENTS], START, END)


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    async with running(stand_in) as url:
        stand_in.url = url
        yield stand_in


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: HTMLResponse(LOGIN_PAGE), "a web page answers, not Prometheus (200)"),
        (lambda: HTMLResponse(LOGIN_PAGE, 404), "a web page answers, not Prometheus (404)"),
        (lambda: RedirectResponse("/login"), "the address leads elsewhere (307): to a login page?"),
        (lambda: HTMLResponse("<h1>Bad gateway</h1>", 502), "Prometheus answers 502"),
        (lambda: PlainTextResponse("oops", 500), "Prometheus answers 500"),
        (lambda: Response(status_code=405), "Prometheus answers 405"),
        (lambda: Response(status_code=204), "what answers is not Prometheus"),
        (lambda: HTMLResponse(LOGIN_PAGE, 401), "Prometheus refuses the credentials (401)"),
        (lambda: PlainTextResponse("no", 403), "Prometheus refuses the credentials (403)"),
        (lambda: refused(422, "query timed out in\n evaluation"), "Prometheus says: query timed out in evaluation"),
        (lambda: refused(400, "x" * 500), f"Prometheus says: {'x' * 159}…"),
        (lambda: JSONResponse({"status": "UP"}), "what answers is not Prometheus"),
        (lambda: JSONResponse([1]), "what answers is not Prometheus"),
        (lambda: JSONResponse({"status": "success"}), "what answers is not Prometheus"),
        (lambda: said({"a": 1}), "what answers is not Prometheus"),
        (lambda: vector("many"), "what answers is not Prometheus"),
        (lambda: Response(b"\xff\xfe"), "what answers is not Prometheus"),
        (lambda: Response(b"[" * 100_000), "what answers is not Prometheus"),
        (lambda: Response(b" " * 2_000_000), "the answer is too large: sum the series up to one"),
        (lambda: vector(), "no data"),
        (lambda: vector("1", "1"), "the query gives several series; sum them up to one"),
        (lambda: vector("NaN"), "not a number, as where nothing happened"),
        (lambda: vector("+Inf"), "not a number, as where nothing happened"),
        (lambda: vector("99.95"), "gives 99.95, which is not between 0 and 1"),
        (lambda: said([{"metric": {}, "histogram": [1, {}]}]), "the query gives a histogram"),
    ],
)
async def test_whatever_answers_without_a_number_costs_the_number_and_says_why(
    server: StandIn, answer: Callable[[], Response], reason: str
) -> None:
    server.answer = answer
    [reading] = await server.read()
    numbers = (reading.availability, reading.latency_s, reading.error_budget_left, reading.burn_rate)
    assert (None, None, None, None) == numbers
    assert reading.reason is not None
    assert reason in reading.reason
    assert {None} >= {value for _, value in reading.points}


async def test_a_number_gives_budget_and_burn_rate(server: StandIn) -> None:
    [reading] = await server.read()
    assert 0.9995 == reading.availability
    assert pytest.approx(0.5) == reading.burn_rate
    assert pytest.approx(0.5) == reading.error_budget_left


async def test_a_scalar_is_a_number_too_and_a_warning_is_logged(server: StandIn) -> None:
    server.answer = lambda: said([1.5, "0.25"], "scalar", warnings=["a store did not answer"])
    latency = Service(name="payments", operations=Objective(latency_query="scalar(x)"))
    with capture_logs() as logs:
        [reading] = await server.read(latency)
    assert 0.25 == reading.latency_s
    assert {"prometheus_warning"} <= {line["event"] for line in logs}


async def test_what_is_asked_has_the_period_the_budget_and_the_steps_of_the_chart(server: StandIn) -> None:
    await server.read()
    asked = {(path, form["query"]): form for path, form, _ in server.asked}
    end = END.timestamp()
    assert [
        ("/api/v1/query", "up{job='payments'}[2419200s]"),
        ("/api/v1/query", "up{job='payments'}[86400s]"),
        ("/api/v1/query_range", "up{job='payments'}[1800s]"),
    ] == sorted(asked)
    assert {f"{end:.3f}"} == {form["time"] for (path, _), form in asked.items() if path.endswith("query")}
    chart = asked["/api/v1/query_range", "up{job='payments'}[1800s]"]
    first = f"{START.timestamp() + 1800:.3f}"
    assert (first, f"{end:.3f}", "1800") == (chart["start"], chart["end"], chart["step"])
    assert "10000ms" == chart["timeout"]


async def test_steps_that_are_not_there_are_gaps(server: StandIn) -> None:
    ends = [START.timestamp() + 1800 * n for n in (1, 2, 48)]
    values = [[ends[0], "1"], [ends[1], "NaN"], [ends[2], "0.5"]]
    server.answer = lambda: said([{"metric": {}, "values": values}], "matrix")
    [reading] = await server.read()
    assert 48 == len(reading.points)
    assert [(0, 1.0), (47, 0.5)] == [(n, value) for n, (_, value) in enumerate(reading.points) if value is not None]


async def test_credentials_headers_and_a_path_are_sent(server: StandIn) -> None:
    await server.read(token="t0ken", headers=(("X-Scope-OrgID", "acme"),))
    path, _, headers = server.asked[0]
    assert ("Bearer t0ken", "acme") == (headers["authorization"], headers["x-scope-orgid"])
    server.url += "/prometheus"
    await server.read(username="me", password="pässword")
    path, _, headers = server.asked[-1]
    assert path.startswith("/prometheus/api/v1/query")
    basic = base64.b64encode("me:pässword".encode()).decode()
    assert f"Basic {basic}" == headers["authorization"]


async def test_a_slow_one_is_waited_for_no_longer_than_the_limit(server: StandIn) -> None:
    server.delay = 5
    began = time.monotonic()
    [reading] = await server.read(timeout=0.3)
    assert time.monotonic() - began < 2
    assert "Prometheus does not answer within 0.3 s" == reading.reason


async def test_however_many_services_a_slow_one_is_asked_of_a_reading_ends(server: StandIn) -> None:
    server.delay = 5
    services = [Service(name=f"s{n}", operations=PROMISE) for n in range(40)]
    began = time.monotonic()
    readings = await server.read(*services, timeout=0.2)
    assert time.monotonic() - began < 3
    assert [service.name for service in services] == [reading.service for reading in readings]
    assert "Prometheus does not answer within 0.6 s" == readings[-1].reason


async def test_one_line_of_the_log_says_what_is_missing_of_every_service(server: StandIn) -> None:
    server.answer = vector
    with capture_logs() as logs:
        await server.read(PAYMENTS, Service(name="checkout", operations=PROMISE))
    [line] = logs
    assert ("no_operations_numbers", "no data") == (line["event"], line["reason"])
    assert ["payments", "checkout"] == line["services"]


async def test_few_queries_run_at_once(server: StandIn) -> None:
    server.delay = 0.01
    readings = await server.read(*(Service(name=f"s{n}", operations=PROMISE) for n in range(20)))
    assert {0.9995} == {reading.availability for reading in readings}
    assert 4 == server.most_at_once


async def test_one_bad_query_costs_the_others_nothing(server: StandIn) -> None:
    server.answers["b"] = vector
    objective = Objective(availability_query="a", latency_query="b")
    [reading] = await server.read(Service(name="payments", operations=objective))
    assert (0.9995, None, "latency: no data") == (reading.availability, reading.latency_s, reading.reason)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://-.invalid-\u200b:9090"])
async def test_one_that_is_not_there_is_said_at_once(url: str) -> None:
    prometheus = Prometheus(PrometheusServer(url=url))
    [reading] = await prometheus.read([PAYMENTS], START, END)
    assert "Prometheus cannot be reached" == reading.reason
    assert "Prometheus cannot be reached" == await prometheus.reason_not_to_answer()


async def test_a_connection_that_breaks_off_is_said() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        [reading] = await Prometheus(PrometheusServer(url=f"http://127.0.0.1:{port}")).read([PAYMENTS], START, END)
    assert "the connection to Prometheus broke off" == reading.reason


async def test_services_without_an_objective_and_bots_without_a_prometheus_ask_nothing(server: StandIn) -> None:
    assert [] == await server.read(Service(name="payments"))
    assert [] == await operations(None).read([PAYMENTS], START, END)
    assert [] == server.asked


async def test_a_period_shorter_than_a_step_has_no_chart(server: StandIn) -> None:
    prometheus = Prometheus(PrometheusServer(url=server.url))
    [reading] = await prometheus.read([PAYMENTS], END - timedelta(seconds=30), END)
    assert ((), 0.9995) == (reading.points, reading.availability)
