"""`/incident page`: somebody is called by hand, says whether they are on it, and everybody sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.database import Database
from handlers.actions import Outcome, Press
from handlers.actions.paging import ACTIONS
from handlers.calls import make_calls
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.paging import page
from handlers.paging_by_hand import split_targets
from handlers.speech import render
from models.paging import EscalationState, Page, PagingPlan
from models.people import Person
from models.records import MessageRef
from tests.handlers.test_paging import ADA, BEN, JUN, NIGHT, OPS, PLAN, POLICY, START, Line, made
from tests.support.world import Clock, typed

CALLING = replace(PLAN, policies=(), default=None)


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[Database]:
    """Return an open SQLite file, for what does not depend on the database."""
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


async def say(ctx: Context, text: str, clock: Clock) -> str:
    clock.forward(1)
    reply = await COMMAND.run(ctx, typed(text, clock(), request_id=f"{text}{clock()}", by="Jun"))
    return (reply.message.text + str(reply.message.blocks)) if reply.message else str(reply.modal)


async def opened(database: Database, clock: Clock, plan: PagingPlan = CALLING, severity: str = "sev1") -> Context:
    ctx = made(database, plan)
    await say(ctx, f"open {severity} payments: checkout fails", clock)
    return ctx


async def pages(ctx: Context) -> list[Page]:
    async with ctx.reading() as store:
        return await store.paging.pages([e.id for e in await store.paging.open()])


async def press(ctx: Context, action: str, ref: str, by: Person, clock: Clock) -> Outcome:
    pressed = Press(
        user_id=by.user_id, user_name=by.name, value=ref, trigger_id="t", request_id=f"{action}{by}", at=clock()
    )
    return await ACTIONS.buttons[action](ctx, pressed)


async def spoken(ctx: Context, channel: str, clock: Clock) -> list[str]:
    """Return what is said in a channel of pages, and remember it as said."""
    found = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take(channel, clock()):
            await store.outbox.sent(item, clock())
            if not item.subject.startswith("page:"):
                continue
            ref = MessageRef(
                subject=item.subject, part=item.part, side="ops", channel=channel, channel_id=channel, ts=item.part
            )
            said = await render(
                store, ctx.topology, subject=item.subject, part=item.part, side="ops", channel=channel,
                params=item.params, at=clock(),
            )  # fmt: skip
            await store.messages.remember(ref, clock())
            found.append(json.dumps(said.blocks, ensure_ascii=False) if said else "")
    return found


async def card(ctx: Context, clock: Clock) -> str:
    async with ctx.reading() as store:
        said = await render(
            store, ctx.topology, subject="incident:1", part="card", side="ops", channel=OPS, params={}, at=clock()
        )
    return str(said.blocks) if said else ""


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ((["@bob"], "the pool is gone"), "@bob the pool is gone"),
        ((["ops", "pd"], "help"), "OPS, pd help"),
        ((["C0123456"], ""), "<#C0123456|ops>"),
        ((["on_call", "lead"], "now"), "oncall lead now"),
        (([], "bob please"), "bob please"),
    ],
)
async def test_whom_a_line_means(lite: Database, expected: tuple[list[str], str], text: str) -> None:
    assert expected == split_targets(text, made(lite).topology)


async def test_a_person_is_paged_says_so_and_has_it(database: Database, clock: Clock) -> None:
    ctx = await opened(database, clock)
    assert "Paged for INC-1" in await say(ctx, "page INC-1 @ben the replica is gone too", clock)
    (said,) = await spoken(ctx, "U2", clock)
    assert "*You are paged* by Jun" in said
    assert "the replica is gone too" in said
    assert "Ben (by Jun): told" in await card(ctx, clock)
    (sent,) = await pages(ctx)
    assert "paged: Ben: the replica is gone too" in await say(ctx, "timeline INC-1", clock)

    clock.forward(60)
    await press(ctx, "page_on_it", sent.ref or "", BEN, clock)
    shown = await card(ctx, clock)
    assert "Ben (by Jun): *is on it*" in shown
    assert "acknowledged by Ben" in shown
    assert "Ben is on it" in (await spoken(ctx, "U2", clock))[-1]
    assert "is on it" in (await spoken(ctx, "U1", clock))[-1]
    with pytest.raises(UserError, match="Ben said already: is on it"):
        await press(ctx, "page_not_me", sent.ref or "", BEN, clock)


async def test_who_cannot_says_so_and_who_paged_is_told(database: Database, clock: Clock) -> None:
    ctx = await opened(database, clock)
    await say(ctx, "page INC-1 @ben", clock)
    (sent,) = await pages(ctx)
    with pytest.raises(UserError, match="That page is for Ben"):
        await press(ctx, "page_not_me", sent.ref or "", JUN, clock)
    await press(ctx, "page_not_me", sent.ref or "", BEN, clock)
    assert "pages another" in (await spoken(ctx, "U1", clock))[-1]
    assert "nobody has it yet" in await card(ctx, clock)


async def test_of_two_presses_at_once_one_counts(database: Database, clock: Clock) -> None:
    ctx = await opened(database, clock)
    await say(ctx, "page INC-1 #payments-ops", clock)
    (sent,) = await pages(ctx)
    outcomes = await asyncio.gather(
        press(ctx, "page_on_it", sent.ref or "", ADA, clock),
        press(ctx, "page_on_it", sent.ref or "", BEN, clock),
        return_exceptions=True,
    )
    (lost,) = [str(one) for one in outcomes if isinstance(one, UserError)]
    assert lost.endswith("said already: is on it.")


async def test_schedules_roles_and_pagers_are_paged_whoever_has_it(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, clock)
    await say(ctx, "ack INC-1", clock)
    await say(ctx, "page INC-1 ops backup pd we need hands", clock)
    assert ["Ada (on call, ops)", "Ben (backup)", "pd"] == [one.who for one in await pages(ctx)]
    assert 1 == await make_calls(ctx, clock)
    await say(ctx, "resolve INC-1", clock)
    await page(ctx, clock())
    await make_calls(ctx, clock)
    assert isinstance(ctx.elsewhere, Line)
    assert [("pager:pd", "page"), ("pager:pd", "resolve")] == ctx.elsewhere.said


async def test_what_was_sent_says_that_the_incident_is_over(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, clock)
    await say(ctx, "page INC-1 @ben", clock)
    (sent,) = await pages(ctx)
    await spoken(ctx, "U2", clock)
    await say(ctx, "resolve INC-1", clock)
    await page(ctx, clock())
    assert "it is resolved. You need not act" in (await spoken(ctx, "U2", clock))[-1]
    with pytest.raises(UserError, match="nobody is wanted any more"):
        await press(ctx, "page_on_it", sent.ref or "", BEN, clock)


async def test_a_policy_goes_on_beside_it_and_takes_up_what_began_by_hand(lite: Database, clock: Clock) -> None:
    plan = replace(PLAN, policies=(replace(POLICY, worst_from=POLICY.worst_from),), default="ops")
    ctx = await opened(lite, clock, plan, "sev4")
    await say(ctx, "page INC-1 @jun", clock)
    await page(ctx, clock())
    assert 1 == len(await pages(ctx))
    await say(ctx, "severity INC-1 sev1", clock)
    await page(ctx, clock())
    assert ["Jun", "Ada (on call)"] == [one.who for one in await pages(ctx)]
    async with ctx.reading() as store:
        (escalation,) = await store.paging.open()
    assert (EscalationState.RUNNING, "ops", 1) == (escalation.state, escalation.policy, escalation.step)
    await say(ctx, "page INC-1 @ben", clock)
    assert "Ben (by Jun)" in await card(ctx, clock)
    assert "step 1 of 3" in await card(ctx, clock)


async def test_quiet_hours_hold_here_too_and_drills_page_nobody(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, clock, replace(CALLING, quiet=NIGHT), "sev3")
    with pytest.raises(UserError, match="Quiet hours until 2026-03-10 06:00 UTC: sev3 wakes nobody"):
        await say(ctx, "page INC-1 @ben", clock)
    await say(ctx, "severity INC-1 sev2", clock)
    await say(ctx, "page INC-1 @ben", clock)
    await say(ctx, "open test sev1 payments: exercise", clock)
    with pytest.raises(UserError, match="INC-2 is a drill"):
        await say(ctx, "page INC-2 @ben", clock)


async def test_without_anybody_the_form_asks(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, clock)
    assert "page_form" in await say(ctx, "page INC-1", clock)

    async def submit(**fields: str) -> Outcome:
        form = Press(
            user_id="U5", user_name="Jun", value=json.dumps({"incident": "1"}), trigger_id="t", request_id=str(fields),
            at=clock(), fields=fields,
        )  # fmt: skip
        return await ACTIONS.modals["page_form"](ctx, form)

    assert {"person"} == (await submit(why="x")).errors.keys()
    await submit(person="U2", target="pd", why="help")
    assert ["Ben", "pd"] == [one.who for one in await pages(ctx)]


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("“bob” is nobody I can page: @person, #channel, on_call", "page INC-1 bob please"),
        ("lead, ops, pd, hook. Did you mean ops?", "page INC-1 opps"),
        ("nobody called “@bne”", "page INC-1 @bne"),
        ("There is no incident INC-9", "page INC-9 @ben"),
        ("Those are 11: at most 10 are paged at once", f"page INC-1 {' '.join(f'#ops-{n}' for n in range(11))}"),
    ],
)
async def test_wrong_input_is_explained(lite: Database, clock: Clock, complaint: str, text: str) -> None:
    ctx = await opened(lite, clock)
    with pytest.raises(UserError, match=complaint):
        await say(ctx, text, clock)


async def test_a_name_without_an_at_is_a_person_too(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, clock)
    await say(ctx, "page INC-1 ben the replica is gone", clock)
    (sent,) = await pages(ctx)
    assert ("Ben", "the replica is gone") == (sent.who, sent.why)


async def test_nobody_is_paged_for_what_is_over(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, clock)
    await say(ctx, "resolve INC-1", clock)
    with pytest.raises(UserError, match="nobody is paged for what is over"):
        await say(ctx, "page INC-1 @ben", clock)
    await say(ctx, "close INC-1", clock)
    with pytest.raises(UserError, match="reopen it first"):
        await say(ctx, "page INC-1 @ben", clock)


async def test_somebody_who_cannot_be_told_is_named(lite: Database, clock: Clock) -> None:
    ctx = await opened(lite, clock)
    ctx.topology = replace(ctx.topology, schedules=(replace(ctx.topology.schedules[0], layers=()),))
    told = await say(ctx, "page INC-1 ops", clock)
    assert "⚠️ *Nobody was paged* for INC-1 checkout fails: ops: ⚠️ nobody is on call. Name somebody" in told
