"""`/oncall`: who is on call now, next and at any time; one's own shifts; overrides and swaps."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.instants import read_coming, read_span
from handlers.oncall import everybody, is_called, next_shift, person_of, rota, who
from handlers.oncall_changes import override, propose_swap
from handlers.oncall_troubles import troubles_of
from handlers.people import person_named
from handlers.places import bridge_here, channel_name
from handlers.suggest import did_you_mean
from handlers.views import help
from handlers.views import oncall as views
from handlers.wording import asks_for_help
from models.oncall import HORIZON, OnCallSchedule
from models.people import Person

_WHEN: Final = re.compile(
    r"(?P<span>tonight|today|tomorrow|(?:from\s.+\s)?(?:for|until|till|to)\s.+)$", re.IGNORECASE | re.DOTALL
)


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Do what the words say; without any, show who is on call in this channel's schedules."""
    text = invocation.text.strip()
    if asks_for_help(text):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    verb, _, rest = text.partition(" ")
    todo = _VERBS.get(verb.casefold())
    return await (todo(ctx, invocation, rest.strip()) if todo else _look(ctx, invocation, text))


async def _now(ctx: Context, invocation: Invocation, _rest: str) -> Reply:
    return Reply(message=views.now(await _lines(ctx, await _schedules_here(ctx, invocation), invocation.at)))


async def _next(ctx: Context, invocation: Invocation, rest: str) -> Reply:
    """`next [service|schedule]`: who is on call after now, the next few shifts of each schedule."""
    schedules = _named(ctx, rest)[0] if rest else await _schedules_here(ctx, invocation)
    people, at = await everybody(ctx), invocation.at
    async with ctx.reading() as store:
        coming = [
            (schedule.name, [s for s in await rota(store, schedule, at, at + HORIZON) if s.start > at][:_FEW])
            for schedule in schedules
        ]
    named = [(name, [(shown(s.person, people), s.start) for s in found]) for name, found in coming]
    return Reply(message=views.coming(named))


async def _lines(ctx: Context, schedules: Sequence[OnCallSchedule], at: datetime) -> list[views.Line]:
    people = await everybody(ctx)
    async with ctx.reading() as store:
        lines = []
        for schedule in schedules:
            duty, following = await who(store, schedule, at), await next_shift(store, schedule, at)
            lines.append(
                views.Line(
                    schedule=schedule.name,
                    person=shown(duty.person, people) if duty else None,
                    until=duty.until if duty else None,
                    why=duty.why if duty else None,
                    next_person=shown(following.person, people) if following else None,
                    next_at=following.start if following else None,
                    waits_for=shown(duty.handoff.incoming, people) if duty and duty.handoff else None,
                    troubles=[one.words for one in await troubles_of(store, schedule, at)],
                )
            )
    return lines


async def _look(ctx: Context, invocation: Invocation, text: str) -> Reply:
    """`/oncall payments [fri 18:00]`: a service or a schedule, now or at a time."""
    schedules, rest = _named(ctx, text)
    if not rest:
        return Reply(message=views.now(await _lines(ctx, schedules, invocation.at)))
    at = read_coming(rest, invocation.at, schedules[0].zone)
    if at is None:
        raise UserError(f"“{rest[:60]}” is no time I know. For example: tomorrow, fri 18:00, 2026-12-24 09:00, in 2h.")
    people = await everybody(ctx)
    async with ctx.reading() as store:
        ahead = await rota(store, schedules[0], at - HORIZON, at + HORIZON)
    shift = next((s for s in ahead if s.start <= at < s.end), None)
    person = shown(shift.person, people) if shift else None
    return Reply(message=views.at_time(schedules[0].name, person, at, shift.end if shift else None))


async def _mine(ctx: Context, invocation: Invocation, _rest: str) -> Reply:
    me = await _me(ctx, invocation)
    async with ctx.reading() as store:
        found = [
            (schedule.name, shift)
            for schedule in ctx.topology.schedules
            for shift in await rota(store, schedule, invocation.at, invocation.at + HORIZON)
            if is_called(me, shift.person)
        ]
    return Reply(message=views.mine(sorted(found, key=lambda one: one[1].start), invocation.at))


async def _overrides(ctx: Context, invocation: Invocation, _rest: str) -> Reply:
    people = await everybody(ctx)
    async with ctx.reading() as store:
        listed = [
            (o, shown(o.person, people))
            for schedule in ctx.topology.schedules
            for o in await store.oncall.overrides(schedule.name, invocation.at, invocation.at + HORIZON)
        ]
    return Reply(message=views.overrides(listed))


