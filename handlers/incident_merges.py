"""The one place where a person says that two incidents are one, or that they are not."""

from dataclasses import replace

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, attributed, locked_group, open_group, tell
from models.records import Incident
from models.rulings import joined
from models.words import EntryKind


async def merge(ctx: Context, number: int, into: int, by: By) -> tuple[Incident, Incident]:
    """Show an incident with its whole group in another one's message; return (what was merged, into what).

    Raises:
        UserError: there is no such incident, the other is closed, or they are one already.
    """
    async with ctx.transaction() as store:
        group, target = await locked_group(store, number), await open_group(store, into, "merge into")
        leader, host = group[0], target[0]
        if leader.id == host.id:
            raise UserError(f"INC-{number} and INC-{into} are one incident already, INC-{host.id}.")
        moved = [replace(joined(member, host), home_id=member.home_id or leader.id) for member in group]
        for member in moved:
            await store.incidents.save(member)
        both = [*target, *moved]
        deed = Deed(kind=EntryKind.MERGED, text=f"INC-{leader.id} {leader.headline}")
        await tell(store, ctx, both, deed, by)
        await tell(store, ctx, group, Deed(kind=EntryKind.MERGED, text=f"into INC-{host.id} {host.headline}"), by)
        await store.outbox.notify(await attributed(store, ctx, moved), by.at)
    ctx.wake_outbox()
    return moved[0], host


async def unmerge(ctx: Context, number: int, by: By) -> tuple[Incident, Incident]:
    """Give an incident that was merged its own message back; return (it, what it was shown with).

    Raises:
        UserError: there is no such incident, or it was not merged.
    """
    async with ctx.transaction() as store:
        incident = await store.incidents.get(number)
        together = await locked_group(store, number)
        home = incident.home_id if incident else None
        if home is None:
            raise UserError(f"INC-{number} was not merged into another incident.")
        apart = [replace(m, leader_id=home, home_id=None) for m in together if m.home_id == home]
        for member in apart:
            await store.incidents.save(member)
        leader = next(member for member in apart if member.id == home)
        group = [leader, *(member for member in apart if member.id != home)]
        rest = [member for member in together if member.home_id != home]
        await tell(store, ctx, group, Deed(kind=EntryKind.UNMERGED, text=f"from INC-{rest[0].id}"), by)
        await tell(store, ctx, rest, Deed(kind=EntryKind.UNMERGED, text=f"INC-{home} {leader.headline}"), by)
        await store.outbox.notify(await attributed(store, ctx, apart), by.at)
    ctx.wake_outbox()
    return leader, rest[0]
