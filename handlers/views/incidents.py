"""What is said of an incident: the card of its whole group, and each change of state in its thread."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from handlers.routing import Audience
from handlers.views import Block, Message, calls, causes, incident_for_dev, paging_state, points
from handlers.views import incident_entries as entries
from handlers.views import what_changed as changed
from handlers.views.freezes import FOR_INCIDENT
from handlers.views.incident_facts import EMOJI, headline, label, state_of, state_words
from handlers.views.layout import actions, button, context, header, joined, message, paragraphs, said, section
from handlers.views.paging_state import Told
from handlers.views.text import line, link, paragraph, plural
from handlers.views.times import ago, duration, moment
from models.calls import Call
from models.points import Point
from models.records import Incident, TimelineEntry
from models.response import LEAD, Holder, Response
from models.what_changed import Candidate
from models.words import IncidentStatus, Severity

ACKNOWLEDGE: Final = "incident_acknowledge"
RESOLVE: Final = "incident_resolve"
REOPEN: Final = "incident_reopen"
NOTE: Final = "incident_note"
MITIGATE: Final = "incident_mitigate"
CLOSE: Final = "incident_close"
UPDATE: Final = "incident_update"
COMMAND: Final = "incident_command"
UNMERGE: Final = "incident_unmerge"

_MOST_MEMBERS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a card shows beside its incident: the group, what people keep beside it, where to look.

    `changed` is what may have caused it, the likeliest first, `held` what it is held against, `elsewhere` the link
    to the other side's card, `calls` what services elsewhere are told of it, `paging` how far paging for it is,
    `around` what the dev side's questions are answered from.
    """

    members: Sequence[Incident] = ()
    response: Response | None = None
    holders: Sequence[Holder] = ()
    roles: Sequence[str] = ()
    runbook: str | None = None
    changed: Sequence[Candidate] = ()
    elsewhere: str | None = None
    calls: Sequence[Call] = ()
    paging: Told | None = None
    held: causes.Suspicion = field(default_factory=causes.Suspicion)
    around: incident_for_dev.Around = field(default_factory=incident_for_dev.Around)


def card(leader: Incident, side: Audience, shown: Shown) -> Message:
    """Return the card of an incident and its group, with the buttons that fit its state."""
    if leader.leader_id not in (None, leader.id):
        return _merged(leader, shown)
    group = list(shown.members) or [leader]
    state = state_of(group)
    title = f"{EMOJI[state]} {headline(leader, group)}"
    blocks = [section(title), *_told(leader, shown), context(_facts(leader, group, side, shown))]
    blocks += _member_lines(group)
    if people := _people(shown):
        blocks.append(context(people))
    blocks += _for_dev(leader, state, shown) if side == "dev" else _for_ops(leader, shown)
    if shown.changed and state is not IncidentStatus.RESOLVED:
        blocks.append(context(changed.few(shown.changed, leader)))
    return message(f"{title}: {state_words(group, state)}", [*blocks, buttons(leader, state, shown)])


def _for_dev(leader: Incident, state: IncidentStatus, shown: Shown) -> list[Block]:
    is_open = state is not IncidentStatus.RESOLVED
    can_freeze = state not in (IncidentStatus.MITIGATED, IncidentStatus.RESOLVED) and bool(_freeze(leader, shown))
    return incident_for_dev.answers(leader, shown.held, shown.around, is_open=is_open, can_freeze=can_freeze)


def _for_ops(leader: Incident, shown: Shown) -> list[Block]:
    told = (_paging(shown), calls.senders(shown.calls), causes.of_incident(leader, shown.held))
    return [context(one) for one in told if one]


def _paging(shown: Shown) -> str | None:
    if shown.paging is None:
        return None
    return "\n".join(filter(None, [paging_state.card_line(shown.paging), paging_state.by_hand(shown.paging)])) or None


