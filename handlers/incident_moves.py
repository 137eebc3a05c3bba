"""The one place where a person opens an incident, or moves it: acknowledge, mitigate, resolve, reopen, close.

Each move is one transaction: the records of the whole group, a line in the timeline, and the notices.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, attributed, locked_group, record, refuse_closed, tell
from handlers.offers import settle_offer
from handlers.revisions import incident_revisions
from handlers.routing import CARD, Notice, incident_notices
from handlers.sender_calls import tell_senders
from handlers.sides import SLACK, acting_via
from models.merging import incident_state
from models.records import Incident, TimelineEntry
from models.response import Response
from models.words import EntryKind, IncidentStatus, Severity

SOURCE: Final = SLACK

Move: TypeAlias = Literal["acknowledge", "mitigate", "resolve", "reopen", "close"]

_KIND: Final[dict[Move, EntryKind]] = {
    "acknowledge": EntryKind.ACKNOWLEDGED,
    "mitigate": EntryKind.MITIGATED,
    "resolve": EntryKind.RESOLVED,
    "reopen": EntryKind.REOPENED,
    "close": EntryKind.CLOSED,
}
_NOT_YET_SEEN: Final = (IncidentStatus.TRIGGERED, IncidentStatus.REOPENED)
_TO_MITIGATE: Final = (*_NOT_YET_SEEN, IncidentStatus.ACKNOWLEDGED)
_TO_REOPEN: Final = (IncidentStatus.MITIGATED, IncidentStatus.RESOLVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a person says of a new incident; names are the configuration's.

    `impact_at` is when users first felt it, where that is not now. A test is kept apart: no list, number or reminder
    knows of it.
    """

    services: tuple[str, ...]
    title: str
    severity: Severity | None = None
    environment: str | None = None
    impact_at: datetime | None = None
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move did: the leader as it is now, the new state, and how many incidents of its group got there."""

    leader: Incident
    status: IncidentStatus
    changed: int


async def open_incident(ctx: Context, opening: Opening, by: By) -> Incident:
    """Store a new incident and tell both sides. The same request again returns what is stored."""
    incident = Incident(
        source=SOURCE,
        incident_id=by.request_id,
        services=opening.services,
        title=opening.title,
        severity=opening.severity,
        environment=opening.environment,
        status=IncidentStatus.TRIGGERED,
        status_at=by.at,
        started_at=by.at,
        actor=by.name,
        is_test=opening.is_test,
        received_at=by.at,
        latest_at=by.at,
    )
    async with ctx.transaction() as store:
        known = await store.incidents.by_keys({(SOURCE, by.request_id)})
        if known:
            return known[SOURCE, by.request_id]
        stored = await store.incidents.add(incident)
        if opening.impact_at:
            await store.responses.save(Response(incident_id=stored.id, impact_at=opening.impact_at))
        side = await acting_via(store, ctx.topology, opening.services, by.channel_id)
        entry = TimelineEntry(
            incident_id=stored.id,
            at=by.at,
            kind=EntryKind.TRIGGERED,
            actor=by.name,
            text=opening.title,
            via=side,
        )
        await store.incidents.add_entry(entry, f"{SOURCE}:{by.request_id}")
        notices = incident_notices(None, stored, ctx.topology)
        await store.outbox.notify(notices + await attributed(store, ctx, [stored]), by.at)
    ctx.wake_outbox()
    return stored


async def move(ctx: Context, number: int, what: Move, by: By, *, text: str | None = None) -> Moved:
    """Move an incident with its whole group. Of two people at once the first one does it.

    Closing what is still open resolves it first.

    Raises:
        UserError: there is no such incident, it is in that state already (says who did it), or it is closed.
    """
    async with ctx.transaction() as store:
        group = await locked_group(store, number)
        if what not in ("reopen", "close"):
            refuse_closed(group, what)
        moved = [(member, _moved(member, what, by.name, by.at)) for member in group if _can_move(member, what)]
        if not moved:
            raise UserError(_already(group, what))
        for before, after in moved:
            await store.incidents.save(after)
            await store.revisions.keep(incident_revisions(before, after, (by.at, by.at)))
        await tell_senders(store, ctx.topology, moved, by)
        suspects = await attributed(store, ctx, [after for _, after in moved])
        if what == "close" and any(before.status.is_open for before, _ in moved):
            await record(store, ctx, group, Deed(kind=EntryKind.RESOLVED), by)
        deed = Deed(kind=_KIND[what], text=text, was=group[0].status.value)
        changed = {after.id: after for _, after in moved}
        now = [changed.get(member.id, member) for member in group]
        if what == "close":
            await tell(store, ctx, now, deed, by)
        else:
            await record(store, ctx, group, deed, by)
        is_over = what in ("resolve", "close") and not any(member.status.is_open for member in now)
        offers = await settle_offer(store, now[0].id, None, by.at) if is_over else []
        await store.outbox.notify(_notices(moved, ctx) + suspects + offers, by.at)
    ctx.wake_outbox()
    return Moved(leader=now[0], status=moved[0][1].status, changed=len(moved))


def _can_move(incident: Incident, what: Move) -> bool:
    if incident.is_signal:
        return False
    match what:
        case "acknowledge":
            return incident.status in _NOT_YET_SEEN
        case "mitigate":
            return incident.status in _TO_MITIGATE
        case "resolve":
            return incident.status.is_open
        case "reopen":
            return incident.status in _TO_REOPEN
        case "close":
            return not incident.is_closed


def _moved(incident: Incident, what: Move, by: str, at: datetime) -> Incident:
    """Return an incident after a move; its instants decide its state, as they do for what monitors report.

    A monitor's clock may be ahead of ours: a move never lies before what it follows.
    """
    at = max(at, incident.status_at + timedelta(microseconds=1))
    match what:
        case "acknowledge":
            first = incident.acknowledged_at or at
            after = replace(incident, acknowledged_at=first, last_acknowledged_at=at, acknowledged_by=by)
        case "mitigate":
            after = replace(incident, mitigated_at=at, mitigated_by=by)
        case "resolve":
            after = replace(incident, resolved_at=at, resolved_by=by)
        case "reopen":
            after = replace(incident, reopened_at=at, closed_at=None, closed_by=None)
        case "close":
            after = replace(incident, closed_at=at, closed_by=by)
            if incident.status.is_open:
                after = replace(after, resolved_at=at, resolved_by=by)
    status, status_at = incident_state(after)
    return replace(after, status=status, status_at=status_at or at)


def _already(group: list[Incident], what: Move) -> str:
    """Say why nothing of a group can make a move: what it is already, and by whom."""
    leader = group[0]
    done = max(group, key=lambda member: member.status_at)
    if what == "close":
        return f"INC-{leader.id} is closed already" + _by(leader.closed_by)
    if what == "reopen":
        return f"INC-{leader.id} is open already."
    is_over = all(member.status is IncidentStatus.RESOLVED for member in group)
    if is_over:
        return f"INC-{leader.id} is resolved already" + _by(done.resolved_by)
    if done.status is IncidentStatus.MITIGATED:
        return f"INC-{leader.id} is mitigated already" + _by(done.mitigated_by)
    return f"INC-{leader.id} is acknowledged already" + _by(done.acknowledged_by)


def _by(name: str | None) -> str:
    return f", by {name}." if name else "."


def _notices(moved: list[tuple[Incident, Incident]], ctx: Context) -> list[Notice]:
    """Return the group's card wherever any of it is shown, and one reply for all that moved."""
    told = [incident_notices(before, after, ctx.topology) for before, after in moved]
    return told[0] + [notice for notices in told[1:] for notice in notices if notice.part == CARD]
