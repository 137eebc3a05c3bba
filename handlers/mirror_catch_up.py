"""Makes up for what was missed while nothing was heard: once for each thread, in order, before what comes after it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from handlers.context import Context
from handlers.errors import PostFailure
from handlers.heard import Said
from handlers.hearing import hear
from handlers.mirror_routes import is_open, routes_from, thread_of
from handlers.mirroring import delete
from handlers.reflections import reflect_copy, reflect_reply
from handlers.routing import CARD
from models.records import MessageRef

_log = structlog.get_logger(__name__)

# How far back replies are looked at for edits and deletions.
_LOOKED_BACK: Final = timedelta(days=3)
# Clocks differ, and what was told in the last moments may not have been stored.
_OVERLAP: Final = timedelta(minutes=1)
# Slack tells an event up to three times within about an hour: https://docs.slack.dev/apis/events-api#retries
_TOLD_WITHIN: Final = timedelta(hours=1)
_SUSPECTED_AT_MOST: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Missed:
    """What one process has made up for. `since`: what was written before was heard, or nothing is known of it yet."""

    ctx: Context
    since: datetime | None = None
    _done: set[tuple[str, str]] = field(default_factory=set)
    _locks: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)
    _suspected_at: datetime | None = None

    async def begin(self, at: datetime) -> None:
        """Before anything is heard: find out since when nothing was."""
        async with self.ctx.reading() as store:
            heard_until = await store.mirroring.heard_until()
        self.since = (heard_until or at) - _OVERLAP

    async def beat(self, at: datetime) -> None:
        """Note that everything until now is heard."""
        async with self.ctx.transaction() as store:
            await store.mirroring.beat(at)

    def suspect(self, at: datetime) -> bool:
        """Take it that something was missed: Slack tells something again. Return whether to look now."""
        if self._suspected_at is not None and at < self._suspected_at + _SUSPECTED_AT_MOST:
            return False
        self._suspected_at, self.since = at, at - _TOLD_WITHIN
        self._done.clear()
        return True

    async def look(self, at: datetime) -> None:
        """Read the threads that are one conversation, or may have become one, and make up for what was missed."""
        for card in await self._threads(at):
            await self._thread(card, at)

    async def hear(self, said: Said, at: datetime) -> None:
        """Carry a reply over, after what was written in its thread before."""
        if said.thread_ts is None or (said.bot and await self.ctx.conversation.is_own(said.bot.id)):
            return
        if (said.channel, said.thread_ts) not in self._done:
            async with self.ctx.reading() as store:
                card = await thread_of(store, said)
            if card:
                await self._thread(card, at)
        await hear(self.ctx, said, at)

    async def _threads(self, at: datetime) -> list[MessageRef]:
        """Return the cards whose threads are one conversation and may have gone on."""
        written_in = await self._written_in()
        async with self.ctx.reading() as store:
            subjects = set(await store.mirroring.subjects_since(at - _LOOKED_BACK))
            subjects |= {f"incident:{i.leader_id or i.id}" for i in await store.incidents.list_open()}
            subjects |= {s for place in written_in if (s := await store.messages.subject_at(*place))}
            asked = {f"question:{q.id}" for q in await store.questions.waiting()}
            found = []
            for subject in sorted(subjects | asked):
                decided = await store.mirroring.decided(subject)
                for card in await store.messages.of_subject(subject):
                    routes = await routes_from(store, self.ctx.topology, card) if card.part == CARD else []
                    if any(is_open(route, decided) for route in routes) or (routes and subject in asked):
                        found.append(card)
        return found

    async def _written_in(self) -> set[tuple[str, str]]:
        """Return the threads of the bridges' channels in which something was written since, as channel and ts."""
        if self.since is None:
            return set()
        async with self.ctx.reading() as store:
            ids = await store.messages.channel_ids({c for b in self.ctx.topology.bridges for c in (b.dev, b.ops)})
        found: set[tuple[str, str]] = set()
        for channel in ids:
            try:
                threads = await self.ctx.conversation.threads(channel, self.since - _LOOKED_BACK, self.since)
            except PostFailure as failure:
                _log.warning("mirror_not_caught_up", channel=channel, reason=failure.reason)
                continue
            found |= {(channel, ts) for ts in threads}
        return found

    async def _thread(self, card: MessageRef, at: datetime) -> None:
        """Make up for what was missed in one thread, unless that was done."""
        place = (card.channel_id, card.ts)
        async with self._locks.setdefault(place, asyncio.Lock()):
            if place in self._done:
                return
            async with self.ctx.reading() as store:
                standing = await store.mirroring.standing(card.subject, card.channel_id)
            try:
                said = await self.ctx.conversation.replies(card.channel_id, card.ts)
            except PostFailure as failure:
                _log.warning("mirror_not_caught_up", channel=card.channel, reason=failure.reason)
                return
            await self._make_up(card, said, standing, at)
            self._done.add(place)
            self._locks.pop(place, None)

    async def _make_up(self, card: MessageRef, said: Iterable[Said], standing: set[str], at: datetime) -> None:
        there = sorted(said, key=lambda one: one.ts)
        for ts in sorted(standing - {one.ts for one in there}):
            await delete(self.ctx, card.channel_id, ts, at)
        for one in there:
            # What was written before was heard, and was not carried for a reason.
            if one.ts in standing or (self.since is not None and one.at >= self.since):
                await hear(self.ctx, one, at)
            if one.reflected:
                await reflect_reply(self.ctx, one.channel, one.ts)
            elif one.bot and one.reactions and await self.ctx.conversation.is_own(one.bot.id):
                await reflect_copy(self.ctx, one.channel, one.ts)
