"""Finds which incident a person means: typed, linked, the thread's, its own channel's, or the only open one."""

from handlers.commands import Invocation
from handlers.errors import UserError
from handlers.incident_groups import leaders_of
from handlers.references import is_link, number_at, number_behind, number_in
from handlers.views.incident_facts import label
from models.store import Store

# Their words may begin with a number that is no incident's: “note 3 pods restarted”.
_WORDY = frozenset({"note", "update", "title", "action"})


async def which(store: Store, invocation: Invocation, verb: str, text: str) -> tuple[int, str]:
    """Return the number of the incident that is meant, and the words after it.

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
    if typed is not None and (verb not in _WORDY or not first.isdigit() or await store.incidents.get(typed)):
        return typed, rest.strip()
    if invocation.thread_ts:
        here = await number_at(store, invocation.channel_id, invocation.thread_ts, "incident")
        if here is not None:
            return here, text
    own = await store.responses.with_channel(invocation.channel_id)
    if own is not None:
        return own.incident_id, text
    return await only_open(store, verb), text


async def only_open(store: Store, verb: str) -> int:
    """Return the incident that is open, if it is the only one.

    Raises:
        UserError: none is open, or several are; they are listed.
    """
    leaders = leaders_of(await store.incidents.list_open())
    if not leaders:
        raise UserError(f"No incident is open. To {verb} another one, give its number: `/incident {verb} INC-12`")
    if len(leaders) > 1:
        lines = (f"• `/incident {verb} {label(i)}` {i.headline[:80]}" for i in leaders[:10])
        raise UserError("Which one?\n" + "\n".join(lines))
    return leaders[0].leader_id or leaders[0].id
