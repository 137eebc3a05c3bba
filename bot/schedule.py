"""What happens by the clock: digests by their cron, sweeps every so often.

Jobs live in memory: a unique row for each digest and period decides who posts, so that two processes may both fire
(APScheduler 3's job stores are not safe for two schedulers: https://apscheduler.readthedocs.io/en/3.x/faq.html).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.cron import trigger
from handlers.context import Context
from handlers.digest_runs import catch_up, run_digest
from models.topology import DigestPlan

_log = structlog.get_logger(__name__)

# APScheduler drops a job that fires later than this many seconds; by default one second, which a busy start exceeds.
MISFIRE_GRACE = 3600


@dataclass(frozen=True, slots=True)
class Sweep:
    """Work that comes back every `seconds`."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[None]]


class Schedule:
    """The clock's side of the bot. A job that fails is logged and fires again at its next time."""

    def __init__(self, ctx: Context, now: Callable[[], datetime], sweeps: Sequence[Sweep]) -> None:
        self._ctx = ctx
        self._now = now
        self._sweeps = sweeps
        self._scheduler = AsyncIOScheduler(
            job_defaults={"misfire_grace_time": MISFIRE_GRACE, "coalesce": True, "max_instances": 1}
        )

    async def start(self) -> None:
        """Start the jobs; digests that were missed while the bot was down are posted now (the latest of each only)."""
        for sweep in self._sweeps:
            every = IntervalTrigger(seconds=sweep.seconds)
            self._scheduler.add_job(self._guarded(sweep.name, sweep.run), every, id=f"sweep:{sweep.name}")
        for plan in self._ctx.topology.digests:
            job = self._guarded(plan.name, self._digest(plan))
            self._scheduler.add_job(job, trigger(plan.cron, plan.timezone), id=f"digest:{plan.name}")
        self._scheduler.start()
        await self._guarded("catch_up", lambda: catch_up(self._ctx, _first_slot_after, self._now()))()

    async def stop(self) -> None:
        """Stop firing. What is under way ends by itself: each job is one transaction."""
        self._scheduler.shutdown(wait=False)

    @property
    def is_running(self) -> bool:
        """Whether jobs fire."""
        return bool(self._scheduler.running)

    def next_runs(self) -> dict[str, datetime]:
        """Return when each job fires next, by its id (`digest:…`, `sweep:…`)."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs()}

    def _digest(self, plan: DigestPlan) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await run_digest(self._ctx, plan, self._now())

        return run

    def _guarded(self, name: str, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def guarded() -> None:
            try:
                await run()
            except Exception:
                _log.exception("job_failed", job=name)

        return guarded


def _first_slot_after(plan: DigestPlan, at: datetime) -> datetime | None:
    slot: datetime | None = trigger(plan.cron, plan.timezone).get_next_fire_time(None, at)
    return slot
