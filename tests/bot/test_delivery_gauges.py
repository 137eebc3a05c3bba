"""The five delivery metrics as gauges: read beside a scrape, by service, and absent where unknown."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bot.database import Database
from bot.delivery_gauges import EVERY_SECONDS, DeliveryGauges
from handlers.errors import Unavailable
from models.store import Store
from models.topology import Service, Topology
from tests.support.histories import remember

_Result = TypeVar("_Result")

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CONFIGURED = Topology(services=(Service(name="shop"), Service(name="billing")))


def deploy(number: int, service: str = "shop", **said: Any) -> dict[str, Any]:
    at = (MONDAY + timedelta(hours=number)).isoformat()
    return {
        "id": f"e{number}",
        "source": "ci",
        "type": "deploy",
        "occurred_at": at,
        "service": service,
        "environment": {"id": "production", "tier": "production"},
        "deploy": {"deploy_id": f"d{number}", "status": "succeeded", "finished_at": at, **said},
    }


@dataclass
class Scraped:
    """Gauges on a database that can be taken away, with a clock that a test turns."""

    database: Database
    topology: Topology = CONFIGURED
    seconds: float = 0.0
    is_down: bool = False
    reads: int = 0

    def __post_init__(self) -> None:
        self.gauges = DeliveryGauges(
            aside=self.aside,
            topology=lambda: self.topology,
            now=lambda: MONDAY + timedelta(days=9),
            elapsed=lambda: self.seconds,
        )
        self.registry = CollectorRegistry()
        self.registry.register(self.gauges)

    async def aside(self, work: Callable[[Store], Coroutine[Any, Any, _Result]]) -> _Result:
        self.reads += 1
        if self.is_down:
            raise Unavailable("database_down")
        return await self.database.aside(work)

    def text(self) -> str:
        return generate_latest(self.registry).decode()


async def test_unknown_numbers_are_absent(database: Database) -> None:
    await remember(database, [deploy(1), deploy(3, kind="hotfix", fixes=["d1"])])
    scraped = Scraped(database)
    assert "{" not in scraped.text()
    await scraped.gauges.read()
    text = scraped.text()
    assert 'twinspan_delivery_deploys{period="week",service="shop"} 2.0' in text
    assert 'twinspan_delivery_change_fail_ratio{period="week",service="shop"} 0.5' in text
    assert 'twinspan_delivery_rework_ratio{period="week",service="shop"} 0.5' in text
    assert 'twinspan_delivery_recovery_seconds{period="week",quantile="0.5",service="shop"} 7200.0' in text
    assert "twinspan_delivery_lead_time_seconds{" not in text
    assert 'twinspan_delivery_deploys{period="day",service="shop"} 0.0' in text
    assert 'period="month"' not in text
    assert 'service="billing"' not in text


async def test_without_services_in_the_configuration_all_have_their_gauges(database: Database) -> None:
    await remember(database, [deploy(1), deploy(2, "billing")])
    scraped = Scraped(database, topology=Topology())
    await scraped.gauges.read()
    assert 'twinspan_delivery_deploys{period="week",service="billing"} 1.0' in scraped.text()


async def test_numbers_are_read_anew_after_five_minutes_and_beside_a_scrape(database: Database) -> None:
    scraped = Scraped(database)
    for wait in (0, 0, EVERY_SECONDS, 1):
        scraped.seconds += wait
        before = scraped.reads
        scraped.gauges.refresh()
        assert before == scraped.reads
        async with asyncio.timeout(10):
            while scraped.gauges.is_reading:
                await asyncio.sleep(0.005)
    assert 2 == scraped.reads


@pytest.mark.parametrize("topology", [CONFIGURED, Topology()])
async def test_numbers_stay_while_the_database_is_away(database: Database, topology: Topology) -> None:
    await remember(database, [deploy(1)])
    scraped = Scraped(database, topology=topology)
    await scraped.gauges.read()
    before = scraped.text()
    scraped.is_down = True
    await scraped.gauges.read()
    assert before == scraped.text()
