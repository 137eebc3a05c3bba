"""The door: authenticates and parses a request, and answers once it is on disk.

Requests that wait at the same moment are stored in one transaction by one writer (group commit), each answered after
its own row is durable. One row that cannot be stored never takes its neighbours with it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

import zstandard

from handlers.errors import MalformedPayload, NotAuthentic, Overloaded, TwinspanError, Unavailable
from handlers.ports import InTurn, Telemetry
from handlers.sender_warnings import warnings_about
from handlers.webhooks import Parsed, Rejection, SourceKind, WebhookRequest
from models.store import Store
from models.store.deliveries import NewDelivery, Stored
from models.topology import Topology, WebhookSource

# Half the time of level 1 for half as many bytes again: at the door time is dearer.
LEVEL: Final = -3

PRESSURE_WINDOW: Final = 0.25
BUSY_GROUP: Final = 16


@dataclass(slots=True, kw_only=True)
class Receipt:
    """What the sender is told: stored now, stored before, or not ours (`ignored` with its reason).

    Not frozen, for speed alone: nothing changes it.
    """

    status: Literal["accepted", "duplicate", "ignored"]
    delivery: int | None = None
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    rejected: tuple[Rejection, ...] = ()


@dataclass(slots=True)
class _Waiting:
    delivery: NewDelivery
    stored: asyncio.Future[Stored]
    is_compressed: bool = False


@dataclass(slots=True)
class Pressure:
    """How hard the door is pressed, over windows of a quarter of a second."""

    began: float = 0.0
    stored: int = 0
    groups: int = 0
    last_stored: int = 0
    last_groups: int = 0

    def add(self, size: int, now: float) -> None:
        """Count a group that was stored at `now` (monotonic seconds)."""
        self._turn(now)
        self.stored += size
        self.groups += 1

    def is_open(self, now: float) -> bool:
        """Say whether requests come in at all."""
        self._turn(now)
        return self.stored + self.last_stored > 0

    def is_busy(self, now: float) -> bool:
        """Say whether more come in than are stored at once: a mean group of sixteen or more."""
        self._turn(now)
        return self.last_groups > 0 and self.last_stored >= BUSY_GROUP * self.last_groups

    def _turn(self, now: float) -> None:
        age = now - self.began
        if age < PRESSURE_WINDOW:
            return
        is_next = age < 2 * PRESSURE_WINDOW
        self.last_stored, self.last_groups = (self.stored, self.groups) if is_next else (0, 0)
        self.began, self.stored, self.groups = now, 0, 0


@dataclass(kw_only=True)
class Intake:
    """The door of one process. `run` is its one writer; `receive` may be called by any number of requests at once.

    `queue_size` bounds how many requests may wait to be stored; further ones are told to come again. `elapsed`
    returns seconds on a monotonic clock. `on_stored` is called after each group.
    """

    in_turn: InTurn
    topology: Callable[[], Topology]
    telemetry: Telemetry
    elapsed: Callable[[], float]
    on_stored: Callable[[], None]
    queue_size: int = 2_000
    group_size: int = 256
    _pressure: Pressure = field(default_factory=Pressure)
    _queue: deque[_Waiting] = field(default_factory=deque)
    _parts: deque[Sequence[_Waiting]] = field(default_factory=deque)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _compressor: zstandard.ZstdCompressor = field(default_factory=lambda: zstandard.ZstdCompressor(level=LEVEL))

    @property
    def depth(self) -> int:
        """How many requests wait to be stored."""
        return len(self._queue)

    def is_open(self) -> bool:
        """Say whether requests come in at the moment."""
        return self._pressure.is_open(self.elapsed())

    def is_busy(self) -> bool:
        """Say whether the door can hardly keep up."""
        return self._pressure.is_busy(self.elapsed())

    async def receive(self, source: WebhookSource, kind: SourceKind, request: WebhookRequest) -> Receipt:
        """Take one request in.

        Raises:
            NotAuthentic: it did not prove who sent it.
            MalformedPayload: it can never succeed.
            Overloaded: it is not stored; the sender should come again.
        """
        try:
            receipt = await self._receive(source, kind, request)
        except (NotAuthentic, MalformedPayload, Overloaded) as error:
            refused = {NotAuthentic: "not_authentic", MalformedPayload: "malformed"}
            self.telemetry.delivery(source.name, refused.get(type(error), "overloaded"))
            raise
        self.telemetry.delivery(source.name, receipt.status)
        return receipt

    async def _receive(self, source: WebhookSource, kind: SourceKind, request: WebhookRequest) -> Receipt:
        kind.verify(request, source)
        parsed = kind.parse(request, source)
        if parsed.ignored is not None:
            return Receipt(status="ignored", reason=parsed.ignored, warnings=parsed.warnings)
        warnings = (*parsed.warnings, *warnings_about(parsed.reports, self.topology(), request.at))
        stored = await self._store(_new_delivery(source, kind, request, parsed))
        return Receipt(
            status="accepted" if stored.is_new else "duplicate",
            delivery=stored.id,
            warnings=warnings,
            rejected=parsed.rejected,
        )

    async def _store(self, delivery: NewDelivery) -> Stored:
        if self.depth >= self.queue_size:
            raise Overloaded(retry_after=2)
        waiting = _Waiting(delivery, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if not self._arrived.is_set():
            self._arrived.set()
        return await waiting.stored

    async def run(self) -> None:
        """Store what arrives, until cancelled; then what is still waiting."""
        try:
            while True:
                await self._arrived.wait()
                await self._store_waiting()
        finally:
            await self._store_waiting()

    async def _store_waiting(self) -> None:
        self._arrived.clear()
        next_group = partial(self._next_group, asyncio.get_running_loop())
        while self._queue or self._parts:
            await self.in_turn(next_group)

    def _next_group(self, loop: asyncio.AbstractEventLoop) -> "_Group | None":
        """Return what waits at this moment; called from any thread, one at a time."""
        if self._parts:
            waiting = self._parts.popleft()
        else:
            waiting = [self._queue.popleft() for _ in range(min(len(self._queue), self.group_size))]
        return _Group(self, loop, waiting, self.elapsed()) if waiting else None

    def compress(self, group: Sequence[_Waiting]) -> None:
        """Compress the bodies of a group in one call, which lets other threads run meanwhile."""
        plain = [waiting for waiting in group if not waiting.is_compressed]
        if plain:
            bodies = self._compressor.multi_compress_to_buffer([w.delivery.body for w in plain])
            for number, waiting in enumerate(plain):
                waiting.delivery.body = bodies[number].tobytes()
                waiting.is_compressed = True

    def halve(self, group: Sequence[_Waiting]) -> None:
        """Let both halves of a group be stored next, each for itself: one of its rows cannot be."""
        middle = len(group) // 2
        self._parts.extendleft((group[middle:], group[:middle]))

    def stored(self, group: Sequence[_Waiting], results: Sequence[Stored], seconds: float) -> None:
        """Answer a group that is durable."""
        for waiting, stored in zip(group, results, strict=True):
            if not waiting.stored.done():
                waiting.stored.set_result(stored)
        self._pressure.add(len(group), self.elapsed())
        self.telemetry.group(len(group), seconds)
        self.on_stored()


@dataclass(slots=True)
class _Group:
    """Requests that are stored in one statement, or else none of them."""

    intake: Intake
    loop: asyncio.AbstractEventLoop
    waiting: Sequence[_Waiting]
    began: float
    results: Sequence[Stored] = ()

    def prepare(self) -> None:
        self.intake.compress(self.waiting)

    async def work(self, store: Store) -> None:
        self.results = await store.deliveries.add_group([waiting.delivery for waiting in self.waiting])

    def done(self, error: Exception | None) -> None:
        tell = self.loop.call_soon_threadsafe
        if error is None:
            tell(self.intake.stored, self.waiting, self.results, self.intake.elapsed() - self.began)
        elif len(self.waiting) == 1 or isinstance(error, Unavailable):
            tell(_refuse, self.waiting, error)
        else:
            self.intake.halve(self.waiting)


def _refuse(group: Sequence[_Waiting], error: Exception) -> None:
    reason = error.reason if isinstance(error, TwinspanError) else "not_stored"
    for waiting in group:
        if not waiting.stored.done():
            refusal = Overloaded(retry_after=5, reason=reason)
            refusal.__cause__ = error
            waiting.stored.set_exception(refusal)


def _new_delivery(
    source: WebhookSource,
    kind: SourceKind,
    request: WebhookRequest,
    parsed: Parsed,
) -> NewDelivery:
    return NewDelivery(
        source=source.name,
        key=parsed.key,
        event=parsed.event,
        received_at=request.at,
        headers=_kept(request.headers, kind.headers),
        body=request.body,
    )


def _kept(headers: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}
