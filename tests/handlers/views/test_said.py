"""Every message is taken by Slack, stands alone as text, and cannot be turned against a channel."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings

from bot.sandbox.blocks import problems, size, view_problems
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
    incident_forms,
    incidents,
    links,
    mirroring,
    modals,
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
from models.response import ActionItem, Holder, Response, ResponsePlan
from models.topology import Bridge
from models.what_changed import Candidate
from models.words import BlameReason, Cause, DeployStatus, EntryKind, IncidentStatus, Side
from tests.handlers.views import samples
from tests.handlers.views.samples import AT
from tests.handlers.views.test_text import BROADCAST, HOSTILE

_SEEN = {"channel_id": "C1", "seen_at": ""}
LATER = AT + timedelta(minutes=5)
OURS = re.compile(r"<(?:!date\^\d+\^[^<>|]+\|[^<>|]+|https?://[^<>|]+\|[^<>]*|#C\d+)>")


def everything_said(words: str, side: Side) -> Iterator[Message]:
    deploy = _with_words(samples.deploy(), words)
    commits = [_with_words(samples.commit(), words)] * 12
    for status in DeployStatus:
        moved = replace(deploy, status=status)
        told: dict[str, Any] = {"commits": commits, "previous": samples.deploy(id=11, version=words), "runbook": words}
        yield deploys.card(moved, side, elsewhere=words, **told)
        yield deploys.details(moved, side, **told)
        yield deploys.failed(moved, side, **told)
    yield deploys.listing([deploy] * 12, "Deploys", more=True)
    change = _with_words(samples.change(), words)
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
    base = _with_words(samples.incident(), words)
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
    incident = _with_words(samples.incident(), words)
    holder = Holder(incident_id=3, role="lead", person=words, since=AT)
    response = Response(incident_id=3, update=words, updated_by=words, updated_at=AT, next_update_at=LATER)
    item = ActionItem(incident_id=3, text=words, owner=words, due_on=AT.date(), created_by=words, created_at=AT)
    deploy, change = _with_words(samples.deploy(), words), _with_words(samples.change(), words)
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
    yield freezes.during(_with_words(samples.deploy(), words), one, through, side)
    yield freezes.during(_with_words(samples.deploy(), words), one, None, side)
    for view in (freezes.begun, freezes.taken, freezes.over, freezes.lifted):
        yield view(one)
    yield freezes.extended(one, AT)
    yield freezes.given(through)


def _home(words: str) -> Modal:
    incident = _with_words(samples.incident(), words)
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
        deploys=[_with_words(samples.deploy(), words)] * 9,
        changes=[_with_words(samples.change(), words)] * 9,
    )
    return home.home(waiting, AT, help.problem(words or "?"))


@pytest.mark.parametrize("words", ["<!channel>&*_`" * 400, "x"])
def test_the_home_stays_within_the_limits_and_pings_nobody(words: str) -> None:
    shown = _home(words)
    assert [] == view_problems(shown.view)
    assert all("<!channel" not in text for text in _texts(shown.view["blocks"]))


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
    deploy = _with_words(samples.deploy(), words)
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


def _with_words(record: Any, words: str) -> Any:
    """Return a record whose every text from outside is `words`."""
    texts = {f.name: words for f in fields(record) if isinstance(getattr(record, f.name), str)}
    keep = {"status", "severity"}
    return replace(record, **{name: value for name, value in texts.items() if name not in keep})


def assert_acceptable(said: Message) -> None:
    blocks = list(said.blocks)
    assert [] == problems(blocks)
    assert size(blocks) <= 13_000
    assert said.text.strip()
    assert len(said.text) <= 3000
    for shown in [said.text, *_texts(blocks)]:
        bare = OURS.sub("", shown)
        assert "<" not in bare
        assert ">" not in bare
        assert BROADCAST.search(shown) is None
    json.dumps(blocks).encode()


def _texts(value: Any) -> Iterator[str]:
    """Yield every markup text of blocks; plain text objects format nothing."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        else:
            yield from (text for one in value.values() for text in _texts(one))


@pytest.mark.parametrize("side", ["dev", "ops"])
@settings(max_examples=12)
@given(words=HOSTILE)
def test_hostile_text_never_pings_and_never_breaks_a_message(side: Side, words: str) -> None:
    for said in everything_said(words, side):
        assert_acceptable(said)


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_very_long_text_stays_within_the_limits(side: Side) -> None:
    for said in everything_said("<!channel>&" * 5000, side):
        assert_acceptable(said)


