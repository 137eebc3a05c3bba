"""The one place where a person says something of an incident: an update, a note, its severity, title, impact start."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, locked_group, open_group, tell
from handlers.views.times import in_utc
from models.last_writer import pinned
from models.records import Incident
from models.words import EntryKind, Severity


@dataclass(frozen=True, slots=True)
class Update:
    """What a person says of how an incident goes, and when they will speak again (`None`: as the severity asks)."""

    text: str
    next_in: timedelta | None = None


async def add_note(ctx: Context, number: int, text: str, by: By) -> Incident:
    """Add a person's words to an incident's timeline and to its threads.

    Raises:
        UserError: there is no such incident, or nothing was said.
    """
    words = text.strip()
    if not words:
        raise UserError("What shall the note say? `/incident note INC-12 we drained eu-1`")
    async with ctx.transaction() as store:
        group = await locked_group(store, number)
        await tell(store, ctx, group, Deed(kind=EntryKind.NOTE, text=words), by)
    ctx.wake_outbox()
    return group[0]


async def post_update(ctx: Context, number: int, update: Update, by: By) -> Incident:
    """Say how an incident goes: on its cards, in its threads; the next update is due from now.

    Raises:
        UserError: there is no such incident, it is closed, or nothing was said.
    """
    words = update.text.strip()
    if not words:
        raise UserError("What is new? `/incident update INC-12 half of the traffic is back`")
    async with ctx.transaction() as store:
        group = await open_group(store, number, "update")
        leader = group[0]
        wait = update.next_in or ctx.topology.response.level(leader.severity).update_every
        response = await store.responses.get(leader.id)
        said = replace(
            response,
            update=words,
            updated_by=by.name,
            updated_at=by.at,
            next_update_at=by.at + wait if wait and leader.is_open else None,
        )
        await store.responses.save(said)
        await tell(store, ctx, group, Deed(kind=EntryKind.UPDATE, text=words), by)
    ctx.wake_outbox()
    return leader


async def set_severity(ctx: Context, number: int, severity: Severity, by: By) -> Incident:
    """Set how bad an incident is, with its whole group; senders do not change it any more.

    Raises:
        UserError: there is no such incident, it is closed, or it has that severity already.
    """
    async with ctx.transaction() as store:
        group = await open_group(store, number, "rate")
        was = group[0].severity
        if all(member.severity is severity for member in group):
            raise UserError(f"INC-{group[0].id} is {severity.value} already.")
        after = [pinned(member, severity=severity) for member in group]
        for member in after:
            await store.incidents.save(member)
        deed = Deed(kind=EntryKind.SEVERITY, text=severity.value, was=was.value if was else "unrated")
        await tell(store, ctx, after, deed, by)
    ctx.wake_outbox()
    return after[0]


async def set_title(ctx: Context, number: int, title: str, by: By) -> Incident:
    """Give an incident a better name; senders do not change it any more.

    Raises:
        UserError: there is no such incident, it is closed, or the title is empty.
    """
    words = " ".join(title.split())[:300]
    if not words:
        raise UserError("What shall it be called? `/incident title INC-12 checkout fails in eu-1`")
    async with ctx.transaction() as store:
        group = await open_group(store, number, "rename")
        leader = pinned(group[0], title=words)
        await store.incidents.save(leader)
        deed = Deed(kind=EntryKind.TITLE, text=words, was=group[0].headline)
        await tell(store, ctx, [leader, *group[1:]], deed, by, is_reply=False)
    ctx.wake_outbox()
    return leader


async def set_impact(ctx: Context, number: int, at: datetime, by: By) -> Incident:
    """Say when users first felt an incident, which may be before anybody reported it.

    Raises:
        UserError: there is no such incident, it is closed, or the instant is to come.
    """
    if at > by.at:
        raise UserError(f"{in_utc(at)} is still to come: when did users first feel it?")
    async with ctx.transaction() as store:
        group = await open_group(store, number, "change")
        response = await store.responses.get(group[0].id)
        await store.responses.save(replace(response, impact_at=at))
        before = response.impact_at or group[0].started_at
        deed = Deed(kind=EntryKind.IMPACT, text=in_utc(at), was=in_utc(before) if before else None)
        await tell(store, ctx, group, deed, by, is_reply=False)
    ctx.wake_outbox()
    return group[0]
