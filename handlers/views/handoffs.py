"""What a shift's handoff says, to whom, with which buttons; in the order in which it is read at three at night."""

from collections.abc import Iterator, Sequence
from typing import Final

from handlers.views import Block, Message, Modal, debts
from handlers.views.freezes import span
from handlers.views.incident_facts import EMOJI, headline, label
from handlers.views.incidents import COMMAND
from handlers.views.layout import actions, button, context, header, joined, message, paragraphs, said, section
from handlers.views.modals import form, select_several, text_input
from handlers.views.text import line, link, paragraph, plural
from handlers.views.times import ago, duration, moment
from models.freezes import Freeze
from models.handoff_brief import Brief
from models.handoffs import Handoff, HandoffPlan, HandoffState
from models.records import Change, Deploy, Incident
from models.response import Holder, Response

ACCEPT: Final = "handoff_accept"
QUESTIONS: Final = "handoff_questions"
DECLINE: Final = "handoff_decline"
NOTES: Final = "handoff_notes"
QUESTIONS_FORM: Final = "handoff_questions_form"
NOTES_FORM: Final = "handoff_notes_form"


def names(handoff: Handoff) -> str:
    """Return who hands over to whom, in which schedule."""
    return f"{line(handoff.outgoing, 60)} → {line(handoff.incoming, 60)}, {line(handoff.schedule, 60)}"


def draft(handoff: Handoff, brief: Brief) -> Message:
    """Return the draft that the outgoing person sees, with *Edit notes*."""
    where, who = line(handoff.schedule, 60), line(handoff.incoming, 60)
    words = f"📋 Your shift in *{where}* ends {moment(handoff.boundary)}; {who} is next"
    hint = context("This is what they will read. Add what only you know; what stands here is filled in by itself.")
    row = actions(button("Edit notes", NOTES, str(handoff.id), style="primary"))
    return message(words, [section(words), *_body(handoff, brief), hint, row])


def card(handoff: Handoff, brief: Brief, plan: HandoffPlan) -> Message:
    """Return the handoff as it stands in the ops channel."""
    title = f"🔁 Shift handoff: {names(handoff)}"
    state = _state(handoff)
    blocks = [header(title), section(state), *_body(handoff, brief), context(_footer(handoff, brief, plan))]
    if handoff.state is HandoffState.WAITING:
        blocks.append(buttons(handoff))
    return message(f"{title}. {state}", blocks)


def ask(handoff: Handoff, brief: Brief, step: int) -> Message:
    """Return what asks a person to take the shift over."""
    if handoff.state is not HandoffState.WAITING:
        return said(f"✅ {_state(handoff)}")
    where, outgoing, incoming = (line(name, 60) for name in (handoff.schedule, handoff.outgoing, handoff.incoming))
    first = {
        1: f"🔁 You are next on call in *{where}*: take over from {outgoing}?",
        2: f"⏰ {outgoing} is still on call in *{where}*, waiting for you to take over.",
        3: f"⏰ Nobody has taken over *{where}* from {outgoing}; you are the backup. Can you?",
    }.get(step, f"⏰ *{where}* is not handed over: {incoming} does not answer.")
    why = f"{line(handoff.declined_by, 60)} cannot." if handoff.declined_by else None
    return message(first, [section(joined([first, why])), *_body(handoff, brief), buttons(handoff)])


def late(handoff: Handoff) -> Message:
    """Return what is said in the channel itself when nobody accepts."""
    if handoff.state is not HandoffState.WAITING:
        return said(f"✅ {_state(handoff)}")
    words = (
        f"🚨 Nobody has accepted the shift in *{line(handoff.schedule, 60)}* since {moment(handoff.boundary)}. "
        f"{line(handoff.outgoing, 60)} is still on call. Who takes it?"
    )
    return message(words, [section(words), buttons(handoff)])


def done(handoff: Handoff, kept: Sequence[Incident]) -> Message:
    """Return what tells the outgoing person that they may go, and which incidents are still theirs."""
    questions = f"\n*Their questions*\n{paragraph(handoff.questions, 1500)}" if handoff.questions else ""
    numbers = ", ".join(label(incident) for incident in kept)
    still = f" {numbers} {'is' if len(kept) == 1 else 'are'} still yours: nobody took that over." if kept else ""
    may = "You are off call." if kept else "You are off call: thank you, you may go."
    return said(f"✅ {_state(handoff)} {may}{still}{questions}")


