"""The one place where a reply is carried to the other side: written, edited, deleted, reacted to.

A reply is stored with the row of the outbox that says it, in one transaction, under where it was written: told again by
Slack, late, by another replica or by the look back after a restart, it is the same line, and reads as it did last. The
outbox keeps the order and says each line once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from handlers.acting import By
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.heard import Said
from handlers.mirror_routes import Passage, Route, hears, is_open, new_ones, notice, passage, routes_from, thread_of
from handlers.routing import CARD, LINE, Notice
from models.mirroring import Decision, Line, carried, is_kept_here, mentioned
from models.people import Person
from models.records import MessageRef
from models.store import Store
from models.workspaces import workspace_of

NOTE: Final = "mirrored"
ASK: Final = "mirror-ask"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way a reply may go: what may pass there, and whether the threads are one conversation."""

    route: Route
    may: Passage
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Thread:
    """The thread a reply stands in: its card, where its replies go, what people decided for it."""

    card: MessageRef
    ways: Sequence[_Way]
    decided: Decision | None

    def goes_to(self, said: Said) -> list[Route]:
        """Return where a reply goes that was not carried before: nowhere, if it was said while the sides were apart."""
        is_older = self.decided is not None and said.at < self.decided.at
        return [] if is_older else [way.route for way in self.ways if way.is_open and way.may.out]

    @property
    def leaks(self) -> bool:
        """Whether nothing written here may be read anywhere else."""
        return not any(way.may.out for way in self.ways)


async def hear(ctx: Context, said: Said, at: datetime) -> None:
    """Carry a reply over, as it reads now, where its thread is one conversation with the other side's."""
    if said.thread_ts is None or (said.bot and await ctx.conversation.is_own(said.bot.id)):
        return
    if is_kept_here(said.text):
        await _keep(ctx, said, at)
        return
    thread = await _thread(ctx, said)
    if thread is None:
        return
    line = None if thread.leaks else await _line(ctx, said, thread, at)
    async with ctx.transaction() as store:
        notices = await new_ones(store, _told(thread))
        if line:
            notices += await _said(store, line, said, thread)
        await store.outbox.notify(notices, at)
    ctx.wake_outbox()


async def delete(ctx: Context, channel: str, ts: str, at: datetime, before: Said | None = None) -> None:
    """Take a reply away on the other side too; `before` is what it said, in case its writing is told after this."""
    async with ctx.transaction() as store:
        line = await store.mirroring.at(channel, ts)
        card = await thread_of(store, before) if line is None and before else None
        if card and before:
            await store.mirroring.add(replace(_empty(before, card.subject, at), deleted_at=at))
        if line and line.deleted_at is None:
            await _resay(store, replace(line, deleted_at=at), at)
    ctx.wake_outbox()


async def react(ctx: Context, where: tuple[str, str], emoji: str, user_id: str, at: datetime, *, is_on: bool) -> None:
    """Show under the other side's copy who reacted to a reply, as Slack has it now: events come late, and again."""
    async with ctx.reading() as store:
        known = await store.mirroring.at(*where)
    if known is None or known.is_gone:
        return
    now = await _reactions_at(ctx, *where)
    if now is None:
        before = {one: tuple(who) for one, who in known.reactions.items()}
        others = tuple(who for who in before.get(emoji, ()) if who != user_id)
        now = before | {emoji: (*others, user_id) if is_on else others}
    named = await _named(ctx, now)
    async with ctx.transaction() as store:
        line = await store.mirroring.at(*where)
        if line and line.reactions != named:
            await _resay(store, replace(line, reactions=named), at)
    ctx.wake_outbox()


async def decide(ctx: Context, subject: str, by: By, *, is_on: bool) -> None:
    """Make the threads of a subject one conversation from now on, or let each be its own again.

    Raises:
        UserError: the bridge's configuration says never, or no bridge joins these threads any more.
    """
    async with ctx.reading() as store:
        cards = [m for m in await store.messages.of_subject(subject) if m.part == CARD]
        routes = [route for card in cards for route in await routes_from(store, ctx.topology, card)]
    if is_on and not routes:
        raise UserError("No bridge joins this thread with another one.")
    if is_on and all(route.bridge.mirror == "never" for route in routes):
        raise UserError("The configuration says `mirror: never` for this bridge.")
    told = [notice(r.here, NOTE, (await passage(ctx, r)).params if is_on else None) for r in routes]
    async with ctx.transaction() as store:
        await store.mirroring.decide(subject, is_on, by.name, by.at)
        await store.outbox.notify(told, by.at)
    _log.info("mirror_decided", subject=subject, is_on=is_on, by=by.name)
    ctx.wake_outbox()


async def _keep(ctx: Context, said: Said, at: datetime) -> None:
    """Keep a reply on its side; what the other side has of it disappears there."""
    async with ctx.transaction() as store:
        line = await store.mirroring.at(said.channel, said.ts)
        if line is None:
            card = await thread_of(store, said)
            if card:
                # Known without its words, so that its writing, told after this, is old news.
                await store.mirroring.add(replace(_empty(said, card.subject, at), is_kept=True))
        elif said.as_of >= line.as_of and not line.is_kept:
            await _resay(store, replace(line, is_kept=True, edited_at=said.edited_at), at)
    ctx.wake_outbox()


