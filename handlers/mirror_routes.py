"""Finds where a reply goes: the threads of the same subject on the other sides, and what may pass between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from handlers.context import Context
from handlers.errors import PostFailure
from handlers.heard import Said
from handlers.routing import CARD, SIDES, Notice
from models.mirroring import THREADED, Decision, is_mirrored
from models.records import MessageRef
from models.store import Store
from models.topology import Bridge, Topology, folded

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """From one thread to another of the same subject: the bridge between them, and the card on either side."""

    bridge: Bridge
    here: MessageRef
    there: MessageRef


@dataclass(frozen=True, slots=True)
class Passage:
    """What may pass on a route: from here to there, from there to here; whether a private channel opens to a public."""

    out: bool
    back: bool
    opens_private: bool

    @property
    def the_other_way(self) -> "Passage":
        """The same, seen from there."""
        return Passage(out=self.back, back=self.out, opens_private=self.opens_private)

    @property
    def params(self) -> dict[str, str]:
        """What the note in the thread here is told."""
        told = {"out": self.out, "back": self.back, "private": self.opens_private}
        return {name: "yes" for name, is_so in told.items() if is_so}


async def thread_of(store: Store, said: Said) -> MessageRef | None:
    """Return the card whose thread a message stands in, where such threads can be carried over."""
    subject = await store.messages.subject_at(said.channel, said.thread_ts or "")
    if subject is None or subject.partition(":")[0] not in THREADED:
        return None
    cards = await store.messages.of_subject(subject)
    return next((m for m in cards if m.part == CARD and (m.channel_id, m.ts) == (said.channel, said.thread_ts)), None)


async def routes_from(store: Store, topology: Topology, here: MessageRef) -> list[Route]:
    """Return where else a card's thread is shown, each other channel once."""
    cards = {m.channel: m for m in await store.messages.of_subject(here.subject) if m.part == CARD}
    found: dict[str, Route] = {}
    for bridge in topology.bridges:
        for side in SIDES:
            there = cards.get(bridge.channel("ops" if side == "dev" else "dev"))
            if bridge.channel(side) == here.channel and there and there.channel_id != here.channel_id:
                found.setdefault(there.channel, Route(bridge, here, there))
    return list(found.values())


def hears(route: Route, said: Said) -> bool:
    """Return whether a bridge carries who speaks: people, and the other bots that it names."""
    if said.bot is None:
        return True
    wanted = {folded(name) for name in route.bridge.mirror_bots}
    return bool(wanted & {folded(said.bot.id), folded(said.bot.name)})


def is_open(route: Route, decided: Decision | None) -> bool:
    """Return whether replies are carried on a route at all."""
    return is_mirrored(route.bridge.mirror, route.here.subject, decided)


async def passage(ctx: Context, route: Route, is_private: bool | None = None) -> Passage:
    """Return what may pass: nothing leaves a private channel for a public one unless an admin allowed that.

    `is_private` says it of the channel here, where that was told a moment ago.
    """
    try:
        here = await ctx.conversation.is_private(route.here.channel_id) if is_private is None else is_private
        there = await ctx.conversation.is_private(route.there.channel_id)
    except PostFailure as failure:
        # Not knowing is not permission.
        _log.warning("mirror_privacy_unknown", channel=route.here.channel, reason=failure.reason)
        return Passage(out=False, back=False, opens_private=False)
    if here == there:
        return Passage(out=True, back=True, opens_private=False)
    is_allowed = route.bridge.mirror_private
    return Passage(out=is_allowed or not here, back=is_allowed or not there, opens_private=is_allowed)


def notice(card: MessageRef, part: str, params: Mapping[str, str] | None = None) -> Notice:
    """Return the notice of something to say in a card's thread."""
    # The database keeps a side as a plain word, always one that a notice wrote.
    return Notice(subject=card.subject, part=part, channel=card.channel, side=card.side, params=dict(params or {}))  # type: ignore[arg-type]


async def new_ones(store: Store, notices: Sequence[Notice]) -> list[Notice]:
    """Leave out what a thread was told already in the same way."""
    fresh = []
    for one in notices:
        told = await store.outbox.params_of(one.key)
        if told is None and await store.messages.part(one.subject, one.channel, one.part):
            continue
        if told != one.params:
            fresh.append(one)
    return fresh
