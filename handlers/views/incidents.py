"""What is said of an incident: the card of its whole group, and each change of state in its thread."""

from collections.abc import Sequence
from typing import Final

from handlers.routing import Audience
from handlers.views import Block, Message, causes
from handlers.views.layout import actions, button, context, header, joined, message, paragraphs, said, section
from handlers.views.text import line, link, paragraph, plural
from handlers.views.times import ago, duration, moment
from models.records import Deploy, Incident, TimelineEntry
from models.words import EntryKind, IncidentStatus

ACKNOWLEDGE: Final = "incident_acknowledge"
RESOLVE: Final = "incident_resolve"
REOPEN: Final = "incident_reopen"
NOTE: Final = "incident_note"

_EMOJI: Final = {
    IncidentStatus.TRIGGERED: "🔥",
    IncidentStatus.ACKNOWLEDGED: "👀",
    IncidentStatus.RESOLVED: "✅",
    IncidentStatus.REOPENED: "🔥",
}
_MOST_MEMBERS: Final = 10
_ENTRY_WORDS: Final = {
    EntryKind.TRIGGERED: "triggered",
    EntryKind.ACKNOWLEDGED: "acknowledged",
    EntryKind.RESOLVED: "resolved",
    EntryKind.REOPENED: "reopened",
    EntryKind.SEVERITY: "changed severity",
    EntryKind.NOTE: "noted",
    EntryKind.JOINED: "joined",
    EntryKind.PROMOTED: "promoted",
    EntryKind.CAUSE: "set the cause",
    EntryKind.CLEARED: "said that it was not",
    EntryKind.LOOKING: "is looking at",
    EntryKind.ROLLING_BACK: "is rolling back",
}


def label(incident: Incident) -> str:
    """Return what people type and read: `INC-12`."""
    return f"INC-{incident.leader_id or incident.id}"


def state_of(members: Sequence[Incident]) -> IncidentStatus:
    """Return the state of a group: open as long as one of it is, acknowledged once nobody's attention is missing."""
    states = {member.status for member in members}
    for state in (IncidentStatus.REOPENED, IncidentStatus.TRIGGERED, IncidentStatus.ACKNOWLEDGED):
        if state in states:
            return state
    return IncidentStatus.RESOLVED


def card(
    leader: Incident,
    side: Audience,
    *,
    members: Sequence[Incident] = (),
    runbook: str | None = None,
    recent_deploys: Sequence[Deploy] = (),
    elsewhere: str | None = None,
    held: causes.Suspicion | None = None,
) -> Message:
    """Return the card of an incident and its group, with the buttons that fit its state.

    `recent_deploys` are those of its services shortly before it started, newest first; dev is told of them. `held` is
    what it is held against.
    """
    group = list(members) or [leader]
    state = state_of(group)
    headline = f"{_EMOJI[state]} {_headline(leader, group)}"
    over = link(elsewhere, "ops" if side == "dev" else "dev") if elsewhere else None
    where = runbook or leader.runbook
    facts = [_state_words(group, state), _members(group), link(where, "runbook") if where else None]
    facts += [link(leader.url, "source") if leader.url else None, over]
    blocks = [section(headline), context(joined(facts)), *_member_lines(group)]
    if leader.summary:
        blocks.insert(1, section(paragraph(leader.summary, 500)))
    if cause := causes.of_incident(leader, held or causes.Suspicion()):
        blocks.append(context(cause))
    if side == "dev" and recent_deploys and state is not IncidentStatus.RESOLVED:
        blocks.append(context(_suspects(recent_deploys)))
    return message(f"{headline}: {_state_words(group, state)}", [*blocks, buttons(leader, state)])


def buttons(leader: Incident, state: IncidentStatus) -> Block:
    """Return the row of buttons that fits a state."""
    number = str(leader.leader_id or leader.id)
    note, cause = button("Note", NOTE, number), button("Set cause", causes.SET, number)
    match state:
        case IncidentStatus.RESOLVED:
            return actions(button("Reopen", REOPEN, number), note, cause)
        case IncidentStatus.ACKNOWLEDGED:
            return actions(button("Resolve", RESOLVE, number, style="primary"), note, cause)
        case _:
            acknowledge = button("Acknowledge", ACKNOWLEDGE, number, style="primary")
            return actions(acknowledge, button("Resolve", RESOLVE, number), note, cause)


def moved(incident: Incident, status: IncidentStatus, side: Audience, *, members: Sequence[Incident] = ()) -> Message:
    """Return the reply that says a change of state; `members` are the whole group."""
    group = list(members) or [incident]
    alike = [m for m in group if m.status is status and m.status_at == incident.status_at]
    several = f" ({len(alike)} of {plural(len(group), 'alert')})" if len(group) > 1 else ""
    subject = f"{_EMOJI[status]} {label(incident)} *{status.value}*{several}"
    return said(joined([subject, _after(incident, status, side)]))


def note(incident: Incident, *, by: str, text: str) -> Message:
    """Return the reply that shows a person's note."""
    title = f"📝 {label(incident)}: note by {line(by, 60)}"
    return message(f"{title}: {line(text, 300)}", [context(title), section(paragraph(text, 2500))])


