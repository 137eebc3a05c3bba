"""`/incident`: opens, lists, shows, moves, rates, merges, hands over and annotates incidents."""

from typing import Final

from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_verbs import VERBS
from handlers.suggest import did_you_mean
from handlers.views import help
from handlers.wording import asks_for_help

_SAME: Final = {
    "new": "open",
    "declare": "open",
    "ls": "list",
    "status": "show",
    "acknowledge": "ack",
    "fixed": "mitigate",
    "mitigated": "mitigate",
    "resolved": "resolve",
    "closed": "close",
    "sev": "severity",
    "comment": "note",
    "rename": "title",
    "history": "timeline",
    "role": "assign",
    "lead": "assign",
    "my": "mine",
    "call": "page",
    "todo": "actions",
}


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Do what the verb says; without one, show the help."""
    verb, _, rest = invocation.text.strip().partition(" ")
    if not verb or asks_for_help(verb):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    named = _SAME.get(verb.casefold(), verb.casefold())
    todo = VERBS.get(named)
    if todo is None:
        meant = did_you_mean(verb, [*VERBS, *_SAME], "`/incident {}`")
        raise UserError(f"“{verb[:60]}” is nothing I can do with an incident.{meant}")
    return await todo(ctx, invocation, named, rest.strip())


COMMAND: Final = Command(
    name="/incident",
    usage="open|update|severity|ack|mitigate|resolve|close|assign|note|show|list …",
    summary="Open and handle incidents. The number may be left out while only one is open.",
    examples=(
        "/incident open sev2 payments: checkout fails !prod",
        "/incident list",
        "/incident ack INC-12",
        "/incident update INC-12 half of the traffic is back, next 30m",
        "/incident severity INC-12 sev1",
        "/incident assign INC-12 lead @bob",
        "/incident note INC-12 we drained eu-1",
        "/incident note hypothesis @bob: the pool leaks, next heap dump at 03:20",
        "/incident note P7 ruled out: the heap is flat",
        "/incident note running: replay the queue until lag is below 100",
        "/incident note decide: fail over to eu-2? by 03:40",
        "/incident page INC-12 @bob the replica is gone too",
        "/incident page INC-12 payments-ops",
        "/incident mitigate INC-12 rolled back",
        "/incident resolve INC-12 the pool is back at 40",
        "/incident show INC-12",
        "/incident timeline INC-12",
        "/incident impact INC-12 20m ago",
        "/incident merge INC-13 into INC-12",
        "/incident list alerts",
        "/incident promote INC-14",
        "/incident cause INC-12 #41",
        "/incident cause INC-12 external",
        "/incident handoff INC-12 @bob my shift ends",
        "/incident action INC-12 @bob by fri raise the limit of the pool",
        "/incident actions mine",
        "/incident done A12",
        "/incident export INC-12",
        "/incident export INC-12 canvas",
        "/incident close INC-12",
        "/incident snooze INC-12 30m",
        "/incident mine",
    ),
    run=run,
)
