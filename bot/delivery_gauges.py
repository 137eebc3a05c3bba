"""The five delivery metrics as gauges, for Grafana: the last whole day, week and month of each service."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from handlers.errors import TwinspanError
from handlers.ports import Transaction
from models.delivery import Numbers, measure
from models.periods import Length, latest_completed
from models.store import Store
from models.topology import Topology

_log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 300.0
_LENGTHS: Final[tuple[Length, ...]] = ("day", "week", "month")
_PLAIN: Final = (
    ("deploys", "Successful deployments to production.", "deploys"),
    ("change_fail_ratio", "Failed deployments of all that were no rollbacks.", "cfr"),
    ("rework_ratio", "Hotfixes, rollbacks and fixes of all deployments.", "rework_rate"),
)
_SPREAD: Final = (
    ("lead_time_seconds", "From authoring to production.", "lead_time"),
    ("recovery_seconds", "From a failed deployment to its end.", "fdrt"),
)


@dataclass(kw_only=True, eq=False)
class DeliveryGauges(Collector):
    """Collected with the other metrics. Numbers are read beside a scrape, never while it waits."""

    reading: Transaction
    topology: Callable[[], Topology]
    now: Callable[[], datetime]
    elapsed: Callable[[], float]
    _numbers: dict[tuple[str, Length], Numbers] = field(default_factory=dict)
    _read_at: float | None = None
    _under_way: asyncio.Task[None] | None = None

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the gauges; what is unknown is absent."""
        for name, said, number in _PLAIN:
            yield self._family(name, said, [], [((), number)])
        for name, said, number in _SPREAD:
            places = [(("0.5",), f"{number}_median_s"), (("0.9",), f"{number}_p90_s")]
            yield self._family(name, said, ["quantile"], places)

    def _family(
        self, name: str, said: str, labels: list[str], places: Sequence[tuple[tuple[str, ...], str]]
    ) -> GaugeMetricFamily:
        family = GaugeMetricFamily(f"twinspan_delivery_{name}", said, labels=["service", "period", *labels])
        for (service, length), numbers in self._numbers.items():
            for extra, number in places:
                value = getattr(numbers, number)
                if value is not None:
                    family.add_metric([service, length, *extra], float(value))
        return family

    def refresh(self) -> None:
        """Have the numbers read anew if they are old; returns at once."""
        is_old = self._read_at is None or self.elapsed() - self._read_at > EVERY_SECONDS
        if is_old and (self._under_way is None or self._under_way.done()):
            self._under_way = asyncio.create_task(self.read())

    async def read(self) -> None:
        """Read the numbers of every service."""
        try:
            async with self.reading() as store:
                self._numbers = dict([found async for found in self._of_all(store)])
            self._read_at = self.elapsed()
        except TwinspanError as error:
            _log.warning("delivery_gauges_not_read", error=str(error))

    async def _of_all(self, store: Store) -> AsyncIterator[tuple[tuple[str, Length], Numbers]]:
        topology, at = self.topology(), self.now()
        services = [service.name for service in topology.services]
        zone = next((plan.timezone for plan in topology.digests), "UTC")
        for length in _LENGTHS:
            window = latest_completed(at, length, zone)
            facts = await store.rollouts.facts(services, None, window.start, window.end)
            for service in services:
                yield (service, length), measure([window], facts.of_service(service), at)[0]