def opened(incident: Incident) -> Message:
    """Return what the person who opened an incident is shown."""
    return said(f"{_EMOJI[incident.status]} Opened {_headline(incident, [incident])}. Both channels are told.")


def done(leader: Incident, status: IncidentStatus, changed: int) -> Message:
    """Return what the person who moved an incident is shown."""
    several = f", with {plural(changed - 1, 'more alert')} of its group" if changed > 1 else ""
    return said(f"{_EMOJI[status]} {label(leader)} {line(leader.headline, 120)}: {status.value}{several}.")


def noted(incident: Incident) -> Message:
    """Return what the person who added a note is shown."""
    return said(f"📝 Noted on {label(incident)} {line(incident.headline, 120)}; both threads have it.")


def listing(incidents: Sequence[Incident], title: str) -> Message:
    """Return incidents as a list under a safe title."""
    if not incidents:
        return said(f"{title}: none.")
    lines = [f"{_EMOJI[i.status]} {_headline(i, [i])} · {_state_words([i], i.status)}" for i in incidents]
    return message(f"{title}: {len(incidents)}", [header(title), *paragraphs(lines)])


def detail(
    leader: Incident, members: Sequence[Incident], timeline: Sequence[TimelineEntry], held: causes.Suspicion
) -> Message:
    """Return an incident with its history, as `/incident show` answers."""
    shown = card(leader, "ops", members=members, held=held)
    history = ["*Timeline*", *(_entry(entry) for entry in timeline)] if timeline else []
    return message(shown.text, [*shown.blocks[:-1], *paragraphs(history), shown.blocks[-1]])


def _headline(leader: Incident, group: Sequence[Incident]) -> str:
    worst = min((m.severity.value for m in group if m.severity), default="unrated").upper()
    title = f"*{label(leader)} {line(leader.headline, 200)}*"
    services = dict.fromkeys(name for member in group for name in member.services)
    named = line(", ".join(services), 120) if services else "no known service"
    test = "🧪 test" if leader.is_test else None
    return joined([f"*{worst}* {title}", named, line(leader.environment, 40) if leader.environment else None, test])


def _state_words(group: Sequence[Incident], state: IncidentStatus) -> str:
    starts = [m.started_at for m in group if m.started_at]
    since = f"started {moment(min(starts))} ({ago(min(starts))})" if starts else "start unknown"
    match state:
        case IncidentStatus.ACKNOWLEDGED:
            last = max(group, key=lambda m: m.last_acknowledged_at or m.received_at)
            by = f" by {line(last.acknowledged_by, 60)}" if last.acknowledged_by else ""
            return f"acknowledged{by}, {since}"
        case IncidentStatus.RESOLVED:
            last = max(group, key=lambda m: m.resolved_at or m.received_at)
            by = f" by {line(last.resolved_by, 60)}" if last.resolved_by else ""
            took = f" after {duration(last.resolved_at - min(starts))}" if starts and last.resolved_at else ""
            return f"resolved{by}{took}, {moment(last.resolved_at or last.status_at)}"
        case IncidentStatus.REOPENED:
            return f"open again, {since}"
        case IncidentStatus.TRIGGERED:
            return f"open, nobody has it yet, {since}"


def _members(group: Sequence[Incident]) -> str | None:
    if len(group) == 1:
        return None
    done = sum(member.status is IncidentStatus.RESOLVED for member in group)
    return plural(len(group), "alert") + (f", {done} resolved" if done else "")


def _member_lines(group: Sequence[Incident]) -> list[Block]:
    if len(group) == 1:
        return []
    lines = [f"{_EMOJI[member.status]} {line(member.headline, 120)}" for member in group[:_MOST_MEMBERS]]
    rest = [f"… and {len(group) - _MOST_MEMBERS} more"] if len(group) > _MOST_MEMBERS else []
    return [context("\n".join([*lines, *rest]))]


def _suspects(deploys: Sequence[Deploy]) -> str:
    named = (
        f"{line(d.service, 60)} {line(d.version or (d.sha or '')[:7], 40)} {ago(d.finished_at or d.status_at)}"
        + (f" by {line(d.actor, 40)}" if d.actor else "")
        for d in deploys[:3]
    )
    return f"Deployed shortly before: {joined(named)}"


def _after(incident: Incident, status: IncidentStatus, side: Audience) -> str | None:
    match status:
        case IncidentStatus.ACKNOWLEDGED:
            by = line(incident.acknowledged_by, 60) if incident.acknowledged_by else None
            return f"by {by}, who has it now" if by else None
        case IncidentStatus.RESOLVED:
            by = f"by {line(incident.resolved_by, 60)}" if incident.resolved_by else None
            ended, started = incident.resolved_at, incident.started_at
            return joined([by, f"after {duration(ended - started)}" if ended and started else None])
        case IncidentStatus.REOPENED | IncidentStatus.TRIGGERED:
            again = f"open again {moment(incident.status_at)}"
            return again if side == "dev" else f"{again}: somebody has to take it"


def _entry(entry: TimelineEntry) -> str:
    who = line(entry.actor, 60) if entry.actor else line(entry.via, 40)
    said_text = f": {line(entry.text, 300)}" if entry.text else ""
    return f"• {moment(entry.at)} · {who} {_ENTRY_WORDS[entry.kind]}{said_text}"
