"""Freezes: made, extended, taken over, lifted; passes; deploys that come all the same; windows; incidents."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from bot.windows import coming
from handlers.acting import By
from handlers.actions import Press
from handlers.actions.freezes import ACTIONS
from handlers.bookkeeping import Told, book
from handlers.commands.freeze import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.freeze_sweep import tend
from handlers.incident_moves import Opening, move, open_incident
from handlers.speech import render
from handlers.views.freezes import span
from models.freezes import Freeze, FreezePlan, Hold, Window
from models.reports import DeployReport
from models.words import DeployStatus, Severity
from tests.support.world import TOPOLOGY, context, typed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database)


async def say(ctx: Context, text: str, at: datetime = NOON, request_id: str = "") -> str:
    reply = await COMMAND.run(ctx, typed(text, at, request_id=request_id or f"{text}{at}"))
    assert reply.message is not None
    return reply.message.text + str(reply.message.blocks)


async def said(ctx: Context, at: datetime, side: str = "dev") -> list[str]:
    """Return what stands in the outbox of one side, rendered, in order."""
    texts = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take(f"#payments-{side}", at):
            message = await render(
                store,
                ctx.topology,
                subject=item.subject,
                part=item.part,
                side=side,
                channel=item.channel,
                params=item.params,
                at=at,
            )
            texts.append(message.text + str(message.blocks) if message else "")
            await store.outbox.sent(item, at)
    return texts


async def deploy(ctx: Context, number: str, at: datetime, status: DeployStatus = DeployStatus.STARTED) -> None:
    report = DeployReport(
        service="payments",
        environment="production",
        deploy_id=number,
        status=status,
        started_at=at,
        actor="Zoe",
        occurred_at=at,
    )
    async with ctx.transaction() as store:
        booked = await book(store, ctx.topology, [Told(1, "github", at, report)])
        await store.outbox.notify(booked.notices, at)


async def standing(ctx: Context, at: datetime = NOON) -> Sequence[Freeze]:
    async with ctx.reading() as store:
        return await store.freezes.standing(at)


async def test_freezes_a_service_until_a_time_and_tells_both_sides(ctx: Context) -> None:
    assert "*payments* is *frozen* until" in await say(ctx, "/freeze"[7:] + "payments for 2h migrating the database")
    (one,) = await standing(ctx)
    assert (one.services, one.until, one.reason) == (("payments",), NOON + timedelta(hours=2), "migrating the database")
    (dev,), (ops,) = await said(ctx, NOON), await said(ctx, NOON, "ops")
    assert "/freeze override payments" in dev
    assert "CI that asks the gate waits" in ops


async def test_a_bridge_stands_for_its_services(ctx: Context) -> None:
    pay = replace(TOPOLOGY.bridges[0], name="money")
    ctx.topology = replace(TOPOLOGY, bridges=(pay,))
    await say(ctx, "money until 18:00 end of quarter")
    (one,) = await standing(ctx)
    assert (one.services, one.reason) == (("payments", "checkout"), "end of quarter")


async def test_the_same_request_again_is_one_freeze(ctx: Context) -> None:
    for _ in range(2):
        await say(ctx, "payments for 2h tests", request_id="same")
    assert len(await standing(ctx)) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("paymens for 2h x", "Did you mean payments"),
        ("payments", "Until when"),
        ("payments for 2h", "Why"),
        ("payments until 2020-01-01 x", "before it starts"),
        ("payments from 2026-03-05 10:00 to 2026-03-04 10:00 x", "before it starts"),
        ("payments from 18:00 to 17:00 x", r"end \(17:00\) before it starts \(Mon 18:00\).*`… to tue 17:00`"),
        ("payments from fri 18:00 to 18:00 x", "`… to sat 18:00`"),
        ("payments from fri 18:00 to fri 17:00 x", "before it starts"),
        ("payments for 999d x", "at most 90 d"),
        ("payments !mars for 2h x", "no environment"),
        ("lift F99", "Nothing is frozen"),
        ("override payments hurry", "needs no pass"),
    ],
)
async def test_says_what_is_wrong(ctx: Context, text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        await say(ctx, text)
    assert not await standing(ctx)


async def test_the_same_scope_twice_at_a_time_is_refused_and_a_wider_one_is_named(ctx: Context) -> None:
    await say(ctx, "payments for 2h tests")
    with pytest.raises(UserError, match=r"frozen already until .* by Ada \(F1: tests\)"):
        await say(ctx, "payments for 4h more tests")
    wide = await say(ctx, "payments !staging for 1h load")
    assert "F1" in wide


async def test_extends_takes_over_and_lifts_with_the_names_of_those_held_up(ctx: Context) -> None:
    await say(ctx, "payments for 2h tests")
    await say(ctx, "extend F1 for 1h", NOON + timedelta(minutes=1))
    (one,) = await standing(ctx)
    assert one.until == NOON + timedelta(hours=3)
    hold = Hold(
        freeze_id=1, service="payments", environment="production", who="zoe", deploy="r1", first_at=NOON, last_at=NOON
    )
    async with ctx.transaction() as store:
        await store.freezes.hold([hold, replace(hold, last_at=NOON + timedelta(minutes=1))])
    with pytest.raises(UserError, match="yours already"):
        await say(ctx, "take F1")
    await said(ctx, NOON)
    await say(ctx, "lift payments", NOON + timedelta(hours=1))
    texts = await said(ctx, NOON + timedelta(hours=1))
    assert any("may be deployed again" in text and "zoe (payments)" in text for text in texts)
    with pytest.raises(UserError, match=r"F1 is over since .* lifted by Ada"):
        await say(ctx, "lift F1", NOON + timedelta(hours=2))


async def test_a_deploy_during_a_freeze_is_marked_and_told_once_to_both_sides(ctx: Context) -> None:
    await say(ctx, "payments for 2h tests")
    await said(ctx, NOON)
    await deploy(ctx, "d1", NOON + timedelta(minutes=5))
    await deploy(ctx, "d1", NOON + timedelta(minutes=9), DeployStatus.SUCCEEDED)
    for side in ("dev", "ops"):
        texts = await said(ctx, NOON + timedelta(minutes=10), side)
        assert sum("deployed *during a freeze*" in text for text in texts) == 1
        assert any("❄️ during a freeze (“tests”) · without a pass" in text for text in texts)


async def test_a_pass_lets_one_deploy_through_and_no_more(ctx: Context) -> None:
    await say(ctx, "payments for 2h tests")
    assert "One deploy" in await say(ctx, "override payments hotfix for INC-12")
    with pytest.raises(UserError, match="gave payments a pass already"):
        await say(ctx, "override another", NOON + timedelta(minutes=1))
    await said(ctx, NOON)
    await deploy(ctx, "d1", NOON + timedelta(minutes=5))
    texts = await said(ctx, NOON + timedelta(minutes=5))
    assert any("Ada let it through" in text and "hotfix for INC-12" in text for text in texts)
    await deploy(ctx, "d2", NOON + timedelta(minutes=6))
    assert any("without a pass" in text for text in await said(ctx, NOON + timedelta(minutes=6)))


async def test_staging_is_not_frozen_unless_it_is_named(ctx: Context) -> None:
    await say(ctx, "payments !staging for 2h load")
    await deploy(ctx, "d1", NOON + timedelta(minutes=5))
    assert not any("during a freeze" in text for text in await said(ctx, NOON + timedelta(minutes=5)))


async def test_a_freeze_that_comes_says_from_when_the_gate_answers_no_and_is_told_ahead_and_when_it_begins(
    ctx: Context,
) -> None:
    shown = await say(ctx, "payments from 18:00 to 20:00 database move")
    (coming,) = await standing(ctx)
    assert span(coming).startswith("from")
    assert "will be *frozen* from" in shown
    assert "the gate answers no from" in shown
    assert "2026-03-02 18:00 UTC" in shown
    for side in ("dev", "ops"):
        (ahead,) = await said(ctx, NOON, side)
        assert "will be *frozen* from" in ahead
    evening = NOON + timedelta(hours=6)
    for _ in range(2):
        await tend(ctx, evening, [])
    card, begun = await said(ctx, evening)
    assert "is *frozen* until" in card
    assert "is *frozen* from now on" in begun
    (now,) = await standing(ctx, evening)
    assert span(now).startswith("until")


async def test_of_one_that_stands_and_one_that_comes_the_one_that_stands_is_lifted(ctx: Context) -> None:
    await say(ctx, "payments from 18:00 to 20:00 database move")
    with pytest.raises(
        UserError, match=r"will be frozen from 2026-03-02 18:00 UTC until .* by Ada \(F1: database move\)"
    ):
        await say(ctx, "payments from 17:00 to 19:00 something else")
    await say(ctx, "payments for 1h tests")
    await say(ctx, "checkout for 1h tests")
    await say(ctx, "lift payments", NOON + timedelta(minutes=1))
    assert [1, 3] == sorted(one.id for one in await standing(ctx, NOON + timedelta(minutes=2)))
    with pytest.raises(UserError, match=r"F1 \(payments, from 2026-03-02 18:00 UTC\)"):
        await say(ctx, "lift everything", NOON + timedelta(minutes=3))


async def test_a_freeze_that_is_taken_back_before_it_begins_never_was_one(ctx: Context) -> None:
    await say(ctx, "payments from 18:00 to 20:00 database move")
    await said(ctx, NOON)
    assert "after all" in await say(ctx, "lift F1", NOON + timedelta(hours=1))
    card, ended = await said(ctx, NOON + timedelta(hours=1))
    for text in (card, ended):
        assert "is not frozen from" in text
        assert "lifted by Ada" in text
    await tend(ctx, NOON + timedelta(hours=7), [])
    assert [] == await said(ctx, NOON + timedelta(hours=7))


async def test_a_freeze_that_runs_out_is_said_once_also_after_a_restart(ctx: Context) -> None:
    await say(ctx, "payments for 2h tests")
    await said(ctx, NOON)
    late = NOON + timedelta(hours=5)
    for _ in range(2):
        await tend(ctx, late, [])
    texts = await said(ctx, late)
    assert sum("may be deployed again" in text for text in texts) == 1


async def test_windows_of_the_configuration_come_are_told_and_go_with_it(ctx: Context) -> None:
    weekend = Window(
        name="weekend",
        cron="0 18 * * fri",
        timezone="Europe/Berlin",
        length=timedelta(hours=62),
        scope="payments",
        services=("payments",),
        reason="nobody is here",
    )
    plan = FreezePlan(windows=(weekend,))
    friday = datetime(2026, 3, 6, 8, tzinfo=UTC)
    await tend(ctx, friday, coming(plan, friday))
    (one,) = await standing(ctx, friday)
    assert one.since == datetime(2026, 3, 6, 17, tzinfo=UTC)
    assert await said(ctx, friday) == []
    evening = datetime(2026, 3, 6, 17, 1, tzinfo=UTC)
    await tend(ctx, evening, coming(plan, evening))
    assert any("nobody is here" in text and "from the schedule" in text for text in await said(ctx, evening))
    assert len(await standing(ctx, evening)) == 1


async def test_a_window_that_left_the_configuration_does_not_come(ctx: Context) -> None:
    soon = Freeze(
        key="window:old:1",
        scope="payments",
        services=("payments",),
        reason="x",
        owner="schedule",
        since=NOON + timedelta(hours=1),
        until=NOON + timedelta(hours=2),
        made_at=NOON,
    )
    await tend(ctx, NOON, [soon])
    assert len(await standing(ctx)) == 1
    await tend(ctx, NOON, [])
    assert not await standing(ctx)


async def test_an_incident_freezes_its_services_and_asks_when_it_is_over(ctx: Context) -> None:
    by = By(name="Ada", request_id="t1", at=NOON, user_id="U1", channel_id="C1")
    opening = Opening(services=("payments",), title="checkout fails", severity=Severity.SEV1)
    incident = await open_incident(ctx, opening, by)
    assert any("Freeze deploys" in text for text in await said(ctx, NOON, "ops"))
    press = Press(user_id="U1", user_name="Ada", value=str(incident.id), trigger_id="t", request_id="p1", at=NOON)
    outcome = await ACTIONS.buttons["freeze_for_incident"](ctx, press)
    assert outcome.message is not None
    (one,) = await standing(ctx)
    assert (one.incident_id, one.services) == (incident.id, ("payments",))
    await said(ctx, NOON)
    await move(ctx, incident.id, "resolve", replace(by, request_id="t2", at=NOON + timedelta(minutes=9)))
    for _ in range(2):
        await tend(ctx, NOON + timedelta(minutes=10), [])
    texts = await said(ctx, NOON + timedelta(minutes=10))
    assert sum("is still frozen until" in text for text in texts) == 1


async def test_of_two_who_lift_at_once_one_wins_and_the_other_is_told(ctx: Context) -> None:
    await say(ctx, "payments for 2h tests")
    press = Press(user_id="U2", user_name="Ben", value="1", trigger_id="t", request_id="p1", at=NOON)
    await ACTIONS.buttons["freeze_lift"](ctx, press)
    with pytest.raises(UserError, match="lifted by Ben"):
        await ACTIONS.buttons["freeze_lift"](ctx, replace(press, user_name="Ada", request_id="p2"))


async def test_shows_what_is_frozen_or_that_nothing_is(ctx: Context) -> None:
    assert "Nothing is frozen" in await say(ctx, "")
    await say(ctx, "payments for 2h tests")
    assert "F1 *payments* until" in await say(ctx, "list")
