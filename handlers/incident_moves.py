"""The one place where a person opens, acknowledges, resolves, reopens or annotates an incident.

Each move is one transaction: the records of the whole group, a line in the timeline, and the notices.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from handlers.attribution import Touched, attribute
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import CARD, Notice, incident_notices
from handlers.sides import SLACK, acting_via
from handlers.suspects import shifted_notices
from models.merging import incident_state
from models.records import Incident, TimelineEntry
from models.store import Store
from models.words import EntryKind, IncidentStatus, Severity

SOURCE: Final = SLACK

Move: TypeAlias = Literal["acknowledge", "resolve", "reopen"]

_STATUS: Final[dict[Move, IncidentStatus]] = {
    "acknowledge": IncidentStatus.ACKNOWLEDGED,
    "resolve": IncidentStatus.RESOLVED,
    "reopen": IncidentStatus.REOPENED,
}
_KIND: Final[dict[Move, EntryKind]] = {
    "acknowledge": EntryKind.ACKNOWLEDGED,
    "resolve": EntryKind.RESOLVED,
    "reopen": EntryKind.REOPENED,
}
_DONE: Final[dict[Move, str]] = {"acknowledge": "acknowledged", "resolve": "resolved", "reopen": "open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move did: the leader as it is now, the new state, and how many incidents of its group got there."""

    leader: Incident
    status: IncidentStatus
    changed: int


async def open_incident(
    ctx: Context,
    *,
    services: tuple[str, ...],
    title: str,
    severity: Severity | None,
    environment: str | None = None,
    by: str,
    request_id: str,
    at: datetime,
    channel_id: str | None = None,
) -> Incident:
    """Store a new incident and tell both sides. The same `request_id` again returns what is stored.

    `channel_id` is where the person acts, here and below: it says for which side.
    """
    incident = Incident(
        source=SOURCE,
        incident_id=request_id,
        services=services,
        title=title,
        severity=severity,
        environment=environment,
        status=IncidentStatus.TRIGGERED,
        status_at=at,
        started_at=at,
        actor=by,
        received_at=at,
        latest_at=at,
    )
    async with ctx.transaction() as store:
        known = await store.incidents.by_keys({(SOURCE, request_id)})
        if known:
            return known[SOURCE, request_id]
        stored = await store.incidents.add(incident)
        via = await acting_via(store, ctx.topology, services, channel_id)
        entry = TimelineEntry(incident_id=stored.id, at=at, kind=EntryKind.TRIGGERED, actor=by, text=title, via=via)
        await store.incidents.add_entry(entry, f"{SOURCE}:{request_id}")
        notices = incident_notices(None, stored, ctx.topology)
        await store.outbox.notify(notices + await _attributed(store, ctx, [stored]), at)
    ctx.wake_outbox()
    return stored


async def move(
    ctx: Context,
    number: int,
    what: Move,
    *,
    by: str,
    request_id: str,
    at: datetime,
    text: str | None = None,
    channel_id: str | None = None,
) -> Moved:
    """Acknowledge, resolve or reopen an incident with its whole group. Of two people at once the first one does it.

    Raises:
        UserError: there is no such incident, or it is in that state already (says who did it).
    """
    async with ctx.transaction() as store:
        group = await locked_group(store, number)
        moved = [(member, _moved(member, what, by, at)) for member in group if _can_move(member, what)]
        if not moved:
            raise UserError(_already(group, what))
        for _, after in moved:
            await store.incidents.save(after)
        suspects = await _attributed(store, ctx, [after for _, after in moved])
        via = await _via(store, ctx, group, channel_id)
        entry = TimelineEntry(incident_id=group[0].id, at=at, kind=_KIND[what], actor=by, text=text or None, via=via)
        await store.incidents.add_entry(entry, f"{SOURCE}:{request_id}")
        await store.outbox.notify(_move_notices(moved, ctx) + suspects, at)
    ctx.wake_outbox()
    changed = {after.id: after for _, after in moved}
    return Moved(leader=changed.get(group[0].id, group[0]), status=moved[0][1].status, changed=len(moved))