async def _thread(ctx: Context, said: Said) -> _Thread | None:
    async with ctx.reading() as store:
        card = await thread_of(store, said)
        routes = await routes_from(store, ctx.topology, card) if card else []
        decided = await store.mirroring.decided(card.subject) if card else None
    ways = [_Way(r, await passage(ctx, r, said.is_private), is_open(r, decided)) for r in routes if hears(r, said)]
    return _Thread(card, ways, decided) if card and ways else None


def _told(thread: _Thread) -> list[Notice]:
    """Return what a thread is told of itself: asked, or whether its replies are seen elsewhere."""
    modes = {way.route.bridge.mirror for way in thread.ways}
    if thread.decided is None and "ask" in modes:
        return [notice(thread.card, ASK)]
    opened = [way for way in thread.ways if way.is_open]
    notices = [] if opened or modes == {"never"} else [notice(thread.card, NOTE)]
    for way in opened:
        notices += [
            notice(way.route.here, NOTE, way.may.params),
            notice(way.route.there, NOTE, way.may.the_other_way.params),
        ]
    return notices


async def _line(ctx: Context, said: Said, thread: _Thread, at: datetime) -> Line:
    people = await _people(ctx)
    author = people.get(said.user_id)
    if said.bot:
        name, picture = said.bot.name, said.bot.picture
    else:
        name = author.name if author else await ctx.messenger.user_name(said.user_id)
        picture = author.picture if author else None
    is_apart = any(workspace_of(way.route.there.channel_id) != workspace_of(said.channel) for way in thread.ways)
    is_private = await ctx.conversation.is_private(said.channel) if said.is_private is None else said.is_private
    return replace(
        _empty(said, thread.card.subject, at),
        author=name,
        picture=picture,
        text=_text(said, people),
        files=tuple((file, "" if is_private or is_apart else address) for file, address in said.files),
        reactions=await _named(ctx, said.reactions or {}),
    )


def _empty(said: Said, subject: str, at: datetime) -> Line:
    """Return the line of a reply without its words."""
    return Line(
        channel=said.channel,
        ts=said.ts,
        subject=subject,
        author_id="" if said.bot else said.user_id,
        author="",
        text="",
        written_at=said.at,
        edited_at=said.edited_at,
        heard_at=at,
    )


async def _said(store: Store, line: Line, said: Said, thread: _Thread) -> list[Notice]:
    """Store a reply as it reads now; return where that is to be said."""
    goes_to = thread.goes_to(said)
    known = await store.mirroring.at(line.channel, line.ts)
    if known is None:
        number = await store.mirroring.add(line) if goes_to else None
        if number is not None or not goes_to:
            return [notice(route.there, f"{LINE}{number}") for route in goes_to]
        known = await store.mirroring.at(line.channel, line.ts)
        assert known is not None
    now = _as_told(known, line, is_with_reactions=said.reactions is not None)
    if now == known:
        return []
    await store.mirroring.save(now)
    where = await store.outbox.channels_of(now.subject, f"{LINE}{now.id}")
    if not now.is_gone:
        where |= {route.there.channel: route.there.side for route in goes_to}
    return _notices(now, where)


def _as_told(known: Line, told: Line, *, is_with_reactions: bool) -> Line:
    """Return a line as it reads now: what is told again after something later is old news."""
    if told.as_of < known.as_of:
        return known
    return replace(
        known,
        text=told.text,
        files=told.files,
        author=told.author,
        picture=told.picture,
        is_kept=False,
        edited_at=told.edited_at,
        reactions=told.reactions if is_with_reactions else known.reactions,
    )


async def _resay(store: Store, line: Line, at: datetime) -> None:
    await store.mirroring.save(line)
    await store.outbox.notify(_notices(line, await store.outbox.channels_of(line.subject, f"{LINE}{line.id}")), at)


def _notices(line: Line, where: Mapping[str, str]) -> list[Notice]:
    part = f"{LINE}{line.id}"
    # The database keeps a side as a plain word, always one that a notice wrote.
    return [Notice(subject=line.subject, part=part, channel=c, side=s) for c, s in where.items()]  # type: ignore[arg-type]


async def _reactions_at(ctx: Context, channel: str, ts: str) -> Mapping[str, Sequence[str]] | None:
    """Return who has reacted, by emoji; `None` where Slack does not tell."""
    try:
        said = await ctx.conversation.message(channel, ts)
    except PostFailure as failure:
        _log.warning("mirror_reactions_unknown", channel=channel, reason=failure.reason)
        return None
    return (said.reactions or {}) if said else None


async def _named(ctx: Context, reactions: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    people = await _people(ctx) if reactions else {}

    async def name(user: str) -> str:
        return people[user].name if user in people else await ctx.messenger.user_name(user)

    return {emoji: {user: await name(user) for user in who} for emoji, who in reactions.items() if who}


async def _people(ctx: Context) -> dict[str, Person]:
    try:
        return {person.user_id: person for person in await ctx.directory.people()}
    except PostFailure:
        return {}


def _text(said: Said, people: dict[str, Person]) -> str:
    names = {user: people[user].name for user in mentioned(said.text) if user in people}
    return carried(said.text, names)
