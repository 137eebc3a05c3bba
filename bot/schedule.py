"""What happens by the clock: digests by their cron, sweeps every so often.

Jobs live in memory: a unique row for each digest and period decides who posts, so that two processes may both fire
(APScheduler 3's job stores are not safe for two schedulers: https://apscheduler.readthedocs.io/en/3.x/faq.html).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import utc_now
from bot.cron import trigger
from handlers.context import Context
from handlers.digest_runs import due_digests, run_digest
from handlers.errors import Unavailable
from handlers.outage import Outage
from handlers.subscriptions import send_due
from models.topology import DigestPlan

_log = structlog.get_logger(__name__)

# A digest whose time came while the database was down, or the machine asleep, is not lost until the next start.
CATCH_UP_EVERY: Final = 300.0
SUBSCRIPTIONS_EVERY: Final = 30.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """Work that comes back every `seconds`."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[None]]


class Schedule:
    """The clock's side of the bot. A job that fails is logged and fires again at its next time.

    `catch_up_every` are the seconds between two looks for digests that were missed.
    """

    def __init__(
        self,
        ctx: Context,
        now: Callable[[], datetime],
        sweeps: Sequence[Sweep],
        *,
        catch_up_every: float = CATCH_UP_EVERY,
    ) -> None:
        self._ctx = ctx
        self._now = now
        self._sweeps = [
            *sweeps,
            Sweep("catch_up", catch_up_every, self._catch_up),
            Sweep("subscriptions", SUBSCRIPTIONS_EVERY, self._send_due),
        ]
        self._under_way: set[asyncio.Task[Any]] = set()
        # No job is ever too late to run (by default, one second is): what was missed is done once.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)

    async def start(self) -> None:
        """Start the jobs; digests that were missed while the bot was down are posted now (the latest of each only)."""
        at = utc_now()  # the scheduler's own clock
        for number, sweep in enumerate(self._sweeps, 1):
            # Spread over their intervals: two dozen that begin at one instant are felt at the door.
            first = at + timedelta(seconds=sweep.seconds * number / len(self._sweeps))
            every = IntervalTrigger(seconds=sweep.seconds, timezone=UTC)
            job = self._guarded(sweep.name, sweep.run)
            self._scheduler.add_job(job, every, id=f"sweep:{sweep.name}", next_run_time=first)
        for plan in self._ctx.topology.digests:
            job = self._guarded(plan.name, self._digest(plan))
            self._scheduler.add_job(job, trigger(plan.cron, plan.timezone), id=f"digest:{plan.name}")
        self._scheduler.start()
        await self._guarded("catch_up", self._catch_up)()

    async def stop(self) -> None:
        """Stop firing, and take back what is under way: each job is one transaction, and is done at the next start."""
        self._scheduler.shutdown(wait=False)
        # The scheduler shuts down, and cancels its jobs, when the event loop comes round to it.
        await asyncio.sleep(0)
        await asyncio.gather(*self._under_way, return_exceptions=True)

    @property
    def is_running(self) -> bool:
        """Whether jobs fire."""
        return bool(self._scheduler.running)

    def next_runs(self) -> dict[str, datetime]:
        """Return when each job fires next, by its id (`digest:…`, `sweep:…`)."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs()}

    async def _send_due(self) -> None:
        await send_due(self._ctx, _latest_slot, self._now())

    async def _catch_up(self) -> None:
        for plan, slot in await due_digests(self._ctx, _latest_slot, self._now()):
            _log.info("digest_missed", plan=plan.name, slot=slot.isoformat())
            await self._guarded(plan.name, self._digest(plan))()

    def _digest(self, plan: DigestPlan) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            at = self._now()
            # As it is now: people link channels while the bot runs.
            now = next((one for one in self._ctx.topology.digests if one.name == plan.name), plan)
            await run_digest(self._ctx, now, _latest_slot(plan, at) or at, at)

        return run

    def _guarded(self, name: str, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        # It comes again by itself; a day without a database need not fill the disk.
        outage = Outage("job_put_off", "job_resumed", {"job": name})

        async def guarded() -> None:
            task = asyncio.current_task()
            assert task is not None  # coroutines only ever run in one
            self._under_way.add(task)
            try:
                await run()
            except Unavailable as error:
                outage.goes_on(error.reason, self._now())
            except Exception:
                _log.exception("job_failed", job=name)
            else:
                outage.is_over(self._now())
            finally:
                self._under_way.discard(task)

        return guarded


def _latest_slot(plan: DigestPlan, at: datetime) -> datetime | None:
    return trigger(plan.cron, plan.timezone).latest_fire_time(at)
