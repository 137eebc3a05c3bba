"""A real Prometheus, with a week behind it, is asked how services ran."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.app import build
from bot.check import check, table
from bot.clock import utc_now
from bot.prometheus import Prometheus
from bot.settings import Settings
from bot.settings_operations import PrometheusServer
from handlers.context import Context
from models.operations import Objective, OperationsReading
from models.topology import Service, Topology
from tests.support.prometheus import PASSWORD, PROGRAM, TOOL, USERNAME, prometheus

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(PROGRAM is None or TOOL is None, reason="no prometheus or promtool (Debian: prometheus)"),
]

START, END = datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
SHARE = (
    'sum(increase(requests_total{service="$service",code="200"}[$window]))'
    ' / sum(increase(requests_total{service="$service"}[$window]))'
)
PROMISE = Objective(
    target=0.999,
    latency_target_s=0.5,
    availability_query=SHARE,
    latency_query='avg_over_time(latency_seconds{service="$service"}[$window])',
    budget=timedelta(days=7),
)


def samples(service: str, code: str, per_step: float) -> Iterator[str]:
    """A counter that rises every five minutes, except on Wednesday, when nothing was scraped."""
    steps = (END - START) // timedelta(minutes=5)
    for n in range(steps + 1):
        at = START + n * timedelta(minutes=5)
        if not START + 2 * DAY < at <= START + 3 * DAY:
            yield f'requests_total{{service="{service}",code="{code}"}} {per_step * n} {at.timestamp()}'


def past() -> str:
    lines = ["# TYPE requests counter"]
    for service, good, bad in (("payments", 998, 2), ("idle", 0, 0)):
        lines += [*samples(service, "200", good), *samples(service, "500", bad)]
    lines.append("# TYPE latency_seconds gauge")
    for n in range(7 * 24):
        lines.append(f'latency_seconds{{service="payments"}} 0.25 {(START + n * timedelta(hours=1)).timestamp()}')
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), past()) as url:
        yield PrometheusServer(url=url, username=USERNAME, password=PASSWORD)


async def read(
    server: PrometheusServer, *services: Service, day: datetime = START, days: int = 7
) -> list[OperationsReading]:
    return await Prometheus(server).read(services, day, day + days * DAY)


async def test_a_week_is_read_with_its_budget_its_chart_and_its_gap(server: PrometheusServer) -> None:
    [payments, idle, unknown] = await read(
        server,
        Service(name="payments", operations=PROMISE),
        Service(name="checkout"),
        Service(name="idle", operations=PROMISE),
        Service(name="nobody", operations=PROMISE),
    )
    assert ["payments", "idle", "nobody"] == [payments.service, idle.service, unknown.service]
    assert pytest.approx(0.998) == payments.availability
    assert pytest.approx(0.25) == payments.latency_s
    assert pytest.approx(2.0) == payments.burn_rate
    assert pytest.approx(-1.0) == payments.error_budget_left
    assert payments.reason is None

    assert 48 == len(payments.points)
    assert (START + timedelta(hours=3.5), END) == (payments.points[0][0], payments.points[-1][0])
    unseen = [at for at, value in payments.points if value is None]
    assert unseen
    assert all(START + 2 * DAY < at <= START + 3 * DAY + timedelta(hours=3.5) for at in unseen)
    assert all(pytest.approx(0.998) == value for _, value in payments.points if value is not None)

    assert (None, None, None, None) == (idle.availability, idle.latency_s, idle.error_budget_left, idle.burn_rate)
    assert idle.reason is not None
    assert "availability, error budget: not a number, as where nothing happened" in idle.reason
    assert {None} == {value for _, value in idle.points}
    assert (None, "no data") == (unknown.availability, unknown.reason)


async def test_a_day_has_its_own_numbers_and_the_budget_of_its_window(server: PrometheusServer) -> None:
    promise = Objective(target=0.99, availability_query=SHARE, budget=timedelta(days=5))
    [reading] = await read(server, Service(name="payments", operations=promise), day=END - DAY, days=1)
    assert pytest.approx(0.2) == reading.burn_rate
    assert pytest.approx(0.8) == reading.error_budget_left
    [unseen] = await read(server, Service(name="payments", operations=promise), day=START + 2.5 * DAY, days=0)
    assert unseen.points == ()


async def test_what_it_scrapes_now_is_read_too(server: PrometheusServer) -> None:
    up = Objective(target=0.5, availability_query='avg_over_time(up{job="prometheus"}[$window])')
    now = utc_now()
    [reading] = await Prometheus(server).read([Service(name="itself", operations=up)], now - timedelta(hours=1), now)
    assert (1.0, 0.0, 1.0, None) == (
        reading.availability,
        reading.burn_rate,
        reading.error_budget_left,
        reading.reason,
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("requests_total", "the query gives several series; sum them up to one"),
        ("requests_total[$window]", "the query gives no number; apply a function such as rate() or avg_over_time()"),
        ("'a text'", "the query gives no number; apply a function such as rate() or avg_over_time()"),
        ("vector(99.9)", "gives 99.9, which is not between 0 and 1"),
        ("scalar(vector(1)) / 0", "not a number, as where nothing happened"),
        ("sum(", "Prometheus says: invalid parameter"),
    ],
)
async def test_a_query_that_gives_no_number_says_what_it_gives(
    server: PrometheusServer, query: str, reason: str
) -> None:
    service = Service(name="payments", operations=Objective(availability_query=query))
    [reading] = await Prometheus(server).read([service], END - DAY, END)
    assert reading.availability is None
    assert reading.reason is not None
    assert reason in reading.reason


async def test_a_wrong_password_is_said_and_not_repeated(server: PrometheusServer) -> None:
    wrong = PrometheusServer(url=server.url, username=USERNAME, password="wr0ng")
    [reading] = await read(wrong, Service(name="payments", operations=PROMISE))
    assert "Prometheus refuses the credentials (401)" == reading.reason


async def test_the_bot_and_the_check_ask_it_where_it_is_configured(server: PrometheusServer, sqlite_url: str) -> None:
    topology = Topology(services=(Service(name="payments", operations=PROMISE),))
    settings = Settings(
        database_url=sqlite_url,
        slack_bot_token=SecretStr("xoxb-none"),
        slack_api_url="http://127.0.0.1:9/",
        topology=topology,
        prometheus=server,
    )
    bot = build(settings)
    ctx: Context = bot.ctx
    [reading] = await ctx.operations.read(topology.services, START, END)
    await bot.database.close()
    assert pytest.approx(0.998) == reading.availability

    rows = {row.subject: row.found for row in await check(settings, END)}
    assert "answers" == rows["Prometheus"]
    assert "availability 0.998, latency 0.25 s in the last 24 hours" == rows["operations of payments"]
    later = {row.subject: row for row in await check(settings, END + 400 * DAY)}
    assert "no data" == later["operations of payments"].found
    assert "-> Try its queries" in table(list(later.values()))
