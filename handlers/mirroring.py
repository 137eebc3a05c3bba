"""The one place where a reply is carried to the other side: written, edited, deleted, reacted to.

A reply is stored with the row of the outbox that says it, in one transaction, under where it was written: told again by
Slack, by another replica or by the look back after a restart, it is the same line. The outbox keeps the order and says
each line once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from handlers.acting import By
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.heard import Said
from handlers.routing import CARD, LINE, SIDES, Notice
from models.mirroring import THREADED, Line, carried, is_kept_here, is_mirrored, mentioned
from models.people import Person
from models.records import MessageRef
from models.store import Store
from models.topology import Bridge, Topology

NOTE: Final = "mirrored"
ASK: Final = "mirror-ask"
PRIVATE: Final = "mirror-private"
_LOOKED_BACK: Final = timedelta(days=3)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Route:
    """From one thread to another of the same subject: the bridge between them, and the card on either side."""

    bridge: Bridge
    here: MessageRef
    there: MessageRef


async def hear(ctx: Context, said: Said, at: datetime) -> None:
    """Carry a reply over where its thread is one conversation with the other side's; else do nothing."""
    if said.thread_ts is None or is_kept_here(said.text):
        return
    async with ctx.reading() as store:
        routes = await _routes(store, ctx.topology, said)
        decided = await store.mirroring.decided(routes[0].here.subject) if routes else None
    subject = routes[0].here.subject if routes else ""
    asked = [r for r in routes if r.bridge.mirror == "ask" and decided is None]
    open_routes = [r for r in routes if is_mirrored(r.bridge.mirror, subject, decided)]
    allowed, refused = await _by_privacy(ctx, open_routes)
    if not (allowed or refused or asked):
        return
    people = await _people(ctx)
    author = people.get(said.user_id)
    name = author.name if author else await ctx.messenger.user_name(said.user_id)
    line = Line(
        channel=said.channel,
        ts=said.ts,
        subject=subject,
        author_id=said.user_id,
        author=name,
        picture=author.picture if author else None,
        text=_text(said, people),
        files=said.files,
        reactions={},
        written_at=said.at,
        edited_at=said.edited_at,
    )
    async with ctx.transaction() as store:
        notices = [_notice(r.here, ASK) for r in asked] + [_notice(r.here, PRIVATE) for r in refused]
        if allowed:
            number = await store.mirroring.add(line)
            if number is None:
                return
            notices += [n for r in allowed for n in await _first(store, r)]
            notices += [_notice(r.there, f"{LINE}{number}") for r in allowed]
        await store.outbox.notify(await _unsaid(store, notices), at)
    ctx.wake_outbox()


async def edit(ctx: Context, said: Said, at: datetime) -> None:
    """Let an edited reply read the same on the other side; one that is marked to stay disappears there."""
    people = await _people(ctx)
    async with ctx.transaction() as store:
        line = await store.mirroring.at(said.channel, said.ts)
        # An edit that is told again after a later one is not what it reads now.
        if line and (said.edited_at or said.at) >= (line.edited_at or line.written_at):
            text, is_kept = _text(said, people), is_kept_here(said.text)
            if (line.text, line.is_kept, line.files) != (text, is_kept, said.files):
                changed = replace(line, text=text, is_kept=is_kept, files=said.files, edited_at=said.edited_at)
                await _resay(store, changed, at)
    if line is None:
        # It was kept here until now, or the event of its writing has not come yet: either way it is new to the bridge.
        await hear(ctx, said, at)
    ctx.wake_outbox()


async def delete(ctx: Context, channel: str, ts: str, at: datetime) -> None:
    """Take a reply away on the other side too."""
    async with ctx.transaction() as store:
        line = await store.mirroring.at(channel, ts)
        if line and line.deleted_at is None:
            await _resay(store, replace(line, deleted_at=at), at)
    ctx.wake_outbox()


async def react(ctx: Context, where: tuple[str, str], emoji: str, user_id: str, at: datetime, *, is_on: bool) -> None:
    """Show under the other side's copy who reacted to a reply."""
    async with ctx.reading() as store:
        known = await store.mirroring.at(*where)
    if known is None:
        return
    people = await _people(ctx)
    name = people[user_id].name if user_id in people else await ctx.messenger.user_name(user_id)
    async with ctx.transaction() as store:
        line = await store.mirroring.at(*where)
        assert line is not None
        others = [one for one in line.reactions.get(emoji, ()) if one != name]
        now = dict(line.reactions) | {emoji: tuple([*others, name] if is_on else others)}
        changed = replace(line, reactions={e: who for e, who in now.items() if who})
        if changed != line:
            await _resay(store, changed, at)
    ctx.wake_outbox()


