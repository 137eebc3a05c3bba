"""What is said when the command of an incident changes hands: the brief, the question, and that one may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handlers.views import Block, Message
from handlers.views.causes import of_incident
from handlers.views.incident_facts import headline, state_of, state_words
from handlers.views.incidents import Shown
from handlers.views.layout import actions, button, joined, message, paragraphs, said
from handlers.views.text import line
from handlers.views.times import moment
from handlers.views.what_changed import one_line
from models.handoffs import Offer
from models.records import Incident, TimelineEntry
from models.response import LEAD, ActionItem

TAKE: Final = "command_take"
REFUSE: Final = "command_refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandBrief:
    """What is known of a running incident: its card's facts, what was said last, ruled out, still to be done."""

    incident: Incident
    shown: Shown
    said: Sequence[TimelineEntry] = ()
    ruled_out: Sequence[TimelineEntry] = ()
    last_hour: Sequence[TimelineEntry] = ()
    items: Sequence[ActionItem] = ()


def asked(offer: Offer, brief: CommandBrief) -> Message:
    """Return the offer as the person sees it to whom it is made."""
    number = brief.incident.leader_id or brief.incident.id
    if offer.state != "open":
        return said(f"{_ANSWERED.get(offer.state, 'This offer is over')}: INC-{number}.")
    why = f": {line(offer.why, 200)}" if offer.why else ""
    first = f"🧑‍🚒 {line(offer.giver, 60)} offers you command of INC-{number}{why}"
    row = buttons(offer)
    return message(first, [*paragraphs([first, *lines(brief)]), row])


_ANSWERED: Final = {
    "accepted": "✅ You have command",
    "declined": "You said that you cannot take command",
    "withdrawn": "This offer was withdrawn",
}


def released(offer: Offer, incident: Incident) -> Message:
    """Return what tells who offered it what became of that."""
    number = incident.leader_id or incident.id
    if offer.state == "accepted":
        return said(f"✅ {line(offer.taker, 60)} has command of INC-{number}; you may go. Both channels are told.")
    return said(f"🧑‍🚒 {line(offer.taker, 60)} cannot take command of INC-{number}: it is still yours.")


def offered(incident: Incident, offer: Offer) -> Message:
    """Return what the person who offered it is shown."""
    number = incident.leader_id or incident.id
    keeps = f"until they press *I have command*, it is {line(offer.giver, 60)}'s"
    return said(f"🧑‍🚒 {line(offer.taker, 60)} is asked to take command of INC-{number}, with the brief; {keeps}.")


def lines(brief: CommandBrief) -> list[str]:
    """Return the brief, at most eleven lines: impact, changes, what is known and ruled out, roles, what comes next."""
    incident, shown = brief.incident, brief.shown
    group = list(shown.members) or [incident]
    response = shown.response
    impact = response.update if response and response.update else incident.summary or "nobody has said a word yet"
    due = response.next_update_at if response else None
    told = [
        f"*{headline(incident, group)}* · {state_words(group, state_of(group))}",
        f"*Impact now* {line(impact, 250)}",
        f"*Next update* {moment(due)}" if due else "*Next update* nobody promised one",
        f"*Suspect* {of_incident(incident, shown.held) or 'nothing is blamed yet'}",
    ]
    told += [f"*Changed* {one_line(c, incident).removeprefix('• ')}" for c in shown.changed[:2]]
    told.append(f"*Roles* {_roles(shown)}")
    told += [f"*Said* {line(e.actor or e.via, 40)}: {line(e.text or '', 150)}" for e in brief.said[-2:]]
    told += [f"*Ruled out* {line(e.text or '', 150)} ({line(e.actor or '', 40)})" for e in brief.ruled_out[-1:]]
    waiting = ", ".join(line(item.text, 60) for item in brief.items[:3])
    told += [f"*Still to do* {waiting}"] if waiting else []
    return told[:11]


def _roles(shown: Shown) -> str:
    by_role = {holder.role: holder for holder in shown.holders}
    return joined(
        f"{line(role, 30)} {line(by_role[role].person, 60)} since {moment(by_role[role].since)}"
        if role in by_role
        else f"{line(role, 30)} –"
        for role in dict.fromkeys([*(shown.roles or (LEAD,)), *by_role])
    )


def buttons(offer: Offer) -> Block:
    """Return the row of buttons that answers an offer."""
    return actions(
        button("I have command", TAKE, str(offer.id), style="primary"), button("I can't", REFUSE, str(offer.id))
    )