def mine(handoff: Handoff, kept: Sequence[Incident]) -> Message:
    """Return what tells the person who accepted that it is theirs now, and what they have not taken yet."""
    words = f"✅ You are on call in *{line(handoff.schedule, 60)}* now. `/oncall mine` shows until when."
    if not kept:
        return said(words)
    who = line(handoff.outgoing, 60)
    rows = [
        section(f"{headline(one, [one])}: still {who}'s", button("I have command", COMMAND, str(one.id)))
        for one in kept[:10]
    ]
    return message(words, [section(words), *rows])


def noted(handoff: Handoff) -> Message:
    """Return what the person who added notes is shown."""
    return said(f"📝 Noted for the handoff {names(handoff)}, {moment(handoff.boundary)}.")


def posted(handoff: Handoff) -> Message:
    """Return what the person who hands over early is shown."""
    return said(f"🔁 Posted: {names(handoff)}. Until it is accepted, {line(handoff.outgoing, 60)} is on call.")


def declined(handoff: Handoff) -> Message:
    """Return what the person who cannot is shown."""
    return said(f"Noted. The backup is asked now; until somebody accepts, {line(handoff.outgoing, 60)} is on call.")


def status(open_ones: Sequence[Handoff], recent: Sequence[Handoff]) -> Message:
    """Return where handoffs stand: those that wait or come, and the last that were accepted."""
    if not open_ones and not recent:
        return said("No shift is to be handed over, and none was. `/handoff preview` shows the next.")
    coming = [f"• {names(h)}, {moment(h.boundary)}: {_state(h)}" for h in open_ones]
    past = [f"• {names(h)}, {moment(h.boundary)}: {_state(h)}" for h in recent]
    lines = [*(["*Now and next*", *coming] if coming else []), *(["*Before*", *past] if past else [])]
    return message("Shift handoffs", [header("Shift handoffs"), *paragraphs(lines)])


def notes_form(handoff: Handoff) -> Modal:
    """Return the form for the outgoing person's own words."""
    fields = [
        context(names(handoff)),
        text_input(
            "notes",
            "What only you know",
            handoff.notes,
            many_lines=True,
            optional=True,
            hint="If X, then Y, runbook Z. What you tried. What worries you.",
        ),
    ]
    return form(NOTES_FORM, "Handoff notes", "Keep", fields, {"handoff": str(handoff.id)})


def questions_form(handoff: Handoff, led: Sequence[Incident]) -> Modal:
    """Return the form to accept with questions; `led` are the incidents whose lead may change hands."""
    fields = [
        context(names(handoff)),
        text_input("questions", "Your questions", many_lines=True, hint="They reach the outgoing person at once."),
    ]
    if led:
        options = [(f"INC-{i.id} {i.headline}"[:75], str(i.id)) for i in led]
        fields.append(select_several("incidents", "Incidents you take over", options))
    return form(QUESTIONS_FORM, "Accept the shift", "Accept", fields, {"handoff": str(handoff.id)})


def _state(handoff: Handoff) -> str:
    who = line(handoff.outgoing, 60)
    if handoff.state is HandoffState.ACCEPTED and handoff.accepted_at:
        late = handoff.accepted_at - handoff.boundary
        after = f", {duration(late)} after the shift's end" if late.total_seconds() >= 60 else ""
        return f"Accepted by {line(handoff.accepted_by or '', 60)} {moment(handoff.accepted_at)}{after}."
    if handoff.state is HandoffState.WAITING:
        cannot = f" {line(handoff.declined_by, 60)} cannot." if handoff.declined_by else ""
        return f"Not accepted yet: *{who} is still on call*.{cannot}"
    return f"Drafted; until {moment(handoff.boundary)} {who} is on call."


def buttons(handoff: Handoff) -> Block:
    """Return the row of buttons that answers a handoff."""
    value = str(handoff.id)
    return actions(
        button("Accept all", ACCEPT, value, style="primary"),
        button("Accept with questions", QUESTIONS, value),
        button("I can't", DECLINE, value),
    )


def _footer(handoff: Handoff, brief: Brief, plan: HandoffPlan) -> str:
    parts = []
    if handoff.state is HandoffState.WAITING and handoff.posted_at:
        steps = ((1, plan.again_after, "asked again"), (2, plan.backup_after, "the backup is asked"))
        coming = next(
            (f"{words} {moment(handoff.posted_at + after)}" for n, after, words in steps if handoff.step <= n), None
        )
        parts.append(coming or f"the lead is asked {moment(handoff.posted_at + plan.lead_after)}")
    if brief.silent:
        parts.append(f"silent senders: {line(', '.join(brief.silent), 100)}: what they know is missing here")
    elif brief.heard:
        parts.append(f"complete: {plural(brief.heard, 'sender')} heard")
    return joined([*parts, f"shift's end {moment(handoff.boundary)}"])