async def decide(ctx: Context, subject: str, by: By, *, is_on: bool) -> None:
    """Make the threads of a subject one conversation from now on, or let each be its own again.

    Raises:
        UserError: the bridge's configuration says never.
    """
    async with ctx.transaction() as store:
        cards = [m for m in await store.messages.of_subject(subject) if m.part == CARD]
        bridges = [b for b in ctx.topology.bridges if {b.dev, b.ops} & {card.channel for card in cards}]
        if is_on and all(b.mirror == "never" for b in bridges):
            raise UserError("The configuration says `mirror: never` for this bridge.")
        await store.mirroring.decide(subject, is_on, by.name, by.at)
        await store.outbox.notify([_notice(card, NOTE) for card in cards], by.at)
    ctx.wake_outbox()


async def catch_up(ctx: Context, at: datetime) -> None:
    """After a start: read the threads that are one conversation once, and make up for what was missed, in order."""
    async with ctx.reading() as store:
        subjects = set(await store.mirroring.subjects_since(at - _LOOKED_BACK))
        subjects |= {f"incident:{i.leader_id or i.id}" for i in await store.incidents.list_open()}
        threads = [
            (card, await store.mirroring.standing(subject, card.channel_id))
            for subject in sorted(subjects)
            for card in await store.messages.of_subject(subject)
            if card.part == CARD
        ]
    fetched: list[Said] = []
    for card, standing in threads:
        try:
            found = await ctx.conversation.replies(card.channel_id, card.ts)
        except PostFailure as failure:
            _log.warning("mirror_not_caught_up", channel=card.channel, reason=failure.reason)
            continue
        fetched += found
        for ts in sorted(standing - {said.ts for said in found}):
            await delete(ctx, card.channel_id, ts, at)
    for said in sorted(fetched, key=lambda one: one.ts):
        await edit(ctx, said, at)


async def _routes(store: Store, topology: Topology, said: Said) -> list[_Route]:
    """Return where else the thread of a message is shown, by bridge."""
    subject = await store.messages.subject_at(said.channel, said.thread_ts or "")
    if subject is None or subject.partition(":")[0] not in THREADED:
        return []
    cards = [m for m in await store.messages.of_subject(subject) if m.part == CARD]
    here = next((m for m in cards if (m.channel_id, m.ts) == (said.channel, said.thread_ts)), None)
    if here is None:
        return []
    found: dict[str, _Route] = {}
    for bridge in topology.bridges:
        for side in SIDES:
            over = bridge.channel("ops" if side == "dev" else "dev")
            there = next((m for m in cards if m.channel == over), None)
            if bridge.channel(side) == here.channel and there and there.channel != here.channel:
                found.setdefault(there.channel, _Route(bridge, here, there))
    return list(found.values())


async def _by_privacy(ctx: Context, routes: Sequence[_Route]) -> tuple[list[_Route], list[_Route]]:
    """Part what may be carried from what may not: nothing leaves a private channel unless an admin allowed it."""
    allowed: list[_Route] = []
    refused: list[_Route] = []
    for route in routes:
        try:
            leaks = await ctx.conversation.is_private(route.here.channel_id) and not await ctx.conversation.is_private(
                route.there.channel_id
            )
        except PostFailure as failure:
            # Not knowing is not permission.
            _log.warning("mirror_privacy_unknown", channel=route.here.channel, reason=failure.reason)
            leaks = True
        (refused if leaks and not route.bridge.mirror_private else allowed).append(route)
    return allowed, refused


async def _first(store: Store, route: _Route) -> list[Notice]:
    """Say in both threads that they are one conversation, before the first line of it."""
    known = [m for m in await store.messages.of_subject(route.here.subject) if m.part == NOTE]
    said = {m.channel for m in known}
    return [_notice(card, NOTE) for card in (route.here, route.there) if card.channel not in said]


async def _unsaid(store: Store, notices: Sequence[Notice]) -> list[Notice]:
    """Leave out questions and notes that were put before: saying them again would only edit them."""
    kept = []
    for notice in notices:
        is_once = notice.part in (ASK, PRIVATE)
        if not (is_once and await store.messages.part(notice.subject, notice.channel, notice.part)):
            kept.append(notice)
    return kept


async def _resay(store: Store, line: Line, at: datetime) -> None:
    await store.mirroring.save(line)
    sides = await store.outbox.channels_of(line.subject, f"{LINE}{line.id}")
    await store.outbox.notify(
        [Notice(subject=line.subject, part=f"{LINE}{line.id}", channel=c, side=s) for c, s in sides.items()],  # type: ignore[arg-type]
        at,
    )


def _notice(card: MessageRef, part: str) -> Notice:
    return Notice(subject=card.subject, part=part, channel=card.channel, side=card.side)  # type: ignore[arg-type]


async def _people(ctx: Context) -> dict[str, Person]:
    try:
        return {person.user_id: person for person in await ctx.directory.people()}
    except PostFailure:
        return {}


def _text(said: Said, people: dict[str, Person]) -> str:
    names = {user: people[user].name for user in mentioned(said.text) if user in people}
    return carried(said.text, names)
