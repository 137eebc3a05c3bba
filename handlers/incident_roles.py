"""The one place where a person gives or takes a role in an incident, and where its command changes hands."""

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, open_group, tell
from handlers.offers import settle_offer
from handlers.suggest import did_you_mean
from models.people import Person
from models.records import Incident
from models.response import LEAD, Holder
from models.store import Store
from models.words import EntryKind


async def assign(ctx: Context, number: int, role: str, person: Person, by: By) -> tuple[Incident, str | None]:
    """Give a role to a person; return the incident, and who had the role before.

    Raises:
        UserError: there is no such incident or role, it is closed, or the person has the role already.
    """
    named = role_named(ctx, role)
    async with ctx.transaction() as store:
        group = await open_group(store, number, "assign a role in")
        before = await holder_of(store, group[0].id, named)
        if before and before.user_id == person.user_id:
            raise UserError(f"{person.name} is {named} of INC-{group[0].id} already.")
        holder = Holder(
            incident_id=group[0].id,
            role=named,
            person=person.name,
            user_id=person.user_id,
            since=by.at,
            by=by.name,
        )
        await store.responses.assign(holder)
        deed = Deed(kind=EntryKind.ROLE, text=f"{named}: {person.name}", was=before.person if before else None)
        await tell(store, ctx, group, deed, by)
        if named == LEAD:
            await store.outbox.notify(await settle_offer(store, group[0].id, person.user_id, by.at), by.at)
    ctx.wake_outbox()
    return group[0], before.person if before else None


async def vacate(ctx: Context, number: int, role: str, by: By) -> tuple[Incident, str]:
    """Take a role from whoever has it; return the incident, and who had it.

    Raises:
        UserError: there is no such incident or role, it is closed, or nobody has the role.
    """
    named = role_named(ctx, role)
    async with ctx.transaction() as store:
        group = await open_group(store, number, "take a role in")
        before = await holder_of(store, group[0].id, named)
        if before is None:
            raise UserError(f"INC-{group[0].id} has no {named}.")
        await store.responses.vacate(group[0].id, named, by.at)
        await tell(store, ctx, group, Deed(kind=EntryKind.ROLE, text=f"{named}: nobody", was=before.person), by)
    ctx.wake_outbox()
    return group[0], before.person


async def holder_of(store: Store, incident_id: int, role: str = LEAD) -> Holder | None:
    """Return who has a role in an incident now."""
    return next((h for h in await store.responses.holders([incident_id]) if h.role == role), None)


def role_named(ctx: Context, name: str) -> str:
    """Return the configured role that is meant.

    Raises:
        UserError: there is none.
    """
    roles = ctx.topology.response.roles
    wanted = name.strip().casefold()
    found = next((role for role in roles if role.casefold() == wanted), None)
    if found is None:
        raise UserError(f"There is no role “{name[:40]}”.{did_you_mean(name, roles)}")
    return found