def _merged(incident: Incident, shown: Shown) -> Message:
    """Return what is left of the card of an incident that is shown in another one's message."""
    words = f"➡️ *INC-{incident.id} {line(incident.headline, 200)}* is part of *INC-{incident.leader_id}* now"
    over = link(shown.elsewhere, "other side") if shown.elsewhere else None
    apart = actions(button("Take it apart again", UNMERGE, str(incident.id)))
    return message(words, [section(joined([words, over])), apart])


def _told(leader: Incident, shown: Shown) -> list[Block]:
    """Return what its sender says of it, and the latest word of who responds."""
    told = [section(paragraph(leader.summary, 500))] if leader.summary else []
    response = shown.response
    if response and response.update and response.updated_at:
        due = response.next_update_at if leader.is_open else None
        when = joined([ago(response.updated_at), f"next {moment(due)}" if due else None])
        told.append(section(f"📣 {paragraph(response.update, 800)}\n_{line(response.updated_by or '', 60)}, {when}_"))
    return told


def _facts(leader: Incident, group: Sequence[Incident], side: Audience, shown: Shown) -> str:
    where = shown.runbook or leader.runbook
    response = shown.response
    own = f"<#{response.channel_id}>" if response and response.channel_id else None
    facts = [state_words(group, state_of(group)), _impact(leader, response), _members(group)]
    facts += [link(where, "runbook") if where else None, link(leader.url, "source") if leader.url else None, own]
    facts.append(link(shown.elsewhere, "ops" if side == "dev" else "dev") if shown.elsewhere else None)
    return joined(facts)


def _impact(leader: Incident, response: Response | None) -> str | None:
    since = response.impact_at if response else None
    return f"felt since {moment(since)}" if since and since != leader.started_at else None


def _people(shown: Shown) -> str | None:
    """Return who has which role; the lead is always named, also where there is none."""
    if not shown.roles:
        return None
    by_role = {holder.role: holder.person for holder in shown.holders}
    if not by_role:
        return f"*{shown.roles[0]}* nobody yet"
    named = [(role, by_role.get(role)) for role in dict.fromkeys([*shown.roles, *by_role])]
    return joined(f"*{line(role, 40)}* {line(name, 60) if name else '–'}" for role, name in named)


def buttons(leader: Incident, state: IncidentStatus, shown: Shown) -> Block:
    """Return the row of buttons that fits a state."""
    number = str(leader.leader_id or leader.id)
    note, cause = button("Note", NOTE, number), button("Set cause", causes.SET, number)
    update, resolve = button("Update", UPDATE, number), button("Resolve", RESOLVE, number)
    if leader.is_closed:
        return actions(button("Reopen", REOPEN, number), note)
    if state is IncidentStatus.RESOLVED:
        return actions(button("Close", CLOSE, number, style="primary"), button("Reopen", REOPEN, number), note, cause)
    lead = [] if any(h.role == LEAD for h in shown.holders) else [button("I have command", COMMAND, number)]
    mitigate = button("Mitigated", MITIGATE, number)
    if state is IncidentStatus.MITIGATED:
        again = button("It is back", REOPEN, number)
        return actions(button("Resolve", RESOLVE, number, style="primary"), update, again, *lead, note, cause)
    if state is IncidentStatus.ACKNOWLEDGED:
        first = button("Mitigated", MITIGATE, number, style="primary")
        return actions(first, resolve, update, *lead, note, cause, *_freeze(leader, shown))
    first = button("Acknowledge", ACKNOWLEDGE, number, style="primary")
    return actions(first, mitigate, resolve, update, *lead, note, cause, *_freeze(leader, shown))


def _freeze(leader: Incident, shown: Shown) -> list[Block]:
    """Return the button that stops deploys, on what is bad enough for it and has a service to stop."""
    is_bad = leader.severity in (Severity.SEV1, Severity.SEV2) and not shown.around.freezes
    services = [s for member in (leader, *shown.members) for s in member.services]
    return [button("Freeze deploys", FOR_INCIDENT, str(leader.leader_id or leader.id))] if is_bad and services else []


