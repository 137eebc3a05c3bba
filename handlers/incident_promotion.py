"""Makes an incident of an alert that was only stored, because no rule opens one for it."""

from dataclasses import replace

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, attributed, no_such, record
from handlers.revisions import incident_revisions
from handlers.routing import incident_notices
from models.records import Incident
from models.words import EntryKind


async def promote(ctx: Context, number: int, by: By) -> Incident:
    """Open an incident for a stored alert and tell both sides; what its monitor tells from now on moves it.

    Raises:
        UserError: nothing is stored under that number, or it is an incident already.
    """
    async with ctx.transaction() as store:
        found = await store.incidents.get(number)
        if found is None:
            raise UserError(await no_such(store, number))
        # Locked: of two people at once the first one does it.
        key = found.source, found.incident_id
        signal = (await store.incidents.by_keys({key}))[key]
        if not signal.is_signal:
            raise UserError(f"INC-{number} is an incident already: `/incident show INC-{number}`")
        opened = replace(signal, is_signal=False)
        await store.incidents.save(opened)
        await store.revisions.keep(incident_revisions(signal, opened, (by.at, by.at)))
        await record(store, ctx, [opened], Deed(kind=EntryKind.PROMOTED), by)
        notices = incident_notices(None, opened, ctx.topology)
        await store.outbox.notify(notices + await attributed(store, ctx, [opened]), by.at)
    ctx.wake_outbox()
    return opened
