"""The words that every message about an incident shares: its number, its headline, where it stands."""

from collections.abc import Sequence
from typing import Final

from handlers.views.layout import joined
from handlers.views.text import line
from handlers.views.times import ago, duration, moment
from models.records import Incident
from models.words import IncidentStatus

EMOJI: Final = {
    IncidentStatus.TRIGGERED: "🔥",
    IncidentStatus.ACKNOWLEDGED: "👀",
    IncidentStatus.MITIGATED: "🩹",
    IncidentStatus.RESOLVED: "✅",
    IncidentStatus.REOPENED: "🔥",
}
_ORDER: Final = (
    IncidentStatus.REOPENED,
    IncidentStatus.TRIGGERED,
    IncidentStatus.ACKNOWLEDGED,
    IncidentStatus.MITIGATED,
)


def label(incident: Incident) -> str:
    """Return what people type and read: `INC-12`."""
    return f"INC-{incident.leader_id or incident.id}"


def state_of(members: Sequence[Incident]) -> IncidentStatus:
    """Return the state of a group: open as long as one of it is, acknowledged once nobody's attention is missing."""
    states = {member.status for member in members}
    return next((state for state in _ORDER if state in states), IncidentStatus.RESOLVED)


def headline(leader: Incident, group: Sequence[Incident]) -> str:
    """Return how bad, what, of which services, where."""
    worst = min((m.severity.value for m in group if m.severity), default="unrated").upper()
    title = f"*{label(leader)} {line(leader.headline, 200)}*"
    services = dict.fromkeys(name for member in group for name in member.services)
    named = line(", ".join(services), 120) if services else "no known service"
    test = "🧪 test" if leader.is_test else None
    return joined([f"*{worst}* {title}", named, line(leader.environment, 40) if leader.environment else None, test])


def state_words(group: Sequence[Incident], state: IncidentStatus) -> str:
    """Return where a group stands, by whom, since when."""
    starts = [m.started_at for m in group if m.started_at]
    since = f"started {moment(min(starts))} ({ago(min(starts))})" if starts else "start unknown"
    match state:
        case IncidentStatus.ACKNOWLEDGED:
            last = max(group, key=lambda m: m.last_acknowledged_at or m.received_at)
            by = f" by {line(last.acknowledged_by, 60)}" if last.acknowledged_by else ""
            return f"acknowledged{by}, {since}"
        case IncidentStatus.MITIGATED:
            last = max(group, key=lambda m: m.mitigated_at or m.received_at)
            by = f" by {line(last.mitigated_by, 60)}" if last.mitigated_by else ""
            return f"mitigated{by} {moment(last.status_at)}, not resolved yet, {since}"
        case IncidentStatus.RESOLVED:
            last = max(group, key=lambda m: m.resolved_at or m.received_at)
            by = f" by {line(last.resolved_by, 60)}" if last.resolved_by else ""
            took = f" after {duration(last.resolved_at - min(starts))}" if starts and last.resolved_at else ""
            over = f"resolved{by}{took}, {moment(last.resolved_at or last.status_at)}"
            return joined([over, _closed(group[0])])
        case IncidentStatus.REOPENED:
            return f"open again, {since}"
        case IncidentStatus.TRIGGERED:
            return f"open, nobody has it yet, {since}"


def _closed(leader: Incident) -> str | None:
    if not leader.is_closed or leader.closed_at is None:
        return None
    return f"closed{f' by {line(leader.closed_by, 60)}' if leader.closed_by else ''} {moment(leader.closed_at)}"
