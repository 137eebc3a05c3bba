"""How far paging for an incident is: on its card, in `/incident show`, in `/bridge status`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handlers.views.calls import reason_words as call_reason
from handlers.views.failures import reason_words as slack_reason
from handlers.views.incident_facts import label
from handlers.views.layout import joined
from handlers.views.text import line
from handlers.views.times import moment
from models.paging import BY_HAND, Escalation, EscalationState, Page, PageState, Step
from models.records import Incident

_STATES: Final = {
    PageState.TOLD: "told",
    PageState.WAITING: "being told",
    PageState.WITHDRAWN: "not told, no longer needed",
}
_ROLES: Final = {"on_call": "on call"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How far an escalation is. `steps` are its policy's (none: it is gone), `first` one page for each person."""

    escalation: Escalation
    steps: Sequence[Step] = ()
    pages: Sequence[Page] = ()
    first: Sequence[Page] = ()


def targets(step: Step) -> str:
    """Return whom a step tells, in the policy's words."""
    return line(", ".join(_ROLES.get(target, target) for target in step.notify), 100)


def became(one: Page) -> str:
    """Return whether a page got to where it was sent, and why not."""
    reason = one.reason or "unknown"
    if one.via == "nobody":
        return f"⚠️ {line(reason, 100)}"
    if one.via == "itself":
        return "pages for it by itself"
    words = call_reason(reason) if one.via == "pager" else slack_reason(reason)
    if one.state is PageState.FAILED:
        return f"⚠️ not told, {words}"
    if one.state is PageState.WAITING and one.reason:
        return f"not told yet, {words}; it is tried again"
    return _STATES.get(one.state, "told")


def card_line(told: Told) -> str | None:
    """Return how far paging is, as the card shows it; `None` once somebody has it."""
    e = told.escalation
    policy = f"📟 policy {line(e.policy, 40)}"
    if e.state is EscalationState.EXHAUSTED:
        return f"{policy}: every step was taken and nobody has it; somebody has to phone"
    if e.state is not EscalationState.RUNNING:
        return None
    if e.held_until:
        return f"{policy}: held back until {moment(e.held_until)}, these are quiet hours"
    latest = [f"{line(one.who, 60)}: {became(one)}" for one in told.pages if one.step == e.step]
    step = f"step {e.step} of {len(told.steps)}" if e.step else None
    return joined([policy, step, *latest, _coming(told)])


def by_hand(told: Told) -> str | None:
    """Return whom people paged by hand and what became of that, the last few; `None` where nobody did."""
    pages = [one for one in told.pages if one.by][-5:]
    named = [f"{line(one.who, 60)} (by {line(one.by or '', 40)}): {said_to(one)}" for one in pages]
    return f"📟 paged by hand {joined(named)}" if named else None


def said_to(one: Page) -> str:
    """Return what was said to a page, else what became of it."""
    if one.answer:
        by = "" if one.answered_by == one.who else f"{line(one.answered_by or '', 60)} "
        return f"{by}*{one.answer}*"
    return became(one)


def _coming(told: Told) -> str:
    e = told.escalation
    if e.step < len(told.steps):
        return f"next {targets(told.steps[e.step])} {moment(e.next_at)}"
    return f"then somebody has to phone, {moment(e.next_at)}"


def lines(told: Told) -> list[str]:
    """Return every page of an escalation, as `/incident show` lists them."""
    policy = told.escalation.policy
    first = "*Paging* by hand" if policy == BY_HAND else f"*Paging* by policy {line(policy, 40)}"
    return [first] + [f"• {moment(one.at)} · {_how(one)} · {line(one.who, 80)}: {said_to(one)}" for one in told.pages]


def _how(one: Page) -> str:
    if one.by is None:
        return f"step {one.step}"
    return f"by {line(one.by, 60)}" + (f" “{line(one.why, 100)}”" if one.why else "")


def status(going_on: Sequence[tuple[Incident, Told]]) -> list[str]:
    """Return the escalations that are going on, as `/bridge status` lists them."""
    return [f"*{label(incident)}* {shown}" for incident, told in going_on if (shown := card_line(told))]
