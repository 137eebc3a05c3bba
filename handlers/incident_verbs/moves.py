"""Verbs that open, move, merge and part incidents."""

import re
from typing import Final

from handlers.commands import Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_merges import merge, unmerge
from handlers.incident_moves import Move, Opening, move, open_incident
from handlers.incident_promotion import promote
from handlers.incident_which import which
from handlers.references import number_in
from handlers.views import incident_answers as answers
from handlers.views import incident_forms as forms
from handlers.wording import service_names, split_service, take_environment
from models.words import Severity

_TEST: Final = re.compile(r"(?:--)?(?:test|drill)\b[:,]?\s*", re.IGNORECASE)
_SEVERITY: Final = re.compile(r"sev-?([1-5])\b[:,]?\s*", re.IGNORECASE)
_INTO: Final = re.compile(r"^(?:into|with|to)\s+", re.IGNORECASE)
_MOVES: Final[dict[str, Move]] = {
    "ack": "acknowledge",
    "mitigate": "mitigate",
    "resolve": "resolve",
    "reopen": "reopen",
    "close": "close",
}


async def declare(ctx: Context, invocation: Invocation, _verb: str, text: str) -> Reply:
    """`open [test] [sev2] payments: checkout fails [!prod]`: open an incident; without text, the form."""
    if not text:
        return Reply(modal=forms.opening(services=service_names(ctx.topology), channel_id=invocation.channel_id))
    test = _TEST.match(text)
    rest = text[test.end() :] if test else text
    severity = _SEVERITY.match(rest)
    service, rest = split_service(rest[severity.end() :] if severity else rest, ctx.topology)
    environment, title = take_environment(rest, service, ctx.topology)
    if not title:
        raise UserError(f"What is wrong with {service.name}? `/incident open sev2 {service.name}: checkout fails`")
    opening = Opening(
        services=(service.name,),
        title=title[:300],
        severity=Severity(f"sev{severity[1]}") if severity else None,
        environment=environment,
        is_test=test is not None,
    )
    return Reply(message=answers.opened(await open_incident(ctx, opening, invocation.by)))


async def move_it(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`ack|mitigate|resolve|reopen|close [INC-12] [why]`: move an incident with its group."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
    moved = await move(ctx, number, _MOVES[verb], invocation.by, text=words)
    return Reply(message=answers.done(moved.leader, moved.status, moved.changed))


async def promote_it(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`promote INC-12`: open an incident for an alert that was only stored."""
    number = number_in(text)
    if number is None:
        raise UserError(f"Which alert? `/incident {verb} INC-12`; `/incident list alerts` shows them.")
    return Reply(message=answers.opened(await promote(ctx, number, invocation.by)))


async def merge_it(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`merge INC-13 into INC-12`: show the first in the second's message."""
    first, _, rest = text.partition(" ")
    number = number_in(first)
    into = number_in(_INTO.sub("", rest.strip()))
    if into is None and number is not None and _INTO.match(rest.strip() or "into "):
        raise UserError(f"Into which one? `/incident merge INC-{number} into INC-12`")
    if number is None or into is None:
        raise UserError(f"Which into which? `/incident {verb} INC-13 into INC-12`")
    merged, host = await merge(ctx, number, into, invocation.by)
    return Reply(message=answers.merged(merged, host))


async def unmerge_it(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`unmerge INC-13`: give it its own message back."""
    number = number_in(text)
    if number is None:
        raise UserError(f"Which one? `/incident {verb} INC-13`")
    leader, rest = await unmerge(ctx, number, invocation.by)
    return Reply(message=answers.parted(leader, rest))
