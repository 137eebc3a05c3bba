"""The outbox: says in Slack what is queued, one channel at a time, in order, at Slack's pace.

One process is a channel's voice while it holds the channel's lease. A message is marked as handed over before it is
posted and as sent after Slack answered; what is found handed over without an answer is looked for in Slack before it is
said again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from handlers.context import Context
from handlers.errors import PostFailure, Unavailable
from handlers.outage import Outage
from handlers.ports import Posted
from handlers.routing import CARD, CRITICAL, LINE, LOUD, Notice
from handlers.views import Message
from models.pace import Pace
from models.records import MessageRef
from models.store import Store
from models.store.outbox import UNANSWERED, OutboxItem
from models.topology import Topology

_log = structlog.get_logger(__name__)

# Slack's clock and ours may differ; a lost message is looked for from a little before it was handed over.
CLOCK_SKEW: Final = timedelta(minutes=1)
# Cards of these link to each other across the channels; digests and notices to the admin stand alone.
LINKED: Final = ("deploy:", "change:", "incident:", "question:")
GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})


class Render(Protocol):
    """Finds the words for a row of the outbox; `None` when there is nothing to say any more."""

    def __call__(
        self,
        store: Store,
        topology: Topology,
        *,
        subject: str,
        part: str,
        side: str,
        channel: str,
        params: dict[str, str],
        at: datetime,
    ) -> Awaitable[Message | None]:
        """Return the message as it should read at `at`."""


_NO_CHANNEL: Final = frozenset({"channel_not_found", "is_archived"})


@dataclass(kw_only=True)
class Dispatcher:
    """The outbox of one process. `holder` names the process; `jitter` returns a factor around 1."""

    ctx: Context
    render: Render
    holder: str
    now: Callable[[], datetime]
    elapsed: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    pace: Pace = field(default_factory=Pace)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _lanes: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _is_stopping: bool = False
    # A database may be read and yet take nothing: two troubles, else each attempt would begin and end one.
    _reading: Outage = field(default_factory=lambda: Outage("outbox_paused", "outbox_resumed"))
    _writing: Outage = field(default_factory=lambda: Outage("outbox_paused", "outbox_resumed"))

    def wake(self) -> None:
        """Say that a row is waiting."""
        self._work.set()

    async def run(self) -> None:
        """Say what waits, until stopped or cancelled."""
        while not self._is_stopping:
            try:
                await self._start_lanes()
                self._reading.is_over(self.now())
            except Unavailable:
                self._reading.goes_on(Unavailable.reason, self.now())
            except Exception:
                _log.exception("outbox_failed")
            self._work.clear()
            try:
                async with asyncio.timeout(self.pace.poll):
                    await self._work.wait()
            except TimeoutError:
                continue
            # Facts come in bursts: one look for all of one.
            await self.sleep(self.pace.gather)

    async def stop(self) -> None:
        """Let what is being said be recorded, give the channels back, and end."""
        self._is_stopping = True
        self.wake()
        await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def _start_lanes(self) -> None:
        at = self.now()
        async with self.ctx.reading() as store:
            channels = await store.outbox.claimable(at, self.holder)
        for channel in channels:
            if channel not in self._lanes:
                lane = asyncio.create_task(self._speak(channel), name=f"outbox {channel}")
                self._lanes[channel] = lane
                lane.add_done_callback(lambda _, name=channel: self._lanes.pop(name, None))  # type: ignore[misc]

    async def _speak(self, channel: str) -> None:
        """Be a channel's voice until nothing is due there."""
        try:
            while not self._is_stopping and (item := await self._take(channel)):
                if not await self._deliver(item):
                    break
                await self.sleep(self.pace.between_messages)
            async with self.ctx.transaction() as store:
                await store.channels.release(channel, self.holder)
            self._writing.is_over(self.now())
        except Unavailable:
            self._writing.goes_on(Unavailable.reason, self.now())
        except Exception:
            _log.exception("outbox_lane_failed", channel=channel)
            await self.sleep(self.pace.first_retry)

    async def _take(self, channel: str) -> OutboxItem | None:
        at = self.now()
        until = at + timedelta(seconds=self.pace.lease)

        async def work(store: Store) -> OutboxItem | None:
            is_mine = await store.channels.lease(channel, self.holder, at=at, until=until)
            return await store.outbox.take(channel, at) if is_mine else None

        return await self.ctx.at_once(work)

    async def _deliver(self, item: OutboxItem) -> bool:
        """Say one thing and record it; return whether the channel takes more."""
        started = self.elapsed()
        async with self.ctx.reading() as store:
            known = await store.messages.of_subject(item.subject)
            # Under its id a channel is the same whatever it is called by now.
            where = await store.channels.id_of(item.channel) or item.channel
        try:
            # The lease must outlive the call, or another process could say the same thing meanwhile.
            async with asyncio.timeout(self.pace.lease * 0.8):
                posted, outcome = await self._say(item, known, where)
        except TimeoutError:
            return await self._keep(item, PostFailure("timeout", may_have_arrived=True))
        except PostFailure as failure:
            self.ctx.telemetry.post(failure.reason, self.elapsed() - started)
            return await self._keep(item, failure)
        self.ctx.telemetry.post(outcome, self.elapsed() - started)
        await self._record(item, posted, known)
        return True

    async def _say(self, item: OutboxItem, known: Sequence[MessageRef], where: str) -> tuple[Posted | None, str]:
        async with self.ctx.reading() as store:
            message = await self.render(
                store,
                self.ctx.topology,
                subject=item.subject,
                part=item.part,
                side=item.side,
                channel=item.channel,
                params=item.params,
                at=self.now(),
            )
        if message is None:
            return None, "withdrawn"
        mine = _part(known, item, item.part)
        is_reply = item.part != CARD and not item.part.startswith(LOUD)
        card = _part(known, item, CARD) if is_reply else None
        thread_ts = card.ts if card else None
        if mine is None and item.is_doubtful:
            mine = await self._found(item, where, thread_ts)
        if message.is_gone:
            if mine is not None:
                await self.ctx.messenger.delete(mine.channel_id, mine.ts)
            return None, "deleted"
        if mine is not None:
            try:
                return await self.ctx.messenger.update(mine.channel_id, mine.ts, message, key=item.key), "updated"
            except PostFailure as failure:
                if failure.reason not in GONE:
                    raise
        return await self._post(item, where, message, thread_ts), "posted"

    async def _post(self, item: OutboxItem, where: str, message: Message, thread_ts: str | None) -> Posted:
        try:
            return await self.ctx.messenger.post(where, message, key=item.key, thread_ts=thread_ts)
        except PostFailure as failure:
            if failure.reason in _NO_CHANNEL and where != item.channel:
                # The channel is gone; another one may have its name.
                return await self._post(item, item.channel, message, thread_ts)
            if thread_ts is None or failure.reason not in GONE or item.part.startswith(LINE):
                raise
        return await self.ctx.messenger.post(where, message, key=item.key)

    async def _found(self, item: OutboxItem, where: str, thread_ts: str | None) -> MessageRef | None:
        """Look in Slack for a message that was handed over without an answer."""
        since = (item.posting_since or item.created_at) - CLOCK_SKEW
        try:
            found = await self.ctx.messenger.find(where, key=item.key, since=since, thread_ts=thread_ts)
        except PostFailure as failure:
            if not failure.is_permanent:
                raise
            _log.warning("outbox_cannot_look", channel=item.channel, reason=failure.reason)
            return None
        _log.info("outbox_doubtful", key=item.key, found=found is not None)
        return _reference(item, found) if found else None

    async def _record(self, item: OutboxItem, posted: Posted | None, known: Sequence[MessageRef]) -> None:
        """Record what was said; `known` is what its words could link to."""
        at = self.now()
        before = _part(known, item, item.part)
        is_new = posted is not None and (before is None or before.ts != posted.ts)
        is_new_card = is_new and item.part == CARD and item.subject.startswith(LINKED)

        async def work(store: Store) -> None:
            if is_new_card:
                await store.outbox.lock(item.subject)
            await store.outbox.sent(item, at)
            await store.channels.pause(item.channel, at + timedelta(seconds=self.pace.between_messages))
            if posted is not None:
                await store.messages.remember(_reference(item, posted), at)
                await store.channels.learn(item.channel, posted.channel_id)
            if is_new_card:
                await store.outbox.notify(await _to_link(store, item, known), at)

        await self.ctx.at_once(work)

    async def _keep(self, item: OutboxItem, failure: PostFailure) -> bool:
        """Keep what Slack did not take, for later or for a person; return whether the channel takes more."""
        _log.warning("post_failed", key=item.key, channel=item.channel, reason=failure.reason, attempts=item.attempts)
        at = self.now()
        # A doubt ends with an answer, not with a look that failed.
        reason = UNANSWERED if failure.may_have_arrived or item.is_doubtful else failure.reason
        async with self.ctx.transaction() as store:
            if failure.is_permanent:
                await store.outbox.fail(item, failure.reason)
                await store.outbox.notify(self._complaint(item), at)
                return True
            if failure.retry_after is not None:
                until = at + timedelta(seconds=failure.retry_after)
                await store.outbox.put_back(item, due_at=at, reason=reason)
                await store.channels.pause(item.channel, until, failure.reason)
                return False
            due = at + timedelta(seconds=self._backoff(item.attempts, is_refused=failure.is_refusal))
            await store.outbox.put_back(item, due_at=due, reason=reason)
            if failure.is_refusal:
                await store.channels.pause(item.channel, due, failure.reason)
            return not failure.is_refusal

    def _backoff(self, attempts: int, *, is_refused: bool) -> float:
        if is_refused:
            return self.pace.when_refused
        doubled = self.pace.first_retry * 2.0 ** min(attempts, 20)
        return min(doubled, self.pace.longest_retry) * self.jitter()

    def _complaint(self, item: OutboxItem) -> list[Notice]:
        admin = self.ctx.topology.admin_channel
        if admin is None or admin == item.channel:
            return []
        subject = f"channel:{item.channel}"
        return [Notice(subject=subject, part=CARD, channel=admin, side="admin", priority=CRITICAL)]


def _reference(item: OutboxItem, posted: Posted) -> MessageRef:
    return MessageRef(
        subject=item.subject,
        part=item.part,
        side=item.side,
        channel=item.channel,
        channel_id=posted.channel_id,
        ts=posted.ts,
        permalink=posted.permalink,
    )


def _part(known: Sequence[MessageRef], item: OutboxItem, part: str) -> MessageRef | None:
    return next((m for m in known if m.channel == item.channel and m.part == part), None)


async def _to_link(store: Store, item: OutboxItem, known: Sequence[MessageRef]) -> list[Notice]:
    """Return the cards that can be linked now: those elsewhere to a new one, and this one to those it did not know."""
    cards = [m for m in await store.messages.of_subject(item.subject) if m.part == CARD]
    others = [m for m in cards if m.channel != item.channel]
    knew_all = all(m in known for m in others)
    return [
        Notice(subject=m.subject, part=m.part, channel=m.channel, side=m.side, params=item.params)  # type: ignore[arg-type]
        for m in (others if knew_all else cards)
    ]
