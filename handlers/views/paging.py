"""What paging says: to whom is paged, in the ops thread, and when nobody answers."""

from collections.abc import Mapping, Sequence
from typing import Final

from handlers.views import Message, Modal
from handlers.views import incidents as cards
from handlers.views.incident_facts import headline, label, state_of, state_words
from handlers.views.layout import actions, button, context, joined, message, said, section
from handlers.views.modals import form, select_named, select_person, text_input
from handlers.views.paging_state import Told, became, targets
from handlers.views.text import line, paragraph
from handlers.views.text import mention as pinged
from handlers.views.times import moment
from models.paging import TAKEN, Page
from models.records import Incident

CANNOT: Final = "page_cannot"
ON_IT: Final = "page_on_it"
NOT_ME: Final = "page_not_me"
FORM: Final = "page_form"

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


def by_hand(incident: Incident, page: Page, *, is_channel: bool) -> Message:
    """Return the page that a person sends to another, or to a channel; answered, what was said to it."""
    first = f"{headline(incident, [incident])}, {state_words([incident], state_of([incident]))}"
    why = f"“{line(page.why, 300)}”" if page.why else None
    if page.answer:
        return said(joined([f"📟 {line(page.answered_by or '', 60)} {page.answer}: {first}", why]))
    whom = f"{_HERE} *Somebody is wanted*" if is_channel else "*You are paged*"
    words = joined([f"📟 {whom} by {line(page.by or '', 60)}: {first}", why])
    ref = page.ref or ""
    row = [button("I'm on it", ON_IT, ref, style="primary"), *([] if is_channel else [button("I can't", NOT_ME, ref)])]
    summary = [section(paragraph(incident.summary, 500))] if incident.summary else []
    return message(words, [section(words), *summary, actions(*row)])


def answered(incident: Incident, page: Page) -> Message:
    """Return what tells who paged by hand how that was answered."""
    next_one = "" if page.answer == TAKEN else f" `/incident page INC-{incident.id} @somebody-else` pages another."
    who = line(page.answered_by or page.who, 60)
    return said(f"📟 {who} {page.answer}: {label(incident)} {line(incident.headline, 100)}.{next_one}")


def sent(incident: Incident, pages: Sequence[Page]) -> Message:
    """Return what the person who pages by hand is shown: whom that reaches, and whom not."""
    told = [f"{line(one.who, 60)}" + (f": {became(one)}" if one.via in ("nobody", "itself") else "") for one in pages]
    about = f"for {label(incident)} {line(incident.headline, 100)}: {', '.join(told)}"
    if all(one.via == "nobody" for one in pages):
        return said(f"⚠️ *Nobody was paged* {about}. Name somebody: `/incident page INC-{incident.id} @bob`")
    return said(f"📟 Paged {about}. `/incident show INC-{incident.id}` and the card in ops say what becomes of it.")


def on_it(incident: Incident) -> Message:
    """Return what the person who answered a page is shown."""
    return said(f"📟 Noted on {label(incident)} {line(incident.headline, 100)}; who paged is told.")


def page_form(incident: Incident, known: Sequence[str], channel_id: str) -> Modal:
    """Return the form that asks whom to page for an incident, and why."""
    fields = [
        context(f"*{label(incident)}* {line(incident.headline, 200)}"),
        select_person("person", "Whom to page", optional=True),
        select_named("target", "Or whoever this means", [(name, name) for name in known], optional=True),
        text_input("why", "Why", optional=True, hint="They read this first, perhaps at night."),
    ]
    carried = {"channel": channel_id, "incident": str(incident.leader_id or incident.id)}
    return form(FORM, f"Page for {label(incident)}", "Page", fields, carried)


def passed(incident: Incident) -> Message:
    """Return what the person who cannot take an incident is shown."""
    return said(f"{label(incident)} goes on to the next of the policy.")
