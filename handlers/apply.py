"""The inbox: takes stored deliveries, writes what they say into the memory, queues what is to be said.

A batch is one transaction: records, outbox rows, the deliveries' own marks. A crash leaves it waiting, to be taken
again. A delivery that breaks its batch is tried alone, then kept as failed with its error, to be replayed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
import zstandard

from handlers.bookkeeping import Booked, Told, book
from handlers.context import Context
from handlers.errors import TwinspanError, Unavailable
from handlers.outage import Outage
from handlers.webhooks import SourceKind, WebhookRequest
from models.reports import CommitReport, Report
from models.store import Store
from models.store.deliveries import Delivery
from models.store.sources import Heard
from models.topology import Topology

_log = structlog.get_logger(__name__)

IDLE_SECONDS: Final = 1.0
GIVE_WAY_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Read:
    """A delivery with what it says, or why it cannot be read."""

    delivery: Delivery
    reports: tuple[Report, ...] = ()
    error: str | None = None


@dataclass(kw_only=True)
class Apply:
    """The inbox of one process.

    While the door is busy (`door_is_busy`), applying gives way to it; while requests come in at all (`door_is_open`),
    it works in small batches and rests after each for `rest` times as long as the batch took, so that the door finds
    processor and database free. With the door closed, or when something has waited for `patience`, until it has caught
    up, it works without rest in full batches: larger ones cost no less a delivery and hold up who writes for longer.
    """

    ctx: Context
    kinds: Mapping[str, SourceKind]
    now: Callable[[], datetime]
    elapsed: Callable[[], float]
    door_is_busy: Callable[[], bool]
    door_is_open: Callable[[], bool]
    batch_size: int = 128
    small_batch_size: int = 4
    rest: float = 2.0
    patience: timedelta = timedelta(seconds=20)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _is_catching_up: bool = False
    _waited: timedelta = timedelta()
    _outage: Outage = field(default_factory=lambda: Outage("apply_paused", "apply_resumed"))
    _decompressor: zstandard.ZstdDecompressor = field(default_factory=zstandard.ZstdDecompressor)

    def wake(self) -> None:
        """Say that a delivery is waiting."""
        self._work.set()

    async def run(self) -> None:
        """Apply what waits, until cancelled."""
        while True:
            try:
                worked = await self.batch()
                self._outage.is_over(self.now())
            except Unavailable:
                self._outage.goes_on(Unavailable.reason, self.now())
                worked = 0
            except Exception:
                _log.exception("apply_failed")
                worked = 0
            if not worked:
                await self._rest()

    async def _rest(self) -> None:
        self._work.clear()
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._work.wait()
        except TimeoutError:
            pass

    async def batch(self) -> int:
        """Apply one batch; return how many deliveries it had."""
        await self._give_way()
        started = self.elapsed()
        is_gentle = self.door_is_open() and not self._is_catching_up
        size = self.small_batch_size if is_gentle else self.batch_size
        try:
            counts = await self._apply(size)
        except Unavailable:
            raise
        except Exception:
            _log.exception("batch_failed", size=size)
            counts = await self._apply_one_by_one(size)
        for outcome, count in counts.items():
            self.ctx.telemetry.applied(outcome, count, self.elapsed() - started)
        if counts:
            self.ctx.wake_outbox()
        applied = sum(counts.values())
        self._is_catching_up = applied == size and (self._is_catching_up or self._waited >= self.patience)
        if is_gentle and applied:
            await asyncio.sleep(self.rest * (self.elapsed() - started))
        return applied

    async def _give_way(self) -> None:
        """Let a busy door go first, within limits: what it stored must still be said in time."""
        began = self.elapsed()
        while self.door_is_busy() and not self._is_catching_up:
            await asyncio.sleep(GIVE_WAY_SECONDS)
            self._is_catching_up = self.elapsed() - began >= self.patience.total_seconds()

    async def _apply(self, limit: int) -> dict[str, int]:
        at = self.now()

        async def work(store: Store) -> dict[str, int]:
            reads = [self._read(d) for d in await store.deliveries.claim(limit)]
            self._waited = at - min((r.delivery.received_at for r in reads), default=at)
            return await self._write(store, reads, at)

        return await self.ctx.at_once(work)

    async def _apply_one_by_one(self, limit: int) -> dict[str, int]:
        async with self.ctx.transaction() as store:  # claiming locks, which no reader may
            waiting = await store.deliveries.claim(limit)
        totals: dict[str, int] = {}
        for delivery in waiting:
            counts = await self._apply_alone(delivery)
            for outcome, count in counts.items():
                totals[outcome] = totals.get(outcome, 0) + count
        return totals

    async def _apply_alone(self, delivery: Delivery) -> dict[str, int]:
        at = self.now()
        try:
            return await self.ctx.at_once(lambda store: self._write(store, [self._read(delivery)], at))
        except Unavailable:
            raise
        except Exception as error:
            _log.exception("delivery_failed", delivery=delivery.id, source=delivery.source)
            async with self.ctx.transaction() as store:
                await store.deliveries.mark([delivery.id], "failed", at, error=_in_words(error))
            return {"failed": 1}

    def _read(self, delivery: Delivery) -> _Read:
        """Parse a stored delivery again; what cannot be parsed is kept with its error."""
        source = self.ctx.topology.source_named(delivery.source)
        if source is None:
            return _Read(delivery, error=f"no source {delivery.source!r} in the configuration any more")
        body = self._decompressor.decompress(delivery.body)
        request = WebhookRequest(headers=delivery.headers, body=body, at=delivery.received_at)
        try:
            return _Read(delivery, self.kinds[source.kind].parse(request, source).reports)
        except Exception as error:
            _log.warning("delivery_unreadable", delivery=delivery.id, source=delivery.source, error=_in_words(error))
            return _Read(delivery, error=_in_words(error))

    async def _write(self, store: Store, reads: Sequence[_Read], at: datetime) -> dict[str, int]:
        if not reads:
            return {}
        told = [
            Told(r.delivery.id, r.delivery.source, r.delivery.received_at, report)
            for r in reads
            for report in r.reports
        ]
        booked = await book(store, self.ctx.topology, told)
        await store.outbox.notify(booked.notices, at)
        await store.sources.hear(_heard(reads, self.ctx.topology))
        return await _mark(store, reads, booked, at)


async def _mark(store: Store, reads: Sequence[_Read], booked: Booked, at: datetime) -> dict[str, int]:
    """Mark what became of each delivery; return how many are done, held and failed."""
    held = {delivery_id for delivery_id, *_ in booked.holds}
    done = [r.delivery.id for r in reads if not r.error and r.delivery.id not in held]
    await store.deliveries.mark(done, "done", at)
    await store.deliveries.mark(held, "held", at)
    failed = [r for r in reads if r.error]
    for read in failed:
        await store.deliveries.mark([read.delivery.id], "failed", at, error=read.error)
    counts = {"done": len(done), "held": len(held), "failed": len(failed)}
    return {outcome: count for outcome, count in counts.items() if count}


def _heard(reads: Sequence[_Read], topology: Topology) -> list[Heard]:
    """Sum up who was heard in a batch."""
    by_source: dict[str, list[_Read]] = {}
    for read in reads:
        by_source.setdefault(read.delivery.source, []).append(read)
    heard = []
    for name, group in by_source.items():
        source = topology.source_named(name)
        arrivals = [r.delivery.received_at for r in group]
        events = [e.occurred_at for r in group for e in r.reports if not isinstance(e, CommitReport)]
        heard.append(
            Heard(
                name=name,
                kind=source.kind if source else "unknown",
                deliveries=len(group),
                first_received_at=min(arrivals),
                last_received_at=max(arrivals),
                last_event_at=max(events, default=None),
            )
        )
    return heard


def _in_words(error: Exception) -> str:
    """Return an error's words in a form that every database stores, whatever of the payload they quote."""
    words = str(error) if isinstance(error, TwinspanError) else f"{type(error).__name__}: {error}"
    return words.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")[:2_000]
