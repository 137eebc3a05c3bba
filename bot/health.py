"""How the bot is: alive, ready, and what Prometheus reads.

Ready means that webhooks can be taken and will be worked off: database, inbox, outbox, schedule. Slack being away makes
the bot *degraded*, not unready: a load balancer that took it away then would turn senders away while nothing is wrong
with the door.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.delivery_gauges import DeliveryGauges
from bot.telemetry import Metrics
from handlers.errors import PostFailure, TwinspanError
from handlers.ports import Transaction
from models.store import Store

CHECK_SECONDS: Final = 2.0
SLACK_CHECK_EVERY: Final = 30.0


@dataclass(kw_only=True)
class Health:
    """The three questions an operator's tools ask.

    `workers` tell whether each background worker runs. `slack` raises when Slack cannot be reached; its answer is
    kept for half a minute.
    """

    reading: Transaction
    workers: Callable[[], Mapping[str, bool]]
    slack: Callable[[], Awaitable[None]]
    metrics: Metrics
    gauges: DeliveryGauges
    now: Callable[[], datetime]
    elapsed: Callable[[], float]
    _slack_state: str = "unknown"
    _slack_at: float | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def livez(self, _request: Request) -> Response:
        """Answer as long as the event loop turns."""
        return PlainTextResponse("ok\n")

    async def readyz(self, _request: Request) -> Response:
        """Answer 200 when everything the door needs works, else 503; say how each part is."""
        parts = {"database": await self._database()}
        parts |= {name: "ok" if runs else "stopped" for name, runs in self.workers().items()}
        is_ready = all(state == "ok" for state in parts.values())
        parts["slack"] = await self._slack()
        status = "unready" if not is_ready else "ready" if parts["slack"] == "ok" else "degraded"
        return JSONResponse({"status": status} | parts, status_code=200 if is_ready else 503)

    async def prometheus(self, request: Request) -> Response:
        """Return every metric; queues are counted at this instant."""
        at = self.now()
        self.gauges.refresh()
        try:
            async with asyncio.timeout(CHECK_SECONDS), self.reading() as store:
                await self._count_queues(store, at)
        except (TwinspanError, TimeoutError):
            pass  # the counters are worth having also while the database is away
        told, media_type = self.metrics.exposition(request.headers.get("accept", ""))
        return Response(told, media_type=media_type)

    async def _count_queues(self, store: Store, at: datetime) -> None:
        counts = await store.deliveries.counts()
        self.metrics.queue("inbox", counts["waiting"], await store.deliveries.oldest_waiting(), counts["failed"], at)
        waiting, oldest = await store.outbox.backlog()
        failed = len(await store.outbox.failures(limit=1_000))
        self.metrics.queue("outbox", waiting, oldest, failed, at)
        calls = await store.calls.queues()
        oldest = min((call.oldest_at for call in calls if call.oldest_at), default=None)
        self.metrics.queue("calls", sum(c.waiting for c in calls), oldest, sum(c.failed for c in calls), at)

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS), self.reading() as store:
                await store.sources.all()
        except (TwinspanError, TimeoutError) as error:
            return f"does not answer ({type(error).__name__})"
        return "ok"

    async def _slack(self) -> str:
        async with self._asking:
            if self._slack_at is None or self.elapsed() - self._slack_at > SLACK_CHECK_EVERY:
                self._slack_state = await self._ask_slack()
                self._slack_at = self.elapsed()
        return self._slack_state

    async def _ask_slack(self) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self.slack()
        except TimeoutError:
            return "does not answer"
        except PostFailure as failure:
            return failure.reason if failure.is_refusal else f"does not answer ({failure.reason})"
        except Exception as error:
            return str(error)[:200] or type(error).__name__
        return "ok"