@settings(max_examples=12)
@given(words=HOSTILE)
def test_forms_take_hostile_text(words: str) -> None:
    forms = [
        modals.change(services=["payments"], environments=["production"], channel_id="C1", what=words, url=words),
        incident_forms.note(_with_words(samples.incident(), words), channel_id="C1"),
        incident_forms.update(_with_words(samples.incident(), words), ResponsePlan(), channel_id="C1"),
        incident_forms.opening(services=[], channel_id="C1"),
        causes.ask(_with_words(samples.incident(), words), [_with_words(samples.deploy(), words)] * 90, **_SEEN),
    ]
    for form in forms:
        assert [] == view_problems(form.view)


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_a_deploy_tells_each_side_in_its_own_words(side: Literal["dev", "ops"]) -> None:
    previous = samples.deploy(id=11, version="1.4.1", sha="a" * 40)
    said = deploys.card(
        samples.deploy(commits_known=True),
        side,
        commits=[samples.commit()],
        previous=previous,
        runbook="https://runbooks.example/payments",
        elsewhere="https://acme.slack.com/archives/C2/p1",
    )
    shown = said.blocks[0]["text"]["text"]

    assert 1 == len(said.blocks)
    expected = {"dev": ["1 commit by Ada", "|changes>", "C2/p1|ops>"], "ops": ["back: `1.4.1`", "|runbook>", "|dev>"]}
    assert all(words in shown for words in expected[side])
    assert not any(words in shown for words in expected["ops" if side == "dev" else "dev"])
    assert "2026-03-02 09:00 UTC" in said.text


def test_commits_and_comparison_lead_to_the_repositorys_own_host() -> None:
    gitlab = samples.deploy(
        repository="acme/pay", url="https://git.example/acme/pay/-/jobs/7", sha="b" * 40, previous_sha="a" * 40
    )
    shown = json.dumps(deploys.details(gitlab, "dev", commits=[samples.commit(pr=77)]).blocks)

    assert f"https://git.example/acme/pay/-/compare/{'a' * 40}...{'b' * 40}|compare" in shown
    assert "https://git.example/acme/pay/-/merge_requests/77|#77" in shown


def test_commits_that_nobody_told_are_unknown_and_not_none() -> None:
    untold, none = samples.deploy(commits_known=False), samples.deploy(commits_known=True)

    assert "commits unknown" in deploys.details(untold, "ops").text
    assert "no commits" in deploys.details(none, "ops").text


@pytest.mark.parametrize(("at", "offered"), [(AT, True), (LATER, False)])
def test_undo_is_offered_only_in_its_time(at: datetime, offered: bool) -> None:
    said = changes.card(samples.change(), "dev", at=at, undo_until=LATER)

    assert offered == ("accessory" in said.blocks[0])


_LATER_ON = ["Resolve", "Update", "I have command", "Note", "Set cause"]


@pytest.mark.parametrize(
    ("buttons", "status"),
    [
        (["Acknowledge", "Mitigated", *_LATER_ON, "Freeze deploys"], IncidentStatus.TRIGGERED),
        (["Mitigated", *_LATER_ON, "Freeze deploys"], IncidentStatus.ACKNOWLEDGED),
        (["Resolve", "Update", "It is back", *_LATER_ON[2:]], IncidentStatus.MITIGATED),
        (["Close", "Reopen", "Note", "Set cause"], IncidentStatus.RESOLVED),
        (["Acknowledge", "Mitigated", *_LATER_ON, "Freeze deploys"], IncidentStatus.REOPENED),
    ],
)
def test_an_incidents_buttons_fit_its_state(buttons: list[str], status: IncidentStatus) -> None:
    said = incidents.card(samples.incident(status=status), "ops", incidents.Shown())

    assert buttons == [element["text"]["text"] for element in said.blocks[-1]["elements"]]


def test_a_group_counts_its_alerts_and_shows_the_worst_of_them() -> None:
    resolved = samples.incident(id=4, status=IncidentStatus.RESOLVED, resolved_at=AT)
    said = incidents.card(
        samples.incident(severity=None), "ops", incidents.Shown(members=[samples.incident(severity=None), resolved])
    )

    assert "2 alerts, 1 resolved" in json.dumps(said.blocks)
    assert "SEV1" in said.text


def test_the_end_of_a_group_is_said_of_all_of_it_from_its_first_start_to_its_last_end() -> None:
    first = samples.incident(id=3, status=IncidentStatus.RESOLVED, started_at=AT, resolved_at=AT + timedelta(minutes=5))
    last = replace(
        first, id=4, leader_id=3, started_at=AT + timedelta(minutes=2), resolved_at=AT + timedelta(minutes=9)
    )
    said = incidents.moved(last, IncidentStatus.RESOLVED, "ops", members=[first, last])

    assert "✅ INC-3 *resolved* (all 2 alerts) · after 9 min" == said.text


@pytest.mark.parametrize(("count", "words"), [(1, "*1 unknown name* holds back"), (2, "*2 unknown names* hold back")])
def test_names_that_hold_back_are_counted_in_sound_english(count: int, words: str) -> None:
    name = failures.UnknownName(kind="service", name="paymnets", service="", deliveries=1)
    assert words in failures.unknown_names([name] * count).text


def test_a_channel_that_refuses_messages_says_why_and_what_to_do() -> None:
    trouble = failures.ChannelTrouble(
        channel="#payments-ops", failed=3, waiting=1, oldest_at=AT, reason="not_in_channel"
    )
    shown = json.dumps(failures.channel(trouble).blocks)

    assert all(words in shown for words in ["not a member", "/invite @twinspan", "4 messages wait", "Nothing is lost"])
    assert "takes messages again" in failures.channel(replace(trouble, failed=0)).text
