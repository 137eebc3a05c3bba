"""`/freeze`: stops deploys of a service or a bridge for a while; lifts, extends, takes over; lets one through."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.freezes import Scope, extend, freeze, give_pass, lift, scope_named, take_over
from handlers.instants import read_span
from handlers.places import bridge_here, channel_name, zone_of
from handlers.views import freezes as views
from handlers.views import help
from handlers.wording import asks_for_help, service_named, take_environment
from models.freezes import Freeze

_NUMBER: Final = re.compile(r"[Ff]?(\d{1,9})")
_MOST_WORDS: Final = 8
_CLOCKS: Final = re.compile(r"from .*?(?:until|till|to) \d{1,2}[:.]\d{2}\b", re.IGNORECASE)


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Do what the words say; without any, show what is frozen."""
    text = invocation.text.strip()
    if asks_for_help(text):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    verb, _, rest = text.partition(" ")
    todo = _VERBS.get(verb.casefold())
    return await (todo(ctx, invocation, rest.strip()) if todo else _freeze(ctx, invocation, text))


async def _list(ctx: Context, invocation: Invocation, _rest: str) -> Reply:
    async with ctx.reading() as store:
        standing = await store.freezes.standing(invocation.at)
    return Reply(message=views.overview(standing, invocation.at))


async def _freeze(ctx: Context, invocation: Invocation, text: str) -> Reply:
    """`<service|bridge> [!environment] <until …|for …> <reason>`."""
    name, _, rest = text.partition(" ")
    scope = scope_named(name.rstrip(":"), ctx.topology)
    environment, rest = _environment(ctx, scope, rest)
    span, reason = read_when(rest, invocation.at, await zone_of(ctx, invocation.user_id))
    if span is None:
        raise UserError(
            f"Until when? `/freeze {scope.name} for 2h <reason>`, `… until 18:00 <reason>`, "
            "`… from fri 18:00 to mon 08:00 <reason>`"
        )
    _refuse_backwards(rest, span, await zone_of(ctx, invocation.user_id))
    made = await freeze(ctx, scope, span, reason, invocation.by, environment=environment)
    async with ctx.reading() as store:
        standing = await store.freezes.standing(invocation.at)
    return Reply(message=views.frozen(made, [f for f in standing if _overlap(f, made)], invocation.at))


def _environment(ctx: Context, scope: Scope, text: str) -> tuple[str | None, str]:
    if "!" not in text or not scope.services:
        return None, text
    return take_environment(text, service_named(scope.services[0], ctx.topology), ctx.topology)


def read_when(text: str, at: datetime, zone: ZoneInfo) -> tuple[tuple[datetime, datetime] | None, str]:
    """Return the span that a text begins with, in as many words as make sense together, and the rest of it."""
    words = text.split()
    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        span = read_span(" ".join(words[:count]), at, zone, is_same_day=True)
        if span:
            return span, " ".join(words[count:])
    return None, text


def _refuse_backwards(text: str, span: tuple[datetime, datetime], zone: ZoneInfo) -> None:
    """Refuse `from 18:00 to 17:00`: a whole night more than was meant is dear; say how the next day is written.

    Raises:
        UserError: it ends before it starts, and could be meant to end on the day after.
    """
    since, until = span
    following = until + timedelta(days=1)
    if not until <= since < following or not _CLOCKS.match(text):
        return
    begin, end = (one.astimezone(zone) for one in (since, following))
    raise UserError(
        f"It would end ({end:%H:%M}) before it starts ({begin:%a %H:%M}). "
        f"If you mean the day after, say so: `… to {f'{end:%a}'.casefold()} {end:%H:%M}`."
    )


def _overlap(one: Freeze, other: Freeze) -> bool:
    touches = set(one.services) & set(other.services)
    return one.id != other.id and bool(touches) and one.since < other.until and other.since < one.until


async def _lift(ctx: Context, invocation: Invocation, text: str) -> Reply:
    one, _ = await _which(ctx, invocation, text)
    return Reply(message=views.lifted(await lift(ctx, one.id, invocation.by)))


async def _extend(ctx: Context, invocation: Invocation, text: str) -> Reply:
    one, rest = await _which(ctx, invocation, text)
    zone = await zone_of(ctx, invocation.user_id)
    # “for 2h” is two hours more than there are.
    since = max(one.until, invocation.at) if rest.casefold().startswith("for") else invocation.at
    span = read_span(rest, since, zone)
    if span is None:
        raise UserError(f"Until when? `/freeze extend F{one.id} for 2h`, or `… until 18:00`")
    changed = await extend(ctx, one.id, span[1], invocation.by)
    return Reply(message=views.extended(changed, invocation.at))


async def _take(ctx: Context, invocation: Invocation, text: str) -> Reply:
    one, _ = await _which(ctx, invocation, text)
    return Reply(message=views.taken(await take_over(ctx, one.id, invocation.by)))


async def _override(ctx: Context, invocation: Invocation, text: str) -> Reply:
    """`override [service] <reason>`; the service may be left out where one is frozen."""
    name, _, rest = text.partition(" ")
    service = ctx.topology.service_named(name.rstrip(":"))
    if service:
        return Reply(message=views.given(await give_pass(ctx, [service.name], rest, invocation.by)))
    bridge = bridge_here(ctx.topology, await channel_name(ctx, invocation.channel_id))
    services = bridge.services if bridge else [s.name for s in ctx.topology.services]
    return Reply(message=views.given(await give_pass(ctx, services, text, invocation.by)))


async def _which(ctx: Context, invocation: Invocation, text: str) -> tuple[Freeze, str]:
    """Return the freeze that a text begins with, by number or scope, else the only one; and the rest of the text."""
    first, _, rest = text.strip().partition(" ")
    number = _NUMBER.fullmatch(first)
    async with ctx.reading() as store:
        standing = await store.freezes.standing(invocation.at)
        named = await store.freezes.get(int(number[1])) if number else None
    if named:
        return named, rest.strip()
    found = [f for f in standing if f.scope.casefold() == first.casefold()]
    # Of one that stands and one that comes later, the one that stands is in somebody's way.
    found = [f for f in found if f.stands(invocation.at)] or found
    if len(found) == 1:
        return found[0], rest.strip()
    if len(standing) == 1 and not number:
        return standing[0], text.strip()
    listed = ", ".join(views.named(f, invocation.at) for f in standing)
    if not standing:
        raise UserError("Nothing is frozen.")
    raise UserError(f"Which freeze? There is {listed}.")


_Verb = Callable[[Context, Invocation, str], Awaitable[Reply]]
_VERBS: Final[dict[str, _Verb]] = {
    "": _list,
    "list": _list,
    "status": _list,
    "lift": _lift,
    "end": _lift,
    "unfreeze": _lift,
    "extend": _extend,
    "take": _take,
    "override": _override,
    "pass": _override,
}

COMMAND: Final = Command(
    name="/freeze",
    usage="<service|bridge> <for 2h|until 18:00> <reason> · lift · extend · take · override",
    summary="Stop deploys for a while, or let one through.",
    examples=(
        "/freeze",
        "/freeze payments for 2h migrating the database",
        "/freeze payments from fri 18:00 to mon 08:00 quiet weekend",
        "/freeze payments !staging until 18:00 load test",
        "/freeze extend F3 for 1h",
        "/freeze take F3",
        "/freeze override payments hotfix for INC-12",
        "/freeze lift F3",
    ),
    run=run,
)
