"""Puts messages of a conversation on an incident's timeline, and keeps the entry as the message is.

A message is on a timeline once: marked again it is the same entry. Edits are followed; what is deleted, or no longer
marked, stays as an entry that says so.
"""

from datetime import datetime

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.heard import Said
from handlers.incident_groups import group_of, leaders_of, notify, via
from handlers.pictures import fetch_pictures, want_pictures
from handlers.references import number_at
from handlers.views.text import readable
from models.records import Incident, TimelineEntry
from models.store import Store
from models.topology import Topology
from models.words import EntryKind


async def mark(ctx: Context, said: Said, by: By) -> Incident:
    """Put a message on the timeline of the incident that its thread, its channel, or the moment is about.

    Raises:
        UserError: no incident is open there, or several are.
    """
    author = await ctx.messenger.user_name(said.user_id) if said.user_id else "a bot"
    async with ctx.transaction() as store:
        number, is_thread = await _about(store, ctx.topology, said)
        group = await group_of(store, number)
        entry = TimelineEntry(
            incident_id=group[0].id,
            at=said.at,
            kind=EntryKind.MESSAGE,
            actor=author,
            text=readable(said.text) or None,
            via=await via(store, ctx, group, by),
            message=said.where,
            permalink=said.permalink,
            files=tuple(url for _, url in said.files if url),
        )
        added = await store.incidents.add_entry(entry, f"message:{said.where}")
        if added is None:
            await store.incidents.restore_marked(said.where)
        elif not is_thread:
            await notify(store, ctx, group, by, [f"entry:{added}"])
        await want_pictures(store, said, ctx.topology.response.largest_picture, by.at)
    ctx.wake_outbox()
    await fetch_pictures(ctx, by.at)
    return group[0]


async def unmark(ctx: Context, where: str, at: datetime) -> None:
    """Say on the timeline that a message was deleted, or is not marked any more."""
    async with ctx.transaction() as store:
        await store.incidents.remove_marked(where, at)


async def follow_edit(ctx: Context, said: Said) -> None:
    """Let the entry read as the message does."""
    async with ctx.transaction() as store:
        await store.incidents.reword_marked(said.where, readable(said.text))


async def _about(store: Store, topology: Topology, said: Said) -> tuple[int, bool]:
    """Return the number of the incident a message is about, and whether it stands in that incident's own thread."""
    for ts in filter(None, (said.thread_ts, said.ts)):
        number = await number_at(store, said.channel, ts, "incident")
        if number is not None:
            return number, True
    own = await store.responses.with_channel(said.channel)
    if own is not None:
        return own.incident_id, False
    name = await store.messages.channel_name(said.channel)
    services = {s for b in topology.bridges if name in (b.dev, b.ops) for s in b.services}
    leaders = leaders_of(await store.incidents.list_open(services)) if services else []
    if len(leaders) == 1:
        return leaders[0].leader_id or leaders[0].id, False
    if not leaders:
        raise UserError("No incident is open here. In an incident's own thread a message can be marked at any time.")
    listed = ", ".join(f"INC-{i.id} {i.headline[:60]}" for i in leaders[:5])
    raise UserError(f"Several incidents are open ({listed}): mark a message in the thread of the one you mean.")