async def add_note(
    ctx: Context, number: int, text: str, *, by: str, request_id: str, at: datetime, channel_id: str | None = None
) -> Incident:
    """Add a person's words to an incident's timeline and to its threads.

    Raises:
        UserError: there is no such incident, or nothing was said.
    """
    words = text.strip()
    if not words:
        raise UserError("What shall the note say? `/incident note INC-12 we drained eu-1`")
    async with ctx.transaction() as store:
        group = await _group(store, number)
        leader = group[0]
        via = await _via(store, ctx, group, channel_id)
        entry = TimelineEntry(incident_id=leader.id, at=at, kind=EntryKind.NOTE, actor=by, text=words, via=via)
        if await store.incidents.add_entry(entry, f"{SOURCE}:{request_id}"):
            await store.outbox.notify(_note_notices(group, words, by, at, ctx), at)
    ctx.wake_outbox()
    return leader


async def _attributed(store: Store, ctx: Context, incidents: list[Incident]) -> list[Notice]:
    """Let attribution follow what a person did; return what is to be said of the deployments held to blame."""
    shifted = await attribute(store, Touched(incidents=incidents), ctx.topology.suspect_within)
    return await shifted_notices(store, ctx.topology, incidents, shifted)


async def _via(store: Store, ctx: Context, group: list[Incident], channel_id: str | None) -> str:
    services = {service for member in group for service in member.services}
    return await acting_via(store, ctx.topology, services, channel_id)


async def _group(store: Store, number: int) -> list[Incident]:
    """Return the incidents shown in one message, the leader first."""
    incident = await store.incidents.get(number)
    if incident is None or incident.is_signal:
        raise UserError(f"There is no incident INC-{number}. `/incident list` shows what is open.")
    members = await store.incidents.members(incident.leader_id or incident.id)
    return sorted(members, key=lambda member: (member.id != member.leader_id, member.id)) or [incident]


async def locked_group(store: Store, number: int) -> list[Incident]:
    """Return a group, the leader first, whose records nobody else changes until the transaction ends."""
    members = await _group(store, number)
    locked = await store.incidents.by_keys({(member.source, member.incident_id) for member in members})
    return [locked[member.source, member.incident_id] for member in members]


def _can_move(incident: Incident, what: Move) -> bool:
    if incident.is_signal:
        return False
    match what:
        case "acknowledge":
            return incident.status in (IncidentStatus.TRIGGERED, IncidentStatus.REOPENED)
        case "resolve":
            return incident.status is not IncidentStatus.RESOLVED
        case "reopen":
            return incident.status is IncidentStatus.RESOLVED


def _moved(incident: Incident, what: Move, by: str, at: datetime) -> Incident:
    """Return an incident after a move; its instants decide its state, as they do for what monitors report.

    A monitor's clock may be ahead of ours: a move never lies before what it follows.
    """
    at = max(at, incident.status_at + timedelta(microseconds=1))
    match what:
        case "acknowledge":
            first = incident.acknowledged_at or at
            after = replace(incident, acknowledged_at=first, last_acknowledged_at=at, acknowledged_by=by)
        case "resolve":
            after = replace(incident, resolved_at=at, resolved_by=by)
        case "reopen":
            after = replace(incident, reopened_at=at)
    status, status_at = incident_state(after)
    return replace(after, status=status, status_at=status_at or at)


def _already(group: list[Incident], what: Move) -> str:
    state = _STATUS[what]
    if what == "acknowledge" and all(member.status is IncidentStatus.RESOLVED for member in group):
        state = IncidentStatus.RESOLVED
    done = max(group, key=lambda member: member.status_at)
    by = done.resolved_by if state is IncidentStatus.RESOLVED else done.acknowledged_by
    words = "resolved" if state is IncidentStatus.RESOLVED else _DONE[what]
    return f"INC-{group[0].id} is {words} already" + (f", by {by}." if by and what != "reopen" else ".")


def _move_notices(moved: list[tuple[Incident, Incident]], ctx: Context) -> list[Notice]:
    """Return the group's card wherever any of it is shown, and one reply for all that moved."""
    told = [incident_notices(before, after, ctx.topology) for before, after in moved]
    return told[0] + [notice for notices in told[1:] for notice in notices if notice.part == CARD]


def _note_notices(group: list[Incident], words: str, by: str, at: datetime, ctx: Context) -> list[Notice]:
    leader = group[0]
    part = f"note:{leader.id}:{at:%Y%m%dT%H%M%S%f}"
    params = {"incident": str(leader.id), "by": by, "text": words}
    cards = [notice for member in group for notice in incident_notices(None, member, ctx.topology)]
    return [replace(card, part=part, params=params) for card in cards]
