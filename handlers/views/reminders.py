"""What reminds people of an incident: what is due, since when, whose turn it is, and how to make it stop."""

from collections.abc import Sequence
from typing import Final

from handlers.views import Block, Message
from handlers.views import incidents as cards
from handlers.views.incident_facts import headline, label
from handlers.views.layout import actions, button, message, said, section
from handlers.views.text import line, mention
from handlers.views.times import ago, duration, moment
from models.records import Incident
from models.reminders import Due, ReminderKind
from models.response import LEAD, Holder, Response

SNOOZE: Final = "reminder_snooze"
DISMISS: Final = "reminder_dismiss"


def reminder(incident: Incident, due: Due, holders: Sequence[Holder], response: Response) -> Message:
    """Return what is due of an incident; the lead, if there is one, is mentioned."""
    lead = next((holder for holder in holders if holder.role == LEAD), None)
    whose = f"{mention(lead.user_id) or line(lead.person, 60)}: " if lead else ""
    words = f"⏰ {whose}{_words(incident, due, response)}"
    return message(words, [section(words), _buttons(incident, due.kind)])


def over(incident: Incident, kind: ReminderKind) -> Message:
    """Return what a reminder says when its reason is gone."""
    return said(f"☑️ {label(incident)}: {_SETTLED[kind]}.")


def snoozed(incident: Incident, words: str) -> Message:
    """Return what the person who snoozed is shown."""
    return said(f"💤 Nothing reminds of {label(incident)} {line(incident.headline, 100)} for {words}.")


def dismissed(incident: Incident) -> Message:
    """Return what the person who dismissed a reminder is shown."""
    return said(f"🔕 {label(incident)}: you are not reminded of this again, only of what becomes due later.")


_SETTLED: Final = {
    ReminderKind.UNACKNOWLEDGED: "somebody has it now",
    ReminderKind.UPDATE: "there is news since, or it is over",
    ReminderKind.OPEN: "it is over",
}


def _words(incident: Incident, due: Due, response: Response) -> str:
    named = headline(incident, [incident])
    match due.kind:
        case ReminderKind.UNACKNOWLEDGED:
            return f"nobody has {named}, open {ago(incident.status_at)}. Who takes it?"
        case ReminderKind.UPDATE:
            last = (
                f"the last word was {ago(response.updated_at)}" if response.updated_at else "nobody has said a word yet"
            )
            return f"an update on {named} was due {moment(due.since)}; {last}."
        case ReminderKind.OPEN:
            return f"{named} is open for longer than {duration(due.within)}. Resolve it, or say how it goes on."


def _buttons(incident: Incident, kind: ReminderKind) -> Block:
    number = str(incident.leader_id or incident.id)
    first = (
        button("Acknowledge", cards.ACKNOWLEDGE, number, style="primary")
        if kind is ReminderKind.UNACKNOWLEDGED
        else button("Update", cards.UPDATE, number, style="primary")
    )
    value = f"{number}:{kind}"
    return actions(first, button("Snooze 30 min", SNOOZE, value), button("Dismiss", DISMISS, value))
