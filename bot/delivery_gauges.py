"""The five delivery metrics as gauges, for Grafana: the last whole day, week and month of each service."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from handlers.errors import TwinspanError
from handlers.ports import Aside
from handlers.reports import as_heard, read_silence
from models.delivery import Facts, Numbers, measure
from models.periods import Length, Window, latest_completed
from models.service_rows import facts_by_service
from models.silence import Silence
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

    aside: Aside
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

    @property
    def is_reading(self) -> bool:
        """Whether the numbers are being read."""
        return self._under_way is not None and not self._under_way.done()

    def refresh(self) -> None:
        """Have the numbers read anew if they are old; returns at once."""
        is_old = self._read_at is None or self.elapsed() - self._read_at > EVERY_SECONDS
        if is_old and not self.is_reading:
            self._under_way = asyncio.create_task(self.read())

    async def read(self) -> None:
        """Read the numbers of every service; those that were read before stay where that fails."""
        try:
            self._numbers = await self.aside(self._all)
        except TwinspanError as error:
            _log.warning("delivery_gauges_not_read", error=str(error))
            return
        self._read_at = self.elapsed()

    async def _all(self, store: Store) -> dict[tuple[str, Length], Numbers]:
        told = [(window, await self._facts(store, window)) for window in self._windows()]
        return _numbers(self._services(), told, self.now(), await read_silence(store, self.now()))

    def _windows(self) -> list[Window]:
        zone = next((plan.timezone for plan in self.topology().digests), "UTC")
        return [latest_completed(self.now(), length, zone) for length in _LENGTHS]

    def _services(self) -> list[str] | None:
        """Return the services of the configuration; `None`, without any, for all that were heard of."""
        return [service.name for service in self.topology().services] or None

    async def _facts(self, store: Store, window: Window) -> Facts:
        return await store.rollouts.facts(self._services(), None, window.start, window.end, self.now())


def _numbers(
    services: Sequence[str] | None, told: Sequence[tuple[Window, Facts]], at: datetime, silence: Silence | None
) -> dict[tuple[str, Length], Numbers]:
    return {
        (name, window.length): as_heard(measure([window], of_service, at)[0], window, silence)
        for window, facts in told
        for name, of_service in facts_by_service(services or facts.alive_from, facts).items()
    }
