"""What is said when the command of an incident changes hands: the brief, the question, and that one may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.views import Block, Message
from handlers.views.causes import of_incident
from handlers.views.incident_facts import headline, state_of, state_words
from handlers.views.incidents import Shown
from handlers.views.layout import actions, button, context, joined, message, paragraphs, said
from handlers.views.paging_state import said_to
from handlers.views.points import settled, short
from handlers.views.text import code, line, link, plural
from handlers.views.times import ago, duration, moment
from handlers.views.what_changed import one_line
from models.handoffs import Offer
from models.points import Point, PointKind, PointOutcome
from models.records import Change, Deploy, Incident, MessageRef, TimelineEntry
from models.response import LEAD, ActionItem
from models.words import IncidentStatus

TAKE: Final = "command_take"
REFUSE: Final = "command_refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandBrief:
    """What is known of a running incident at an instant: its card's facts and what is worked on.

    `said` is the last update, `said_in` where it arrived, `cards` where the incident stands. `rated` is the last
    change of severity, `last_hour` what was deployed and changed, `rollbacks` the ways back taken since it began.
    """

    incident: Incident
    shown: Shown
    at: datetime
    said: Sequence[TimelineEntry] = ()
    said_in: Sequence[MessageRef] = ()
    cards: Sequence[MessageRef] = ()
    rated: Sequence[TimelineEntry] = ()
    ruled_out: Sequence[TimelineEntry] = ()
    points: Sequence[Point] = ()
    last_hour: Sequence[Deploy | Change] = ()
    rollbacks: Sequence[Deploy] = ()
    items: Sequence[ActionItem] = ()


def asked(offer: Offer, brief: CommandBrief) -> Message:
    """Return the offer as the person sees it to whom it is made."""
    number = brief.incident.leader_id or brief.incident.id
    if offer.state != "open":
        return said(f"{_ANSWERED.get(offer.state, 'This offer is over')}: INC-{number}.")
    why = f": {line(offer.why, 200)}" if offer.why else ""
    first = f"🧑‍🚒 {line(offer.giver, 60)} offers you command of INC-{number}{why}"
    what, *rest = lines(brief)
    return message(first, [*paragraphs([f"{first} · {what}", *rest]), buttons(offer)])


def shown(number: int, brief: CommandBrief) -> Message:
    """Return the brief as somebody asked for it."""
    hints = (
        f"`/incident handoff INC-{number} @bob why` offers them the command.",
        f"`/incident note INC-{number} hypothesis @bob: …, next …`, `running: … until …`, `decide: …` fill it.",
    )
    return message(f"Brief of INC-{number}", [*paragraphs(lines(brief)), context(" ".join(hints))])


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
    """Return the brief, at most eleven lines: what it is, impact, changes, what is known and done, who, what next.

    What nobody has said is said to be missing where the next person would look for it.
    """
    points = [one for one in brief.points if one.is_open]
    running = [short(one) for one in points if one.kind is PointKind.RUNNING]
    frozen = [f"deploys of {line(f.scope, 40)} frozen until {moment(f.until)}" for f in brief.shown.around.freezes[:1]]
    decide = [short(one) for one in points if one.kind is PointKind.DECISION]
    todo = [f"A{item.id} {line(item.text, 60)}" for item in brief.items]
    told = [
        _what(brief),
        _impact(brief),
        _suspects(brief),
        _listed("*Last hour*", [_entry(one) for one in brief.last_hour], "nothing was deployed or changed"),
        _hypotheses(brief),
        _listed("*Ruled out*", _ruled_out(brief), "nothing yet"),
        _listed("*Running*", [*running, *frozen]),
        _listed("*To decide*", decide) or _listed("*To do afterwards*", todo),
        f"*Roles* {_roles(brief)}",
        _told(brief),
        _next(brief),
    ]
    return [one for one in told if one]


def _what(brief: CommandBrief) -> str:
    group = list(brief.shown.members) or [brief.incident]
    return f"{headline(brief.incident, group)} · {state_words(group, state_of(group))}"


def _impact(brief: CommandBrief) -> str:
    response = brief.shown.response
    last = response.update if response and response.update else brief.incident.summary
    return f"*Impact now* {joined([line(last or 'nobody has said a word yet', 250), _trend(brief)])}"


def _trend(brief: CommandBrief) -> str | None:
    """Return whether it gets better, as far as its severity and its alerts say so."""
    group = brief.shown.members
    over = sum(member.status is IncidentStatus.RESOLVED for member in group)
    alerts = f"{over} of {plural(len(group), 'alert')} over" if over else None
    for entry in brief.rated:
        word = "worse" if (entry.text or "") < (entry.was or "") else "better"
        word = "rated" if entry.was == "unrated" else word
        return joined([f"{word}: {line(entry.was or '', 10)} → {line(entry.text or '', 10)} {ago(entry.at)}", alerts])
    return alerts


def _suspects(brief: CommandBrief) -> str:
    cause = of_incident(brief.incident, brief.shown.held)
    likely = [one_line(c, brief.incident).removeprefix("• ") for c in brief.shown.changed[:1]] if not cause else []
    back = f"rolled back: {', '.join(_entry(d) for d in brief.rollbacks[:2])}" if brief.rollbacks else "no rollback yet"
    return joined([cause or f"*Suspect* {likely[0] if likely else 'nothing is blamed yet'}", back])


def _entry(one: Deploy | Change) -> str:
    if isinstance(one, Change):
        return f"{link(one.url, f'#{one.id}')} {line(one.summary, 60)}"
    version = code(one.version or (one.sha or "")[:7], 30)
    return " ".join(filter(None, [link(one.url, f"#{one.id}"), line(one.service, 40), version, one.status.value]))


def _hypotheses(brief: CommandBrief) -> str:
    of_kind = [one for one in brief.points if one.kind is PointKind.HYPOTHESIS]
    known = [f"✔ {settled(one)}" for one in of_kind if one.outcome is PointOutcome.CONFIRMED]
    return _listed("*Hypotheses*", [*known, *(short(one) for one in of_kind if one.is_open)], "none is written down")


def _ruled_out(brief: CommandBrief) -> list[str]:
    points = [settled(one) for one in reversed(brief.points) if one.outcome is PointOutcome.RULED_OUT]
    return points + [f"{line(e.text or '', 100)} ({line(e.actor or '', 40)})" for e in reversed(brief.ruled_out)]


def _listed(name: str, parts: Sequence[str], nothing: str = "") -> str:
    """Return some parts as one line, the first few; empty where there is none and that need not be said."""
    few = [*parts[:3], *([f"{len(parts) - 3} more"] if len(parts) > 3 else [])]
    return f"{name} {joined(few)}" if few else f"{name} {nothing}" if nothing else ""


def _roles(brief: CommandBrief) -> str:
    by_role = {holder.role: holder for holder in brief.shown.holders}
    return joined(
        f"{line(role, 30)} {line(by_role[role].person, 60)}, on {duration(brief.at - by_role[role].since)}"
        if role in by_role
        else f"{line(role, 30)} nobody"
        for role in dict.fromkeys([*(brief.shown.roles or (LEAD,)), *by_role])
    )


def _told(brief: CommandBrief) -> str:
    """Return what was said to whom: the last update and where it arrived, and who was paged."""
    paging = brief.shown.paging
    paged = [f"{line(one.who, 40)}: {said_to(one)}" for one in (paging.first if paging else ())]
    pages = f"paged {', '.join(paged[:4])}" if paged else None
    for entry in brief.said:
        rooms = ", ".join(dict.fromkeys(f"<#{m.channel_id}>" for m in brief.said_in))
        where = f"to {rooms}" if rooms else "not delivered yet"
        words = f"“{line(entry.text or '', 80)}” by {line(entry.actor or entry.via, 40)} {ago(entry.at)}"
        return f"*Told* {joined([f'{words}, {where}', pages])}"
    rooms = ", ".join(dict.fromkeys(f"<#{m.channel_id}>" for m in brief.cards))
    return f"*Told* {joined([f'no update yet, only the card in {rooms}' if rooms else 'nobody yet', pages])}"


def _next(brief: CommandBrief) -> str:
    """Return what is due next, the earliest first, and where the rest is."""
    response, number = brief.shown.response, brief.incident.leader_id or brief.incident.id
    due = response.next_update_at if response else None
    checks = [(one.check_at, f"P{one.id}") for one in brief.points if one.is_open and one.check_at]
    dated = sorted([*([(due, "next update")] if due else []), *checks])
    told = [f"{words} {moment(at)}" + (" *overdue*" if at < brief.at else "") for at, words in dated[:2]]
    rest = [link(m.permalink, m.side) for m in brief.cards if m.permalink][:2]
    book = [link(brief.shown.runbook, "runbook")] if brief.shown.runbook else []
    told = told or ["nobody promised one"]
    return f"*Next checkpoint* {joined([*told, *rest, *book, f'`/incident timeline INC-{number}`'])}"


def buttons(offer: Offer) -> Block:
    """Return the row of buttons that answers an offer."""
    return actions(
        button("I have command", TAKE, str(offer.id), style="primary"), button("I can't", REFUSE, str(offer.id))
    )
