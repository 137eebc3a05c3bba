"""`/incident`: opens, lists, shows, acknowledges, resolves, reopens and annotates incidents."""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from handlers import causes
from handlers.cause_words import UNDO
from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_moves import Move, add_note, move, open_incident
from handlers.references import is_link, number_at, number_behind, number_in
from handlers.suggest import did_you_mean
from handlers.suspects import suspicion_of
from handlers.views import causes as cause_views
from handlers.views import help, incidents, modals
from handlers.wording import asks_for_help, service_names, split_service, take_environment
from models.records import Incident
from models.store import Store
from models.words import Severity

_SEVERITY: Final = re.compile(r"sev-?([1-5])\b[:,]?\s*", re.IGNORECASE)
_SAME: Final = {
    "new": "open",
    "declare": "open",
    "ls": "list",
    "status": "show",
    "acknowledge": "ack",
    "close": "resolve",
    "resolved": "resolve",
    "update": "note",
    "comment": "note",
}
_MOVES: Final[dict[str, Move]] = {"ack": "acknowledge", "resolve": "resolve", "reopen": "reopen"}


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Do what the verb says; without one, show the help."""
    verb, _, rest = invocation.text.strip().partition(" ")
    if not verb or asks_for_help(verb):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    named = _SAME.get(verb.casefold(), verb.casefold())
    todo = _VERBS.get(named)
    if todo is None:
        meant = did_you_mean(verb, [*_VERBS, *_SAME], "`/incident {}`")
        raise UserError(f"“{verb[:60]}” is nothing I can do with an incident.{meant}")
    return await todo(ctx, invocation, named, rest.strip())


async def _open(ctx: Context, invocation: Invocation, _verb: str, text: str) -> Reply:
    if not text:
        form = modals.open_incident(services=service_names(ctx.topology), channel_id=invocation.channel_id)
        return Reply(modal=form)
    found = _SEVERITY.match(text)
    service, rest = split_service(text[found.end() :] if found else text, ctx.topology)
    environment, title = take_environment(rest, service, ctx.topology)
    if not title:
        raise UserError(f"What is wrong with {service.name}? `/incident open sev2 {service.name}: checkout fails`")
    opened = await open_incident(
        ctx,
        services=(service.name,),
        title=title[:300],
        severity=Severity(f"sev{found[1]}") if found else None,
        environment=environment,
        by=invocation.user_name,
        request_id=invocation.request_id,
        at=invocation.at,
        channel_id=invocation.channel_id,
    )
    return Reply(message=incidents.opened(opened))


async def _list(ctx: Context, _invocation: Invocation, _verb: str, text: str) -> Reply:
    services = [split_service(text, ctx.topology)[0].name] if text else None
    async with ctx.reading() as store:
        leaders = _leaders(await store.incidents.list_open(services))
    return Reply(message=incidents.listing(leaders, "Open incidents"))


async def _show(ctx: Context, invocation: Invocation, _verb: str, text: str) -> Reply:
    async with ctx.reading() as store:
        number, _ = await _which(store, invocation, "show", text)
        incident = await store.incidents.get(number)
        leader = await store.incidents.get(incident.leader_id or number) if incident else None
        if leader is None:
            raise UserError(f"There is no incident INC-{number}.")
        members = await store.incidents.members(leader.id)
        timeline = await store.incidents.timeline(leader.id)
        held = await suspicion_of(store, ctx.topology, leader)
    return Reply(message=incidents.detail(leader, members, timeline, held))


async def _move(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    async with ctx.reading() as store:
        number, words = await _which(store, invocation, verb, text)
    moved = await move(
        ctx,
        number,
        _MOVES[verb],
        by=invocation.user_name,
        request_id=invocation.request_id,
        at=invocation.at,
        text=words,
        channel_id=invocation.channel_id,
    )
    return Reply(message=incidents.done(moved.leader, moved.status, moved.changed))


async def _note(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    async with ctx.reading() as store:
        number, words = await _which(store, invocation, verb, text)
    noted = await add_note(
        ctx,
        number,
        words,
        by=invocation.user_name,
        request_id=invocation.request_id,
        at=invocation.at,
        channel_id=invocation.channel_id,
    )
    return Reply(message=incidents.noted(noted))


async def _cause(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    async with ctx.reading() as store:
        number, words = await _which(store, invocation, verb, text)
        if not words and await store.incidents.get(number) is None:
            # “cause #41” names a deploy, of the only incident that is open.
            number, words = await _only_open(store, verb), text
    by = causes.By(
        name=invocation.user_name,
        request_id=invocation.request_id,
        at=invocation.at,
        channel_id=invocation.channel_id,
    )
    if words.strip().casefold() == UNDO:
        told = await causes.take_back(ctx, number, by)
        return Reply(message=cause_views.said(told.leader, told.now, told.before, told.effects, None))
    told = await causes.set_cause(ctx, number, words, by)
    return Reply(message=cause_views.said(told.leader, told.now, told.before, told.effects, causes.undo_value(told)))


async def _which(store: Store, invocation: Invocation, verb: str, text: str) -> tuple[int, str]:
    """Return the incident that is meant, and the words after it: typed, linked, the thread's, or the only open one.

    Raises:
        UserError: none is meant, or it is not clear which.
    """
    first, _, rest = text.partition(" ")
    if is_link(first):
        linked = await number_behind(store, first, "incident")
        if linked is None:
            raise UserError("That message is about no incident. `/incident list` shows what is open.")
        return linked, rest.strip()
    typed = number_in(first)
    # “note 3 pods restarted” begins with a number that is no incident's.
    if typed is not None and (verb != "note" or not first.isdigit() or await store.incidents.get(typed)):
        return typed, rest.strip()
    if invocation.thread_ts:
        here = await number_at(store, invocation.channel_id, invocation.thread_ts, "incident")
        if here is not None:
            return here, text
    return await _only_open(store, verb), text


async def _only_open(store: Store, verb: str) -> int:
    leaders = _leaders(await store.incidents.list_open())
    if not leaders:
        raise UserError(f"No incident is open. To {verb} another one, give its number: `/incident {verb} INC-12`")
    if len(leaders) > 1:
        lines = (f"• `/incident {verb} {incidents.label(i)}` {i.headline[:80]}" for i in leaders[:10])
        raise UserError("Which one?\n" + "\n".join(lines))
    return leaders[0].leader_id or leaders[0].id


def _leaders(members: list[Incident]) -> list[Incident]:
    """Return one incident for each group, in order."""
    return list({m.leader_id or m.id: m for m in reversed(members)}.values())[::-1]


_Verb = Callable[[Context, Invocation, str, str], Awaitable[Reply]]
_VERBS: Final[dict[str, _Verb]] = {
    "open": _open,
    "list": _list,
    "show": _show,
    "ack": _move,
    "resolve": _move,
    "reopen": _move,
    "note": _note,
    "cause": _cause,
}

COMMAND: Final = Command(
    name="/incident",
    usage="open|list|show|ack|resolve|reopen|note|cause …",
    summary="Open and handle incidents. The number may be left out while only one is open.",
    examples=(
        "/incident open sev2 payments: checkout fails !prod",
        "/incident list",
        "/incident ack INC-12",
        "/incident note INC-12 we drained eu-1",
        "/incident resolve INC-12 rolled back",
        "/incident show INC-12",
        "/incident cause INC-12 #41",
        "/incident cause INC-12 external",
    ),
    run=run,
)
