"""Verbs that give and take roles."""

from handlers.commands import Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_roles import assign, role_named, vacate
from handlers.incident_which import which
from handlers.people import person_named
from handlers.views import incident_answers as answers
from models.response import LEAD


async def assign_role(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`assign [INC-12] [role] @bob`: give a role, the lead's where none is named; without a person, who has which."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
        holders = await store.responses.holders([number])
    if not words:
        return Reply(message=answers.roles(number, holders, ctx.topology.response.roles))
    role, name = _split(ctx, words)
    if not name:
        raise UserError(f"Who shall be {role} of INC-{number}? `/incident assign INC-{number} {role} @bob`")
    person = await person_named(ctx, name, invocation.by)
    incident, before = await assign(ctx, number, role, person, invocation.by)
    return Reply(message=answers.assigned(incident, role, person.name, before))


async def take_role(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`unassign [INC-12] role`: take a role from who has it."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
    role = role_named(ctx, words or LEAD)
    incident, before = await vacate(ctx, number, role, invocation.by)
    return Reply(message=answers.unassigned(incident, role, before))


def _split(ctx: Context, words: str) -> tuple[str, str]:
    """Return the role and the name in `lead @bob`, `@bob`, `@bob as comms`, `@bob comms`."""
    first, _, rest = words.partition(" ")
    roles = {role.casefold() for role in ctx.topology.response.roles}
    if first.casefold() in roles:
        return role_named(ctx, first), rest.strip()
    before, _, last = words.rpartition(" ")
    if before and last.casefold() in roles:
        return role_named(ctx, last), before.removesuffix(" as").strip()
    if rest and not first.startswith(("@", "<@")):
        return role_named(ctx, first), rest.strip()
    return LEAD, words
