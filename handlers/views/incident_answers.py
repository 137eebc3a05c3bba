"""What the person is shown who did something to incidents, or asked for them."""

from collections.abc import Sequence
from typing import Final

from handlers.views import Message
from handlers.views.incident_facts import EMOJI, headline, label, state_words
from handlers.views.layout import context, header, joined, message, paragraphs, said
from handlers.views.text import code, escape, line, link, plural
from handlers.views.times import duration, moment
from models.records import Incident
from models.response import Holder, ResponsePlan
from models.words import IncidentStatus


def opened(incident: Incident) -> Message:
    """Return what the person who opened an incident is shown."""
    return said(f"{EMOJI[incident.status]} Opened {headline(incident, [incident])}. Both channels are told.")


def done(leader: Incident, status: IncidentStatus, changed: int) -> Message:
    """Return what the person who moved an incident is shown."""
    several = f", with {plural(changed - 1, 'more alert')} of its group" if changed > 1 else ""
    state = "resolved and closed" if leader.is_closed else status.value
    return said(f"{EMOJI[status]} {_named(leader)}: {state}{several}.")


def noted(incident: Incident, *, but: str | None = None) -> Message:
    """Return what the person who added a note is shown; `but` is why it is no more than a note."""
    words = f"📝 Noted on {_named(incident)}; both threads have it."
    return said(f"{words} It is a plain note: {escape(but)}" if but else words)


def updated(incident: Incident) -> Message:
    """Return what the person who gave an update is shown."""
    return said(f"📣 {_named(incident)}: your update is on both cards and in both threads.")


def rated(incident: Incident) -> Message:
    """Return what the person who set a severity is shown."""
    severity = incident.severity.value if incident.severity else "unrated"
    return said(f"🎚️ {_named(incident)} is {severity} now. Its senders do not change that any more.")


def renamed(incident: Incident) -> Message:
    """Return what the person who gave a better name is shown."""
    return said(f"{_named(incident)} is called that now.")


def felt(incident: Incident, since: str) -> Message:
    """Return what the person who said since when it was felt is shown."""
    return said(f"{_named(incident)}: felt since {since}.")


def merged(incident: Incident, host: Incident) -> Message:
    """Return what the person who merged two incidents is shown."""
    return said(
        f"➡️ INC-{incident.id} is part of {_named(host)} now. `/incident unmerge INC-{incident.id}` takes that back."
    )


def parted(incident: Incident, rest: Incident) -> Message:
    """Return what the person who took two incidents apart is shown."""
    return said(f"↔️ {_named(incident)} stands by itself again, apart from {label(rest)}.")


def assigned(incident: Incident, role: str, person: str, before: str | None) -> Message:
    """Return what the person who gave a role is shown."""
    was = f" (before: {line(before, 60)})" if before else ""
    return said(f"🧑‍🚒 {line(person, 60)} is {line(role, 40)} of {_named(incident)} now{was}.")


def unassigned(incident: Incident, role: str, before: str) -> Message:
    """Return what the person who took a role is shown."""
    return said(f"{_named(incident)} has no {line(role, 40)} now; it was {line(before, 60)}.")


def roles(number: int, holders: Sequence[Holder], known: Sequence[str]) -> Message:
    """Return who has which role in an incident."""
    by_role = {holder.role: holder.person for holder in holders}
    lines = [f"• *{line(role, 40)}* {line(by_role.get(role, '–'), 60)}" for role in dict.fromkeys([*known, *by_role])]
    hint = f"`/incident assign INC-{number} {known[0]} @bob` gives a role." if known else ""
    return message(f"Roles of INC-{number}", paragraphs([f"*Roles of INC-{number}*", *lines, hint]))


def levels(plan: ResponsePlan) -> Message:
    """Return what each severity means and asks for."""
    lines = []
    for severity, level in plan.levels.items():
        every = f"an update every {duration(level.update_every)}" if level.update_every else None
        within = f"acknowledged within {duration(level.acknowledge_within)}" if level.acknowledge_within else None
        asks = joined([within, every])
        lines.append(
            f"• *{severity.value}* {line(level.name, 40)}: {line(level.meaning, 200)}" + f"\n   {asks}" * bool(asks)
        )
    return message("Severities", paragraphs(["*Severities*", *lines, "`/incident severity INC-12 sev2` sets one."]))


def listing(incidents: Sequence[Incident], title: str, *, beside: str | None = None) -> Message:
    """Return incidents as a list under a safe title; `beside` is a last line in Slack's markup."""
    if not incidents:
        return said(joined([f"{title}: none.", beside]))
    lines = [f"{EMOJI[i.status]} {headline(i, [i])} · {state_words([i], i.status)}" for i in incidents]
    last = [context(beside)] if beside else []
    return message(f"{title}: {len(incidents)}", [header(title), *paragraphs(lines), *last])


def signals(alerts: Sequence[Incident]) -> Message:
    """Return the stored alerts that opened no incident, each with what would make it one."""
    title = "Alerts that opened no incident"
    if not alerts:
        return said(f"{title}: none.")
    lines = [
        joined(
            [
                f"• INC-{alert.id} {line(alert.title, 120)}",
                joined([line(service, 60) for service in alert.services]) or None,
                f"since {moment(alert.started_at)}" if alert.started_at else None,
                code(f"/incident promote INC-{alert.id}"),
            ]
        )
        for alert in alerts
    ]
    return message(f"{title}: {len(alerts)}", [header(title), *paragraphs(lines)])


def mine(held: Sequence[tuple[Holder, Incident]]) -> Message:
    """Return the open incidents in which a person has a role."""
    if not held:
        return said("You have no role in an open incident. `/incident list` shows what is open.")
    lines = [
        f"{EMOJI[i.status]} *{line(h.role, 40)}* of {headline(i, [i])} · {state_words([i], i.status)}" for h, i in held
    ]
    return message(f"Your open incidents: {len(held)}", paragraphs(["*Your open incidents*", *lines]))


def marked(incident: Incident) -> Message:
    """Return what the person who marked a message is shown."""
    return said(f"📌 On the timeline of {_named(incident)}. `/incident timeline INC-{incident.id}` shows it whole.")


def exported(incident: Incident, link_to: str | None) -> Message:
    """Return what the person who exported an incident is shown."""
    where = link(link_to, f"INC-{incident.id}.md")
    return said(f"📄 {_named(incident)}: {where} is sent to you by direct message.")


def canvas(incident: Incident, link_to: str | None) -> Message:
    """Return what the person who asked for a canvas is shown; without `files:read` its link is not known."""
    where = link(link_to, "the canvas") if link_to else "a canvas; it is among your canvases in Slack"
    return said(f"📄 {_named(incident)}: {where}. You may edit it; it is as of now and does not follow.")


_NO_CANVAS: Final = {
    "missing_scope": "the app lacks the scope canvases:write",
    "canvas_disabled_user_team": "canvases are switched off in this workspace",
    "free_teams_cannot_create_non_tabbed_canvases": "on Slack's free plan only a channel can have one",
}


def no_canvas(incident: Incident, reason: str) -> str:
    """Return why there is no canvas, and the way to the document all the same."""
    why = _NO_CANVAS.get(reason, reason)
    return f"Slack makes no canvas: {why}. `/incident export {label(incident)}` sends it as a file."


def _named(incident: Incident) -> str:
    return f"{label(incident)} {line(incident.headline, 120)}"
