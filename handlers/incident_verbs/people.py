"""Verbs that give and take roles, and call people."""

from handlers.commands import Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_roles import assign, role_named, vacate
from handlers.incident_which import which
from handlers.paging_by_hand import known_targets, nobody_meant, page_by_hand, split_targets
from handlers.people import person_named
from handlers.views import incident_answers as answers
from handlers.views import paging
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


async def page_people(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`page [INC-12] @bob|schedule|pager|#channel… [why]`: page them by hand; without anybody, the form."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
        incident = await store.incidents.get(number)
    targets, why = split_targets(words, ctx.topology)
    if not words and incident:
        return Reply(modal=paging.page_form(incident, known_targets(ctx.topology), invocation.channel_id))
    if not targets:
        targets, why = await _by_name(ctx, words, invocation)
    paged = await page_by_hand(ctx, number, targets, why, invocation.by)
    return Reply(message=paging.sent(paged.incident, paged.pages))


async def _by_name(ctx: Context, words: str, invocation: Invocation) -> tuple[list[str], str]:
    """Return the person whom a line begins with by a name without an @, and why."""
    name, _, why = words.partition(" ")
    try:
        return [f"<@{(await person_named(ctx, name, invocation.by)).user_id}>"], why.strip()
    except UserError as error:
        raise nobody_meant(name, ctx.topology) from error


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