async def _override(ctx: Context, invocation: Invocation, text: str) -> Reply:
    """`override @bob [schedule] tonight|for 2h|until 08:00|from … to …`."""
    found = _WHEN.search(text)
    words = (text[: found.start()] if found else text).split()
    if not words or found is None:
        raise UserError("Who, and when? `/oncall override @bob tonight`, `… for 2h`, `… from fri 18:00 to mon 08:00`")
    schedule = await _schedule(ctx, invocation, " ".join(words[1:]))
    person = await person_named(ctx, words[0], invocation.by)
    span = read_span(found["span"], invocation.at, schedule.zone)
    if span is None:
        raise UserError(
            f"“{found['span'][:60]}” is no time I know. For example: tonight, for 2h, from fri 18:00 to mon 08:00."
        )
    made = await override(ctx, schedule, person, span, invocation.by)
    return Reply(message=views.overridden(made, person.name))


async def _swap(ctx: Context, invocation: Invocation, text: str) -> Reply:
    """`swap @bob [schedule]`: one's next shift for theirs."""
    name, _, rest = text.partition(" ")
    if not name:
        raise UserError(
            "With whom? `/oncall swap @bob`: your next shift for theirs; nothing changes until they accept."
        )
    schedule = await _schedule(ctx, invocation, rest)
    other = await person_named(ctx, name, invocation.by)
    asked = await propose_swap(ctx, schedule, await _me(ctx, invocation), other, invocation.by)
    return Reply(message=views.swap_asked(asked.other.name))


async def _schedule(ctx: Context, invocation: Invocation, name: str) -> OnCallSchedule:
    """Return the schedule that is named, else the only one of this channel."""
    if name.strip():
        return _named(ctx, name)[0][0]
    here = await _schedules_here(ctx, invocation)
    if len(here) == 1:
        return here[0]
    known = ", ".join(schedule.name for schedule in here) or "none is configured"
    raise UserError(f"Which schedule? Name it after the person: {known}.")


def _named(ctx: Context, text: str) -> tuple[Sequence[OnCallSchedule], str]:
    """Return the schedules that a text begins with, by their own name or their service's, and the words after it."""
    first, _, rest = text.strip().partition(" ")
    schedule = ctx.topology.schedule_named(first)
    if schedule:
        return [schedule], rest.strip()
    service = ctx.topology.service_named(first)
    found = ctx.topology.schedules_for([service.name]) if service else ()
    if found:
        return found, rest.strip()
    if service:
        raise UserError(f"{service.name} has no on-call schedule; `on_call` in its configuration names one.")
    known = [s.name for s in ctx.topology.schedules] + [s.name for s in ctx.topology.services]
    raise UserError(f"I know no schedule or service “{first[:60]}”." + did_you_mean(first, known))


async def _schedules_here(ctx: Context, invocation: Invocation) -> Sequence[OnCallSchedule]:
    """Return the schedules of this channel's bridge; elsewhere, or where it has none, all of them."""
    bridge = bridge_here(ctx.topology, await channel_name(ctx, invocation.channel_id))
    here = [s for s in ctx.topology.schedules if bridge and s.bridge == bridge.name]
    return here or ctx.topology.schedules


async def _me(ctx: Context, invocation: Invocation) -> Person:
    known = next((p for p in await everybody(ctx) if p.user_id == invocation.user_id), None)
    return known or Person(user_id=invocation.user_id, name=invocation.user_name, handle=invocation.user_name)


def shown(member: str, people: Sequence[Person]) -> str:
    """Return a member of a schedule as people read them."""
    person = person_of(member, people)
    return person.name if person else member


_FEW: Final = 3
_Verb = Callable[[Context, Invocation, str], Awaitable[Reply]]
_VERBS: Final[dict[str, _Verb]] = {
    "": _now,
    "now": _now,
    "next": _next,
    "mine": _mine,
    "me": _mine,
    "my": _mine,
    "overrides": _overrides,
    "override": _override,
    "cover": _override,
    "swap": _swap,
}

COMMAND: Final = Command(
    name="/oncall",
    usage="[service|schedule] [when] · next · mine · override @bob tonight · swap @bob",
    summary="See who is on call now, next, or at any time; take a shift over, or swap one.",
    examples=(
        "/oncall",
        "/oncall payments",
        "/oncall payments fri 18:00",
        "/oncall next",
        "/oncall mine",
        "/oncall override @bob tonight",
        "/oncall override @bob from fri 18:00 to mon 08:00",
        "/oncall swap @bob",
        "/oncall overrides",
    ),
    run=run,
)