def moved(incident: Incident, status: IncidentStatus, side: Audience, *, members: Sequence[Incident] = ()) -> Message:
    """Return the reply that says a change of state; `members` are the whole group."""
    group = list(members) or [incident]
    alike = [m for m in group if m.status is status and m.status_at == incident.status_at]
    several = f" ({len(alike)} of {plural(len(group), 'alert')})" if len(group) > 1 else ""
    if status is IncidentStatus.RESOLVED and len(group) > 1:
        # Said at the end of the last one, of the whole: its alerts ended one after the other.
        starts = [member.started_at for member in group if member.started_at]
        incident, several = replace(incident, started_at=min(starts, default=None)), f" (all {len(group)} alerts)"
    subject = f"{EMOJI[status]} {label(incident)} *{status.value}*{several}"
    return said(joined([subject, _after(incident, status, side)]))


def note(incident: Incident, *, by: str, text: str) -> Message:
    """Return the reply that shows a person's note."""
    title = f"📝 {label(incident)}: note by {line(by, 60)}"
    return message(f"{title}: {line(text, 300)}", [context(title), section(paragraph(text, 2500))])


def detail(
    leader: Incident, shown: Shown, timeline: Sequence[TimelineEntry], open_points: Sequence[Point] = ()
) -> Message:
    """Return an incident with what is worked on and its history, as `/incident show` answers."""
    whole = card(leader, "ops", shown)
    paged = paging_state.lines(shown.paging) if shown.paging and shown.paging.pages else []
    history = ["*Timeline*", *(entries.one_line(entry) for entry in timeline)] if timeline else []
    rows = points.rows(open_points) if leader.is_open else []
    if freezes := shown.around.freezes:
        rows = [context(incident_for_dev.gate(freezes)), *rows]
    return message(whole.text, [*whole.blocks[:-1], *rows, *paragraphs(paged), *paragraphs(history), whole.blocks[-1]])


def history(leader: Incident, timeline: Sequence[TimelineEntry]) -> Message:
    """Return an incident's whole history, as `/incident timeline` answers."""
    title = f"Timeline of {label(leader)}"
    lines = [entries.one_line(entry) for entry in timeline] or ["Nothing happened yet."]
    return message(f"{title}: {plural(len(timeline), 'entry', 'entries')}", [header(title), *paragraphs(lines)])


def _members(group: Sequence[Incident]) -> str | None:
    if len(group) == 1:
        return None
    done = sum(member.status is IncidentStatus.RESOLVED for member in group)
    return plural(len(group), "alert") + (f", {done} resolved" if done else "")


def _member_lines(group: Sequence[Incident]) -> list[Block]:
    if len(group) == 1:
        return []
    lines = [f"{EMOJI[member.status]} {line(member.headline, 120)}" for member in group[:_MOST_MEMBERS]]
    rest = [f"… and {len(group) - _MOST_MEMBERS} more"] if len(group) > _MOST_MEMBERS else []
    return [context("\n".join([*lines, *rest]))]


def _after(incident: Incident, status: IncidentStatus, side: Audience) -> str | None:
    match status:
        case IncidentStatus.ACKNOWLEDGED:
            by = line(incident.acknowledged_by, 60) if incident.acknowledged_by else None
            return f"by {by}, who has it now" if by else None
        case IncidentStatus.MITIGATED:
            by = f"by {line(incident.mitigated_by, 60)}" if incident.mitigated_by else None
            return joined([by, "users should be fine again; the cause is still to be mended"])
        case IncidentStatus.RESOLVED:
            by = f"by {line(incident.resolved_by, 60)}" if incident.resolved_by else None
            ended, started = incident.resolved_at, incident.started_at
            return joined([by, f"after {duration(ended - started)}" if ended and started else None])
        case IncidentStatus.REOPENED | IncidentStatus.TRIGGERED:
            again = f"open again {moment(incident.status_at)}"
            return again if side == "dev" else f"{again}: somebody has to take it"
