"""Reads from Prometheus how well services run. It may be down, wrong or slow: that costs a number, and says why."""

import asyncio
import math
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import httpx
import structlog

from bot.prometheus_api import Api, NoAnswer
from bot.settings_operations import PrometheusServer
from bot.trust import trusted
from handlers.context import NoOperations
from handlers.ports import Operations
from models.operations import NOT_ASKED, Found, Objective, OperationsReading, Points, expression, reading
from models.topology import Service

_log = structlog.get_logger(__name__)
_Result = TypeVar("_Result")

# Gentle to a server that has alerts to evaluate.
_AT_ONCE: Final = 4
# Times the time limit of one query: a reading is late then, however many services there are.
_PATIENCE: Final = 3
_POINTS: Final = 48
_SHORTEST_STEP: Final = 60


def operations(server: PrometheusServer | None) -> Operations:
    """Return what reads operations numbers; without a server, what reads none."""
    return NoOperations() if server is None else Prometheus(server)


class Prometheus:
    """Prometheus, or what speaks its HTTP API; a `handlers.ports.Operations`."""

    def __init__(self, server: PrometheusServer) -> None:
        self._server = server
        self._trusted = trusted()

    async def read(self, services: Sequence[Service], start: datetime, end: datetime) -> list[OperationsReading]:
        """Return a reading of each service that has an objective, as `handlers.ports.Operations` says."""
        asked = [(service.name, service.operations) for service in services if service.operations is not None]
        if not asked:
            return []
        async with self._client() as client:
            one = _Reading(Api(self._server, client, _AT_ONCE), start, end, self._server.timeout * _PATIENCE)
            readings = await asyncio.gather(*(one.of(name, objective) for name, objective in asked))
        _log_what_is_missing(readings)
        return readings

    async def reason_not_to_answer(self) -> str | None:
        """Return in plain words why Prometheus cannot be asked; `None` when it answers."""
        async with self._client() as client:
            try:
                await Api(self._server, client, 1).number("vector(1)", 0)
            except NoAnswer as error:
                return str(error)
        return None

    def _client(self) -> httpx.AsyncClient:
        # The time limit is the whole query's, kept in Api; a redirect would carry the query to a stranger.
        return httpx.AsyncClient(verify=self._trusted, timeout=None, follow_redirects=False)  # noqa: S113 (see above)


class _Reading:
    """One period, for all services, until `patience` seconds have passed."""

    def __init__(self, api: Api, start: datetime, end: datetime, patience: float) -> None:
        self._api = api
        self._end = end
        self._window = end - start
        self._patience = patience
        self._late = asyncio.get_running_loop().time() + patience
        self._step = max(_SHORTEST_STEP, math.ceil(self._window.total_seconds() / _POINTS))

    async def of(self, service: str, objective: Objective) -> OperationsReading:
        availability, of_budget, latency, (points, chart) = await asyncio.gather(
            self._number(objective.availability_query, service, self._window),
            self._of_budget(objective, service),
            self._number(objective.latency_query, service, self._window),
            self._chart(objective.availability_query or objective.latency_query, service),
        )
        return reading(
            service,
            objective,
            availability=availability,
            of_budget=of_budget,
            latency=latency,
            chart=chart,
            points=points,
        )

    async def _of_budget(self, objective: Objective, service: str) -> Found:
        if objective.target is None:
            return NOT_ASKED
        return await self._number(objective.availability_query, service, objective.budget)

    async def _number(self, query: str | None, service: str, window: timedelta) -> Found:
        if query is None:
            return NOT_ASKED
        asked = self._api.number(expression(query, service, window), self._end.timestamp())
        value, found = await self._in_time(asked)
        if value is None:
            return found
        if not math.isfinite(value):
            return Found(reason="not a number, as where nothing happened")
        return Found(value=value)

    async def _chart(self, query: str | None, service: str) -> tuple[Points, Found]:
        steps = int(self._window.total_seconds()) // self._step
        if query is None or steps < 1:
            return (), NOT_ASKED
        end = int(self._end.timestamp())
        start = end - self._step * (steps - 1)
        asked = expression(query, service, timedelta(seconds=self._step))
        values, found = await self._in_time(self._api.numbers(asked, start, end, self._step))
        if values is None:
            return (), found
        times = range(start, end + 1, self._step)
        return tuple((datetime.fromtimestamp(at, UTC), values.get(at)) for at in times), NOT_ASKED

    async def _in_time(self, asked: Awaitable[_Result]) -> tuple[_Result | None, Found]:
        try:
            async with asyncio.timeout_at(self._late):
                return await asked, NOT_ASKED
        except TimeoutError:
            return None, Found(reason=f"Prometheus does not answer within {self._patience:g} s")
        except NoAnswer as error:
            return None, Found(reason=str(error))


def _log_what_is_missing(readings: Sequence[OperationsReading]) -> None:
    """One line for each reason: where Prometheus is down, it holds for every service."""
    for reason in dict.fromkeys(one.reason for one in readings if one.reason is not None):
        services = [one.service for one in readings if one.reason == reason]
        _log.warning("no_operations_numbers", reason=reason, services=services)
