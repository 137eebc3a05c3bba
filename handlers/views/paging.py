"""What paging says: to whom is paged, in the ops thread, and when nobody answers."""

from collections.abc import Mapping
from typing import Final

from handlers.views import Message
from handlers.views import incidents as cards
from handlers.views.incident_facts import headline, label
from handlers.views.layout import actions, button, joined, message, said, section
from handlers.views.paging_state import Told, became, targets
from handlers.views.text import line, paragraph
from handlers.views.text import mention as pinged
from handlers.views.times import moment
from models.paging import Page
from models.records import Incident

CANNOT: Final = "page_cannot"

_HERE: Final = "<!here>"
_NO_NUMBER: Final = "No phone number is configured (`paging: phones:`): reach somebody as you can."


def page(incident: Incident, told: Told, step: int, why: str, *, is_channel: bool) -> Message:
    """Return what is said to whom is paged; a person may pass it on, of a channel everybody who is there is told."""
    whom = f"{_HERE} " if is_channel else ""
    role = f" ({line(why, 40)})" if why else ""
    waited = f"nobody has it, waiting since {moment(incident.status_at)}"
    words = joined([f"📟 {whom}*You are paged*{role}: {headline(incident, [incident])}", waited, _next(told, step)])
    take = button("Acknowledge", cards.ACKNOWLEDGE, str(incident.leader_id or incident.id), style="primary")
    leave = [] if is_channel else [button("I can't", CANNOT, str(told.escalation.id))]
    summary = [section(paragraph(incident.summary, 500))] if incident.summary else []
    return message(words, [section(words), *summary, actions(take, *leave)])


def _next(told: Told, step: int) -> str:
    if step >= len(told.steps):
        return "you are the last of the policy"
    return f"next {targets(told.steps[step])} {moment(told.escalation.next_at)}"


def over(incident: Incident) -> Message:
    """Return what a page says when somebody has the incident, or it is over."""
    by = f", {line(incident.acknowledged_by, 60)}" if incident.acknowledged_by else ""
    how = "it is resolved" if not incident.is_open else f"somebody has it now{by}"
    return said(f"☑️ {label(incident)} {line(incident.headline, 100)}: {how}. You need not act.")


def mention(incident: Incident, told: Told, step: int) -> Message:
    """Return the line of the thread that mentions those who are paged by a step."""
    mine = [_mentioned(one) for one in told.pages if one.step == step]
    return said(joined([f"📟 {label(incident)}, step {step} of {len(told.steps)}", *mine]))


def _mentioned(one: Page) -> str:
    who, ping = line(one.who, 80), pinged(one.user_id)
    if one.via in ("nobody", "itself"):
        return f"{who}: {became(one)}"
    return f"{ping} {who}" if ping else who


def phone(incident: Incident, told: Told, phones: Mapping[str, str]) -> Message:
    """Return what the channel is told when every step was taken and nobody has the incident: whom to phone."""
    known = {one.who: one.phone for one in told.first if one.phone} or dict(phones)
    first = (
        f"☎️ {_HERE} *Nobody has taken* {headline(incident, [incident])}, waiting since {moment(incident.status_at)}."
    )
    numbers = [f"{line(who, 60)} *{line(number, 40)}*" for who, number in known.items()]
    whom = ["Please phone:", *(f"• {one}" for one in numbers)] if numbers else [_NO_NUMBER]
    tried = [f"• {line(one.who, 80)}: {became(one)}" for one in told.first]
    take = button("Acknowledge", cards.ACKNOWLEDGE, str(incident.leader_id or incident.id), style="primary")
    blocks = [section("\n".join([first, *whom])), section("\n".join(["Tried so far:", *tried])), actions(take)]
    return message(joined([first, *numbers]), blocks)


def passed(incident: Incident) -> Message:
    """Return what the person who cannot take an incident is shown."""
    return said(f"{label(incident)} goes on to the next of the policy.")