def _body(handoff: Handoff, brief: Brief) -> list[Block]:
    others = [f"{line(person, 60)} ({line(name, 60)})" for name, person in brief.others]
    lines = [f"*Also on call* {', '.join(others)}"] if others else []
    lines += ["*Nothing to report*: nothing is open, under way or due."] if brief.is_quiet else list(_sections(brief))
    lines.append(_facts(brief))
    blocks = paragraphs(lines)
    if handoff.notes:
        blocks.append(section(f"*Notes by {line(handoff.outgoing, 60)}*\n{paragraph(handoff.notes, 2500)}"))
    else:
        blocks.append(context(f"{line(handoff.outgoing, 60)} has left no notes."))
    return blocks


def _sections(brief: Brief) -> Iterator[str]:
    if brief.due:
        yield "*Do now*"
        yield from (
            f"• {line(item.text, 150)} ({line(item.owner or 'nobody', 60)}, due {item.due_on}, INC-{item.incident_id})"
            for item in brief.due[:8]
        )
    if brief.incidents:
        yield "*Open incidents*"
        yield from (_incident(*one, is_moving=one[0].id in brief.moving) for one in brief.incidents[:10])
    risky = [*(("by hand", c) for c in brief.by_hand), *(("planned", c) for c in brief.planned)]
    if risky or brief.freezes or brief.debts:
        yield "*Risky state*"
        yield from map(_freeze, brief.freezes)
        yield from (f"• {debts.one_line(debt, change, brief.at)}" for debt, change in brief.debts[:10])
        if len(brief.debts) > 10:
            yield f"• … and {len(brief.debts) - 10} more: `/change list`"
        yield from (_change(words, change) for words, change in risky[:8])
    moving = [("under way", brief.under_way), ("in soak", brief.soaking), ("failed", brief.failed)]
    if any(deploys for _, deploys in moving):
        yield "*Deploys*"
        yield from (_deploy(words, deploy) for words, deploys in moving for deploy in deploys[:5])
    if brief.watch:
        yield "*Watch list*"
        yield from (_watch(deploy, runbook) for deploy, runbook in brief.watch)


def _incident(incident: Incident, lead: Holder | None, response: Response | None, *, is_moving: bool) -> str:
    since = f"open {ago(incident.started_at)}" if incident.started_at else None
    severity = incident.severity.value if incident.severity else "unrated"
    due = response.next_update_at if response else None
    last = f"“{line(response.update, 120)}”" if response and response.update else None
    return joined(
        [
            f"• {EMOJI[incident.status]} *{label(incident)}* {severity} {line(incident.headline, 100)}",
            incident.status.value,
            since,
            f"lead {line(lead.person, 60)}" if lead else "no lead",
            "*yours once you accept*" if is_moving else None,
            f"next update {moment(due)}" if due else None,
            last,
        ]
    )


def _freeze(freeze: Freeze) -> str:
    why = f"{line(freeze.reason, 100)} ({line(freeze.owner, 60)})"
    return f"• ❄️ *{line(freeze.scope, 60)}* frozen {span(freeze)}: {why}"


def _watch(deploy: Deploy, runbook: str | None) -> str:
    version = line(deploy.version or (deploy.sha or "")[:7], 40)
    then = f"suspect {version} first and think of rolling back"
    return joined(
        [f"• if *{line(deploy.service, 60)}* gets worse: {then}", link(runbook, "runbook") if runbook else None]
    )


def _change(words: str, change: Change) -> str:
    back = f"back: {line(change.revert, 80)}" if change.revert else "no way back is written down"
    return joined(
        [
            f"• {words}: #{change.id} {line(change.service, 60)} {line(change.summary, 100)}",
            ago(change.occurred_at),
            back,
        ]
    )


def _deploy(words: str, deploy: Deploy) -> str:
    version = line(deploy.version or (deploy.sha or "")[:7], 40)
    when = ago(deploy.finished_at or deploy.status_at)
    by = f"by {line(deploy.actor, 40)}" if deploy.actor else None
    return joined([f"• {words}: #{deploy.id} {line(deploy.service, 60)} {version}", when, by])


def _facts(brief: Brief) -> str:
    facts = brief.facts
    told = [
        plural(facts.incidents, "incident"),
        f"{facts.at_night} at night" if facts.at_night else None,
        plural(facts.pages, "page") + (f", {facts.pages_at_night} at night" if facts.pages_at_night else "")
        if facts.pages
        else None,
        f"acknowledged after {duration(facts.acknowledge_s)} (median)" if facts.acknowledge_s is not None else None,
        *(f"{line(title, 60)} {count} times" for title, count in facts.noisy),
    ]
    return f"*This shift* {joined(told)}"
