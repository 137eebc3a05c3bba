"""Paging on a moving clock: step by step until somebody has it; restarts, two processes, who is not in Slack."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.database import Database
from handlers.actions import Press
from handlers.actions.paging import ACTIONS
from handlers.bookkeeping import Told, book
from handlers.calls import make_calls
from handlers.commands.bridge import COMMAND as BRIDGE
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import CallFailure, PostFailure, UserError
from handlers.paging import page
from handlers.speech import render
from handlers.views.paging import CANNOT
from handlers.webhooks.pagerduty import SOURCE
from models.calls import Matter, Verb
from models.oncall import Layer, OnCallSchedule, Restriction
from models.paging import Escalation, EscalationState, PagingPlan, Policy, QuietHours, Step
from models.people import Person
from models.records import MessageRef
from models.topology import WebhookSource
from models.words import Severity
from tests.support.webhooks import captured, changed
from tests.support.world import TOPOLOGY, Clock, context, typed

MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)  # two at night in Berlin
OPS = "#payments-ops"
ADA, BEN, JUN = (
    Person(user_id="U1", name="Ada", handle="ada", email="ada@acme.example"),
    Person(user_id="U2", name="Ben", handle="ben"),
    Person(user_id="U5", name="Jun", handle="jun"),
)
WEEKLY = Layer(name="weekly", members=("@ada",), starts=date(2026, 1, 5))
SCHEDULE = OnCallSchedule(name="ops", layers=(WEEKLY,), bridge="payments", backup="@ben", lead="@jun")
POLICY = Policy(
    name="ops",
    steps=(
        Step(after=timedelta(), notify=("on_call",)),
        Step(after=5 * MINUTE, notify=("backup", "pd")),
        Step(after=12 * MINUTE, notify=("lead", "#everybody")),
    ),
)
NIGHT = QuietHours(
    timezone="Europe/Berlin",
    hours=(Restriction(days=frozenset(range(7)), begins=time(22), ends=time(7)),),
    held=frozenset({Severity.SEV3, Severity.SEV4}),
)
PLAN = PagingPlan(
    policies=(POLICY,),
    default="ops",
    pagers={"pd": "pagerduty", "hook": "webhook"},
    phones={"@ada": "+49 30 111", "Ben": "112"},
)


class People:
    async def people(self) -> Sequence[Person]:
        return [ADA, BEN, JUN]


@dataclass
class Line:
    """Pagers that answer what the test says, and remember what they were told."""

    failures: list[CallFailure | None] = field(default_factory=list)
    told: list[tuple[str, Verb, Matter]] = field(default_factory=list)

    async def call(self, target: str, what: Verb, about: Matter) -> bool:
        self.told.append((target, what, about))
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        return True

    @property
    def said(self) -> list[tuple[str, Verb]]:
        return [(target, what) for target, what, _ in self.told]


def made(database: Database, plan: PagingPlan = PLAN, schedule: OnCallSchedule = SCHEDULE) -> Context:
    ctx = context(database, topology=replace(TOPOLOGY, schedules=(schedule,), paging=plan))
    ctx.directory = People()
    ctx.elsewhere = Line()
    return ctx


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[Database]:
    """Return an open SQLite file, for what does not depend on the database."""
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


async def type_(ctx: Context, text: str, at: datetime) -> None:
    await COMMAND.run(ctx, typed(text, at, request_id=f"{text}{at}", by="Ben"))


async def opened(
    database: Database, plan: PagingPlan = PLAN, severity: str = "sev1", schedule: OnCallSchedule = SCHEDULE
) -> Context:
    ctx = made(database, plan, schedule)
    await type_(ctx, f"open {severity} payments: checkout fails", START)
    return ctx


async def tick(ctx: Context, clock: Clock, seconds: float = 0) -> None:
    """Let time pass and every sweep run once."""
    clock.forward(seconds)
    await page(ctx, clock())
    await make_calls(ctx, clock)


async def said(ctx: Context, channel: str, at: datetime, *, failing: str | None = None) -> list[str]:
    """Take what is to be said of paging in a channel, and record it as said, or as refused; return its words."""
    found = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take(channel, at):
            message = await render(
                store,
                ctx.topology,
                subject=item.subject,
                part=item.part,
                side="ops",
                channel=channel,
                params=item.params,
                at=at,
            )
            if failing and item.subject.startswith("page:"):
                await store.outbox.fail(item, failing)
                continue
            await store.outbox.sent(item, at)
            if message is None:
                continue
            ref = MessageRef(
                subject=item.subject, part=item.part, side="ops", channel=channel, channel_id="C2", ts=f"{item.id}.0"
            )
            await store.messages.remember(ref, at)
            if item.subject.startswith("page:") or item.part.startswith("paged:"):
                found.append(message.text)
    return found


async def escalations(ctx: Context) -> list[Escalation]:
    async with ctx.reading() as store:
        return [e for n in range(1, 5) if (e := await store.paging.get(n))]


async def card(ctx: Context, at: datetime, part: str = "card") -> str:
    async with ctx.reading() as store:
        message = await render(
            store, ctx.topology, subject="incident:1", part=part, side="ops", channel=OPS, params={}, at=at
        )
    return str(message.blocks) if message else ""


def line(ctx: Context) -> Line:
    assert isinstance(ctx.elsewhere, Line)
    return ctx.elsewhere


async def test_each_step_tells_further_people_at_its_time_and_at_last_whom_to_phone(
    database: Database, clock: Clock
) -> None:
    ctx = await opened(database)
    await tick(ctx, clock)
    (asked,) = await said(ctx, "U1", clock())
    assert "*You are paged* (on call): *SEV1* *INC-1 checkout fails*" in asked
    assert ["📟 INC-1, step 1 of 3 · <@U1> Ada (on call)"] == await said(ctx, OPS, clock())

    await tick(ctx, clock, 299)
    assert [] == await said(ctx, "U2", clock())
    await tick(ctx, clock, 1)
    assert 1 == len(await said(ctx, "U2", clock()))
    assert [("pager:pd", "page")] == line(ctx).said

    await tick(ctx, clock, 7 * 60)
    assert 1 == len(await said(ctx, "U5", clock()))
    (everybody,) = await said(ctx, "#everybody", clock())
    assert "<!here>" in everybody

    await said(ctx, OPS, clock())
    await tick(ctx, clock, 5 * 60)
    (phone,) = await said(ctx, OPS, clock())
    assert "*Nobody has taken* *SEV1* *INC-1 checkout fails*" in phone
    assert "Ada (on call) *+49 30 111* · Ben (backup) *112*" in phone
    await tick(ctx, clock, 3600)
    assert [] == await said(ctx, OPS, clock())
    assert [EscalationState.EXHAUSTED] == [e.state for e in await escalations(ctx)]


async def test_it_stops_as_soon_as_somebody_acknowledges_and_says_so(database: Database, clock: Clock) -> None:
    ctx = await opened(database)
    await tick(ctx, clock)
    await said(ctx, "U1", clock())
    await tick(ctx, clock, 300)
    await type_(ctx, "ack INC-1", clock() + MINUTE)
    assert [] == await said(ctx, "U2", clock() + MINUTE)  # queued before, needless now
    await tick(ctx, clock, 65)
    (over,) = await said(ctx, "U1", clock())
    assert "☑️ INC-1 checkout fails: somebody has it now, Ben. You need not act." == over
    assert [("pager:pd", "page"), ("pager:pd", "acknowledge")] == line(ctx).said
    await tick(ctx, clock, 3600)
    assert [] == await said(ctx, "U5", clock())
    await type_(ctx, "resolve INC-1", clock())
    await tick(ctx, clock, 5)
    assert ("pager:pd", "resolve") == line(ctx).said[-1]
    assert 1 == len({about.key for _, _, about in line(ctx).told})
    assert [EscalationState.OVER] == [e.state for e in await escalations(ctx)]


async def test_a_page_that_waits_is_withdrawn_when_somebody_has_it(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite)
    line(ctx).failures = [CallFailure("http_503")]
    await tick(ctx, clock)
    await tick(ctx, clock, 300)
    await type_(ctx, "ack INC-1", clock())
    await tick(ctx, clock, 5)
    await tick(ctx, clock, 5)
    assert [("pager:pd", "page"), ("pager:pd", "acknowledge")] == line(ctx).said


async def test_what_is_given_back_is_paged_anew_under_another_key(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite)
    await tick(ctx, clock)
    await tick(ctx, clock, 300)
    await type_(ctx, "resolve INC-1", clock())
    await tick(ctx, clock, 5)
    await type_(ctx, "reopen INC-1", clock())
    await tick(ctx, clock, 5)
    await tick(ctx, clock, 300)
    assert [("pager:pd", what) for what in ("page", "resolve", "page")] == line(ctx).said
    assert 2 == len({about.key for _, _, about in line(ctx).told})


async def test_two_processes_page_once(database: Database, clock: Clock) -> None:
    ctx = await opened(database)
    for _ in range(2):
        await asyncio.gather(*(page(ctx, clock()) for _ in range(4)))
        await asyncio.gather(*(make_calls(ctx, clock) for _ in range(4)))
        clock.forward(300)
    assert 1 == len(await said(ctx, "U1", clock()))
    assert [("pager:pd", "page")] == line(ctx).said
    assert [2] == [e.step for e in await escalations(ctx)]
    async with ctx.reading() as store:
        timeline = [e.text for e in await store.incidents.timeline(1) if e.kind == "paged"]
    assert ["Ada (on call) (step 1 of 3)", "Ben (backup), pd (step 2 of 3)"] == timeline


async def test_a_restart_in_a_wait_loses_nothing_and_the_next_steps_keep_their_distance(
    database: Database, clock: Clock
) -> None:
    await tick(await opened(database), clock)
    clock.forward(3600)  # away meanwhile
    again = made(database)
    await tick(again, clock)
    await tick(again, clock, 60)
    assert 1 == len(await said(again, "U2", clock()))
    assert [] == await said(again, "U5", clock())
    await tick(again, clock, 6 * 60)
    assert 1 == len(await said(again, "U5", clock()))


async def test_who_is_nobody_in_slack_is_passed_over_at_once_and_named(lite: Database, clock: Clock) -> None:
    ghost = replace(SCHEDULE, layers=(replace(WEEKLY, members=("ghost@acme.example",)),))
    plan = replace(PLAN, phones={"ghost@acme.example": "0171 5"})
    ctx = await opened(lite, plan, schedule=ghost)
    await tick(ctx, clock)
    assert ["📟 INC-1, step 1 of 3 · ghost@acme.example: ⚠️ Slack knows nobody of that name"] == await said(
        ctx, OPS, clock()
    )
    assert "ghost@acme.example: ⚠️ Slack knows nobody of that name" in await card(ctx, clock())
    await tick(ctx, clock, 5)
    assert 1 == len(await said(ctx, "U2", clock()))
    for _ in range(4):
        await tick(ctx, clock, 600)
    phone = (await said(ctx, OPS, clock()))[-1]
    assert "ghost@acme.example *0171 5*" in phone


async def test_when_all_fail_the_channel_is_told_at_once_whom_to_phone(database: Database, clock: Clock) -> None:
    plan = replace(
        PLAN, policies=(replace(POLICY, steps=(POLICY.steps[0], Step(after=5 * MINUTE, notify=("pd", "hook")))),)
    )
    ctx = await opened(database, plan)
    line(ctx).failures = [CallFailure("refused", is_permanent=True), CallFailure("not_found", is_permanent=True)]
    await tick(ctx, clock)
    assert [] == await said(ctx, "U1", clock(), failing="account_inactive")
    await tick(ctx, clock, 5)  # Ada cannot be told: the next step comes at once, and both pagers refuse
    assert {("pager:pd", "page"), ("pager:hook", "page")} == set(line(ctx).said)
    await said(ctx, OPS, clock())
    await tick(ctx, clock, 5)
    (phone,) = await said(ctx, OPS, clock())
    assert "Ada (on call) *+49 30 111*" in phone
    async with ctx.reading() as store:
        blocks = await render(
            store, ctx.topology, subject="page:1", part="loud:phone", side="ops", channel=OPS, params={}, at=clock()
        )
    assert "pd: ⚠️ not told, it does not accept our token" in str(blocks)
    assert "hook: ⚠️ not told, it knows no such incident" in str(blocks)


async def test_what_failed_waits_for_nobody_once_it_is_over(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite)
    line(ctx).failures = [CallFailure("refused", is_permanent=True)]
    await tick(ctx, clock)
    await tick(ctx, clock, 300)
    async with ctx.reading() as store:
        assert [1] == [queue.failed for queue in await store.calls.queues()]
    await type_(ctx, "ack INC-1", clock())
    await tick(ctx, clock, 5)
    async with ctx.reading() as store:
        assert [0] == [queue.failed for queue in await store.calls.queues()]


async def test_a_pager_that_is_down_for_a_while_is_tried_again_on_its_own(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite)
    line(ctx).failures = [CallFailure("http_503"), CallFailure("rate_limited", retry_after=20)]
    await tick(ctx, clock)
    await tick(ctx, clock, 300)
    assert "pd: not told yet, it answers 503; it is tried again" in await card(ctx, clock())
    for seconds in (5, 20):
        await tick(ctx, clock, seconds)
    assert 3 == len(line(ctx).told)
    assert "pd: told" in await card(ctx, clock())


async def test_the_state_is_on_the_card_in_show_and_in_the_status(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite)
    await tick(ctx, clock)
    await said(ctx, "U1", clock())
    shown = await card(ctx, clock())
    assert "📟 policy ops · step 1 of 3 · Ada (on call): told · next backup, pd" in shown
    reply = await COMMAND.run(ctx, typed("show INC-1", clock()))
    assert "*Paging* by policy ops" in str(reply.message)
    status = str((await BRIDGE.run(ctx, typed("status", clock()))).message)
    assert "*INC-1* 📟 policy ops" in status
    assert "*pd* (pager) not told anything yet" in status


async def test_quiet_hours_hold_back_what_is_not_bad_and_never_the_worst(lite: Database, clock: Clock) -> None:
    quiet = replace(PLAN, quiet=NIGHT)
    ctx = await opened(lite, quiet, severity="sev3")
    await tick(ctx, clock)
    await tick(ctx, clock, 3600)
    assert [] == await said(ctx, "U1", clock())
    assert "held back until" in await card(ctx, clock())

    await type_(ctx, "severity INC-1 sev2", clock())
    await tick(ctx, clock, 5)
    assert 1 == len(await said(ctx, "U1", clock()))


async def test_what_was_held_back_is_paged_in_the_morning(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, replace(PLAN, quiet=NIGHT), severity="sev3")
    await tick(ctx, clock)
    clock.now = datetime(2026, 3, 10, 5, 59, 59, tzinfo=UTC)
    await tick(ctx, clock)
    assert [] == await said(ctx, "U1", clock())
    await tick(ctx, clock, 1)
    assert 1 == len(await said(ctx, "U1", clock()))
    await tick(ctx, clock, 5 * 60)
    assert 1 == len(await said(ctx, "U2", clock()))


async def test_what_is_not_bad_enough_pages_nobody_until_it_is(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, severity="sev4")
    await tick(ctx, clock)
    assert [] == await escalations(ctx)
    await type_(ctx, "severity INC-1 sev1", clock())
    await tick(ctx, clock, 5)
    assert 1 == len(await said(ctx, "U1", clock()))
    await type_(ctx, "severity INC-1 sev5", clock())
    await tick(ctx, clock, 5)
    assert [EscalationState.STOPPED] == [e.state for e in await escalations(ctx)]


async def test_drills_and_what_has_no_policy_page_nobody(lite: Database, clock: Clock) -> None:
    ctx = made(lite)
    await type_(ctx, "open test sev1 payments: a drill", START)
    await tick(ctx, clock)
    none = made(lite, replace(PLAN, default=None))
    await type_(none, "open sev1 payments: real", START)
    await tick(none, clock)
    assert [] == await escalations(ctx)


async def test_a_service_s_own_policy_stands_before_the_default(lite: Database, clock: Clock) -> None:
    own = Policy(name="own", steps=(Step(after=timedelta(), notify=("@jun",)),))
    ctx = made(lite, replace(PLAN, policies=(POLICY, own)))
    services = tuple(replace(s, paging="own") if s.name == "payments" else s for s in TOPOLOGY.services)
    ctx.topology = replace(ctx.topology, services=services)
    await type_(ctx, "open sev1 payments: checkout fails", START)
    await tick(ctx, clock)
    assert ["own"] == [e.policy for e in await escalations(ctx)]
    assert 1 == len(await said(ctx, "U5", clock()))


async def test_who_cannot_take_it_lets_the_next_be_paged_at_once(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite)
    await tick(ctx, clock)
    await said(ctx, "U1", clock())
    clock.forward(30)
    press = Press(user_id="U1", user_name="Ada", value="1", trigger_id="t", request_id="p1", at=clock())
    outcome = await ACTIONS.buttons[CANNOT](ctx, press)
    assert "goes on to the next" in str(outcome.message)
    assert 1 == len(await said(ctx, "U2", clock()))
    await type_(ctx, "ack INC-1", clock())
    with pytest.raises(UserError, match="Nobody is paged for this any more"):
        await ACTIONS.buttons[CANNOT](ctx, replace(press, request_id="p2"))


async def test_an_acknowledgement_in_the_pager_is_one_here_and_opens_nothing_else(
    database: Database, clock: Clock
) -> None:
    ctx = await opened(database)
    await tick(ctx, clock)
    await tick(ctx, clock, 300)
    (_, _, about) = line(ctx).told[0]
    sender = WebhookSource(name="pagerduty", kind="pagerduty")

    async def hear(name: str, number: int) -> None:
        def ours(body: dict[str, dict[str, dict[str, str]]]) -> None:
            body["event"]["data"]["incident_key"] = about.key

        (report,) = SOURCE.parse(changed(captured("pagerduty", name), ours), sender).reports
        moved = replace(report, occurred_at=clock())  # type: ignore[arg-type]
        async with ctx.transaction() as store:
            await book(store, ctx.topology, [Told(number, "pagerduty", clock(), moved)])

    await hear("incident.triggered__high_urgency", 1)
    await hear("incident.acknowledged__by_a_person", 2)
    async with ctx.reading() as store:
        (incident,) = await store.incidents.list_open()
    assert ("acknowledged", "Mira Lindqvist") == (incident.status.value, incident.acknowledged_by)
    assert ("checkout fails", Severity.SEV1, ("payments",)) == (incident.title, incident.severity, incident.services)
    await tick(ctx, clock, 5)
    assert [EscalationState.STOPPED] == [e.state for e in await escalations(ctx)]


async def test_pagerduty_is_not_asked_to_page_for_an_incident_of_its_own(lite: Database, clock: Clock) -> None:
    plan = replace(PLAN, policies=(replace(POLICY, steps=(Step(after=timedelta(), notify=("pd", "@ada")),)),))
    ctx = made(lite, plan)
    sender = WebhookSource(name="pagerduty", kind="pagerduty")
    ctx.topology = replace(ctx.topology, sources=(sender,))
    (report,) = SOURCE.parse(captured("pagerduty", "incident.triggered__high_urgency"), sender).reports
    async with ctx.transaction() as store:
        booked = await book(store, ctx.topology, [Told(1, "pagerduty", clock(), report)])
        await store.outbox.notify(booked.notices, clock())
    await tick(ctx, clock)
    assert [] == line(ctx).told
    assert 1 == len(await said(ctx, "U1", clock()))
    assert "pd: pages for it by itself" in await card(ctx, clock())


async def test_notes_on_what_pagerduty_was_asked_to_page_for_stand_on_our_timeline(
    database: Database, clock: Clock
) -> None:
    ctx = await opened(database)
    await tick(ctx, clock)
    await tick(ctx, clock, 300)
    (_, _, about) = line(ctx).told[0]
    sender = WebhookSource(name="pagerduty", kind="pagerduty")

    def ours(body: dict[str, dict[str, dict[str, str]]]) -> None:
        body["event"]["data"]["incident_key"] = about.key

    triggered = changed(captured("pagerduty", "incident.triggered__high_urgency"), ours)
    for number, request in enumerate((triggered, captured("pagerduty", "incident.annotated__a_note")), 1):
        (report,) = SOURCE.parse(request, sender).reports
        async with ctx.transaction() as store:
            await book(store, ctx.topology, [Told(number, "pagerduty", clock(), report)])
    async with ctx.reading() as store:
        last = (await store.incidents.timeline(1))[-1]
        assert 1 == len(await store.incidents.list_open())
    assert ("note", "pagerduty") == (last.kind.value, last.via)


async def test_pagerduty_pages_for_its_own_incident_that_was_reopened_here(lite: Database, clock: Clock) -> None:
    plan = replace(PLAN, policies=(replace(POLICY, steps=(Step(after=timedelta(), notify=("pd",)),)),))
    ctx = made(lite, plan)
    sender = WebhookSource(name="pagerduty", kind="pagerduty", is_told_back=True)
    ctx.topology = replace(ctx.topology, sources=(sender,))
    (report,) = SOURCE.parse(captured("pagerduty", "incident.triggered__high_urgency"), sender).reports
    async with ctx.transaction() as store:
        await book(store, ctx.topology, [Told(1, "pagerduty", clock(), report)])
    await type_(ctx, "resolve INC-1", clock())
    await tick(ctx, clock, 5)
    await type_(ctx, "reopen INC-1", clock())
    line(ctx).told.clear()
    await tick(ctx, clock, 5)
    assert [("pager:pd", "page")] == line(ctx).said


async def test_without_a_backup_or_a_schedule_it_says_what_is_missing(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, schedule=replace(SCHEDULE, layers=(), backup=None, bridge=None))
    for _ in range(3):
        await tick(ctx, clock, 5)
    words = await said(ctx, OPS, clock())
    assert "on call: ⚠️ no on-call schedule is for it" in words[0]


async def test_whom_a_name_could_mean_several_times_is_named_so(lite: Database, clock: Clock) -> None:
    twins = replace(SCHEDULE, layers=(replace(WEEKLY, members=("Sam",)),))
    ctx = await opened(lite, schedule=twins)
    ctx.directory = Twins()
    await tick(ctx, clock)
    assert "Sam: ⚠️ several people are called so" in await card(ctx, clock())


class Twins:
    async def people(self) -> Sequence[Person]:
        return [replace(BEN, real_name="Sam"), replace(JUN, real_name="Sam")]


class Silent:
    async def people(self) -> Sequence[Person]:
        raise PostFailure("ratelimited")


async def test_while_slack_does_not_tell_who_there_is_pagers_are_called_after_a_moment(
    lite: Database, clock: Clock
) -> None:
    ctx = await opened(lite)
    ctx.directory = Silent()
    await tick(ctx, clock)
    await tick(ctx, clock, 55)
    assert [0] == [e.step for e in await escalations(ctx)]
    for _ in range(14):
        await tick(ctx, clock, 60)
    assert ("pager:pd", "page") in line(ctx).said
    assert any("@ada: ⚠️ Slack does not answer" in words for words in await said(ctx, OPS, clock()))


async def test_a_hiccup_of_slack_wakes_nobody_else(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite)
    ctx.directory = Silent()
    await tick(ctx, clock)
    ctx.directory = People()
    await tick(ctx, clock, 30)
    assert 1 == len(await said(ctx, "U1", clock()))
    assert [] == line(ctx).told
