"""Every message there is, with the same words in every text that comes from outside."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from handlers.cause_effects import Effect
from handlers.views import (
    Message,
    Modal,
    bridge,
    causes,
    changes,
    command_handoff,
    debts,
    deploys,
    failures,
    freezes,
    handoffs,
    help,
    home,
    incident_entries,
    incidents,
    links,
    mirroring,
    oncall,
    points,
    questions,
)
from handlers.views import incident_answers as answers
from handlers.views.text import escape
from models.debts import Debt
from models.freezes import Freeze, Hold, Pass
from models.handoff_brief import Brief, Facts
from models.handoffs import Handoff, HandoffPlan, HandoffState, Offer
from models.links import Link, Room
from models.mirroring import Line, carried
from models.oncall import Override, Shift
from models.periods import Window
from models.points import OUTCOMES, Point, PointKind
from models.questions import Question
from models.records import Incident, TimelineEntry
from models.response import ActionItem, Holder, Response
from models.topology import Bridge
from models.what_changed import Candidate
from models.words import BlameReason, Cause, DeployStatus, EntryKind, IncidentStatus, Side
from tests.handlers.views import samples
from tests.handlers.views.samples import AT

SEEN = {"channel_id": "C1", "seen_at": ""}
LATER = AT + timedelta(minutes=5)


def everything_said(words: str, side: Side) -> Iterator[Message]:
    deploy = with_words(samples.deploy(), words)
    commits = [with_words(samples.commit(), words)] * 12
    for status in DeployStatus:
        moved = replace(deploy, status=status)
        told: dict[str, Any] = {"commits": commits, "previous": samples.deploy(id=11, version=words), "runbook": words}
        yield deploys.card(moved, side, elsewhere=words, **told)
        yield deploys.details(moved, side, **told)
        yield deploys.failed(moved, side, **told)
    yield deploys.listing([deploy] * 12, "Deploys", more=True)
    change = with_words(samples.change(), words)
    yield changes.card(change, side, at=AT, undo_until=LATER, runbook=words, elsewhere=words)
    yield changes.card(replace(change, is_undone=True, undone_by=words), side, at=AT)
    yield changes.echo(change, at=AT, undo_until=LATER)
    yield changes.undone(change)
    owed = Debt(change_id=5, service=words, since=AT, until=AT, owner=words)
    yield changes.card(replace(change, revert=words), side, at=LATER, debt=owed)
    yield debts.ended(replace(change, revert=words), owed, LATER)
    yield debts.closed(change, replace(owed, closed_at=AT, closed_by=words))
    yield debts.listing([(owed, change)] * 50, LATER)
    yield from _said_of_points(words)
    yield from _said_of_incidents(words, side)
    yield from _said_of_freezes(words, side)
    yield from _said_of_threads(words, side)
    yield failures.channel(failures.ChannelTrouble(channel=words, failed=2, waiting=1, oldest_at=AT, reason=words))
    name = failures.UnknownName(kind="service", name=words, service=words, deliveries=3)
    yield failures.unknown_names([name] * 25)
    yield bridge.status(_status(words, name))
    yield help.problem(words or "?")
    yield help.command("/change", words, words, [words])


def _said_of_incidents(words: str, side: Side) -> Iterator[Message]:
    base = with_words(samples.incident(), words)
    incident = replace(base, services=(words, "payments"), last_acknowledged_at=AT, resolved_at=LATER)
    for status in IncidentStatus:
        moved = replace(incident, status=status)
        yield incidents.card(moved, side, _shown(words, moved))
        yield incidents.moved(moved, status, side)
    yield incidents.note(incident, by=words, text=words)
    yield incidents.card(replace(incident, leader_id=1), side, incidents.Shown(elsewhere=words))
    yield from _answered(words, incident)
    for kind in EntryKind:
        entry = TimelineEntry(incident_id=3, at=AT, kind=kind, actor=words, text=words, via=words, was=words)
        yield incident_entries.reply(incident, entry)
        yield incidents.detail(incident, _shown(words, incident), [entry] * 12)
        yield incidents.history(incident, [entry] * 12)
    yield from _said_of_causes(words, side, incident)
    yield from _said_of_shifts(words)


def _shown(words: str, incident: Incident) -> incidents.Shown:
    return incidents.Shown(
        members=[incident] * 12,
        response=Response(
            incident_id=3,
            impact_at=AT,
            update=words,
            updated_by=words,
            updated_at=AT,
            next_update_at=LATER,
            channel_id="C7",
        ),
        holders=[Holder(incident_id=3, role=words, person=words, since=AT)],
        roles=("lead", words),
        runbook=words,
        changed=[Candidate(entry=samples.deploy(version=words), at=AT, reasons=("same service",))] * 5,
        elsewhere=words,
    )


def _said_of_points(words: str) -> Iterator[Message]:
    for kind in PointKind:
        one = Point(
            id=7, incident_id=3, kind=kind, text=words, owner=words, check=words, created_by=words, created_at=AT
        )
        ended = replace(one, outcome=OUTCOMES[kind][0], why=words, ended_at=LATER, ended_by=words)
        yield points.added(one)
        yield points.ended(ended)
        brief = command_handoff.CommandBrief(
            incident=samples.incident(), shown=incidents.Shown(), at=LATER, points=[one, ended] * 9
        )
        yield command_handoff.shown(3, brief)


def _said_of_shifts(words: str) -> Iterator[Message]:
    incident = with_words(samples.incident(), words)
    holder = Holder(incident_id=3, role="lead", person=words, since=AT)
    response = Response(incident_id=3, update=words, updated_by=words, updated_at=AT, next_update_at=LATER)
    item = ActionItem(incident_id=3, text=words, owner=words, due_on=AT.date(), created_by=words, created_at=AT)
    deploy, change = with_words(samples.deploy(), words), with_words(samples.change(), words)
    brief = Brief(
        at=AT,
        others=[(words, words)] * 3,
        incidents=[(incident, holder, response)] * 12,
        moving=[incident.id],
        freezes=[_frozen(words)] * 5,
        watch=[(deploy, words)] * 5,
        due=[item] * 9,
        by_hand=[change] * 9,
        debts=[(Debt(change_id=5, service=words, since=AT, until=AT, owner=words), change)] * 12,
        planned=[change] * 9,
        under_way=[deploy] * 9,
        soaking=[deploy] * 9,
        failed=[deploy] * 9,
        facts=Facts(incidents=9, at_night=3, acknowledge_s=9.0, noisy=((words, 3),) * 3),
        silent=[words] * 3,
    )
    made = Handoff(
        id=1, schedule=words, boundary=AT, outgoing=words, incoming=words, notes=words, questions=words, drafted_at=AT
    )
    for state in HandoffState:
        told = replace(made, state=state, posted_at=AT, accepted_at=LATER, accepted_by=words, declined_by=words)
        yield handoffs.card(told, brief, HandoffPlan())
        yield handoffs.draft(told, brief)
        yield from (handoffs.ask(told, brief, step) for step in range(1, 5))
        yield from (view(told) for view in (handoffs.late, handoffs.noted))
        yield from (view(told, [incident] * 12) for view in (handoffs.done, handoffs.mine))
        yield handoffs.status([told] * 3, [told] * 3)
    shift = Shift(person=words, start=AT, end=LATER, why=words)
    override = Override(id=1, schedule=words, person=words, start=AT, end=LATER, by=words, made_at=AT)
    line = oncall.Line(
        schedule=words,
        person=words,
        until=AT,
        why=words,
        next_person=words,
        next_at=AT,
        waits_for=words,
        troubles=[words],
    )
    yield oncall.now([line] * 12)
    yield oncall.mine([(words, shift)] * 12, AT)
    yield oncall.overrides([(override, words)] * 30)
    yield oncall.overridden(override, words)
    yield oncall.troubles(words, [words] * 30)
    yield oncall.troubles(words, [])
    yield oncall.new_troubles(words, [words] * 30)
    yield oncall.troubles_over(words, [words] * 30)
    instants = {"start": AT, "end": LATER, "other_start": AT, "other_end": LATER}
    params = {name: at.isoformat() for name, at in instants.items()}
    yield oncall.swap({"asker": words, "schedule": words, **params})
    yield oncall.swap_answered({"other": words, "schedule": words, "answer": "yes", **params})


def _frozen(words: str) -> Freeze:
    return Freeze(
        id=3,
        key="slack:x",
        scope=words,
        services=(words, words),
        environment=words,
        reason=words,
        owner=words,
        since=AT,
        until=LATER,
        incident_id=7,
        made_at=AT,
        lifted_by=words,
    )


def _said_of_freezes(words: str, side: Side) -> Iterator[Message]:
    one = _frozen(words)
    through = Pass(
        freeze_id=3,
        service=words,
        environment=words,
        reason=words,
        by=words,
        made_at=AT,
        expires_at=LATER,
        holder=words,
    )
    hold = Hold(
        freeze_id=3, service=words, environment=words, who=words, deploy=words, url=words, first_at=AT, last_at=AT
    )
    for at in (AT, LATER):
        yield freezes.card(one, side, held=[hold] * 12, passes=[through] * 12, at=at)
        yield freezes.overview([one] * 30, at)
        yield freezes.frozen(one, [one] * 30, at)
    yield freezes.ended(one, [hold] * 12)
    yield freezes.passed(one, through)
    yield freezes.during(with_words(samples.deploy(), words), one, through, side)
    yield freezes.during(with_words(samples.deploy(), words), one, None, side)
    for view in (freezes.begun, freezes.taken, freezes.over, freezes.lifted):
        yield view(one)
    yield freezes.extended(one, AT)
    yield freezes.given(through)


def home_of(words: str) -> Modal:
    incident = with_words(samples.incident(), words)
    duty = home.Duty(schedule=words, person=words, until=AT, mine_from=AT, mine_until=LATER)
    handoff = Handoff(schedule=words, boundary=AT, outgoing=words, incoming=words, drafted_at=AT)
    offer = Offer(incident_id=3, giver=words, taker=words, taker_id="U1", offered_at=AT)
    item = ActionItem(id=4, incident_id=3, text=words, created_by=words, created_at=AT)
    waiting = home.Waiting(
        on_call=[duty, replace(duty, is_me=True)] * 20,
        handoffs=[handoff] * 20,
        offers=[(offer, incident)] * 20,
        incidents=[(words, incident)] * 30,
        links={"incident:3": words},
        items=[item] * 40,
        freezes=[_frozen(words)] * 20,
        deploys=[with_words(samples.deploy(), words)] * 9,
        changes=[with_words(samples.change(), words)] * 9,
    )
    return home.home(waiting, AT, help.problem(words or "?"))


def _said_of_threads(words: str, side: Side) -> Iterator[Message]:
    bridge_here = Bridge(name=words, dev=words, ops=words, services=())
    for is_on in (True, False):
        for params in ({}, {"out": "yes"}, {"back": "yes"}, {"out": "yes", "back": "yes", "private": "yes"}):
            yield mirroring.note(bridge_here, side, "incident:3", is_on=is_on, params=params)
        yield mirroring.decided(is_on=is_on)
    yield mirroring.ask(bridge_here, side, "incident:3")
    question = Question(
        key="k", bridge=words, side="ops", channel=words, home=words, text=words, asker=words, asked_at=AT
    )
    for asked in (question, replace(question, answered_at=AT, answered_by=words, answer=words)):
        yield from (questions.card(asked, side, elsewhere=words), questions.reminder(asked, words))
        yield from (questions.answered(asked, words, words), questions.unanswered(asked, words), questions.asked(asked))
    yield questions.card(replace(question, closed_at=AT, closed_by=words), side)
    yield from (questions.closed(question), questions.waiting([question] * 30), questions.waiting([]))
    linked = Link(name=words, dev="C1234567", dev_name=words, ops=words, ops_name=words, linked_by=words, linked_at=AT)
    for one in (linked, replace(linked, services=(words,) * 20, unlinked_by=words, unlinked_at=AT)):
        yield from (links.card(one, side), links.ended(one, side), links.linked(one), links.unlinked(one))
    yield links.invite([Room(id="C1234567", name=words)] * 2, words or "-")
    line = Line(
        channel="C1",
        ts="1.0",
        subject="incident:3",
        author_id="U1",
        author=words,
        # What a person wrote reaches the bot with Slack's own entities.
        text=carried(escape(words), {}),
        files=((words, words), (words, "")) * 6,
        reactions={words: {str(n): words for n in range(12)}},
        heard_at=LATER,
        written_at=AT,
        edited_at=AT,
    )
    yield mirroring.said(line)
    yield mirroring.said(replace(line, deleted_at=AT))


def _answered(words: str, incident: Incident) -> Iterator[Message]:
    yield answers.listing([incident] * 12, "Open")
    yield answers.mine([(Holder(incident_id=3, role=words, person=words, since=AT), incident)] * 12)
    yield answers.roles(3, [Holder(incident_id=3, role=words, person=words, since=AT)], ("lead", words))
    yield answers.assigned(incident, words, words, words)
    yield answers.unassigned(incident, words, words)
    yield answers.merged(incident, incident)
    yield answers.parted(incident, incident)
    yield answers.rated(incident)


def _said_of_causes(words: str, side: Side, incident: Incident) -> Iterator[Message]:
    deploy = with_words(samples.deploy(), words)
    claims = [TimelineEntry(incident_id=3, at=AT, kind=EntryKind.LOOKING, actor=words, text=words)] * 2
    for reason in (None, *BlameReason):
        held = causes.Suspicion(reason=reason, deploys=[deploy] if reason else [], claims=claims)
        for cause in (None, Cause.EXTERNAL):
            ruled = replace(incident, ruled_cause=cause, ruled_by=words, ruled_causes=(words,), cleared=(words,))
            yield incidents.card(ruled, side, incidents.Shown(held=held))
            yield deploys.card(deploy, side, suspected=[(ruled, BlameReason.INFERRED)] * 5, claims=claims)
    window = Window(AT.date(), "week", "UTC", AT, LATER)
    effect = Effect(service=words or "-", window=window, is_now=True, before=(1, 9), after=(2, 9))
    yield causes.said(incident, words, words, [effect], words or "-")
    yield causes.claimed(EntryKind.LOOKING, 41, [incident])


def _status(words: str, name: failures.UnknownName) -> bridge.Status:
    sender = bridge.Sender(name=words, kind=words, last_at=AT, deliveries=3, usual_gap_s=60.0, is_silent=True)
    outgoing = bridge.Outgoing(
        channel=words,
        waiting=1,
        oldest_at=AT,
        failed=1,
        failed_reason=words,
        last_sent_at=AT,
        paused_until=AT,
        pause_reason=words,
    )
    return bridge.Status(
        bridges=[Bridge(name=words, dev=words, ops=words, services=(words,))],
        senders=[sender],
        outgoing=[outgoing],
        names=[name],
        to_apply=3,
        oldest_to_apply=AT,
        failed=1,
    )


def with_words(record: Any, words: str) -> Any:
    """Return a record whose every text from outside is `words`."""
    texts = {f.name: words for f in fields(record) if isinstance(getattr(record, f.name), str)}
    keep = {"status", "severity"}
    return replace(record, **{name: value for name, value in texts.items() if name not in keep})
