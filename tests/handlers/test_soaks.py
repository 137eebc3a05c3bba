"""Soak: begun by a success, ended by the clock, a person, the next deploy; suspected while something is held."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from handlers.acting import By
from handlers.actions import Press
from handlers.actions.soaks import ACTIONS
from handlers.bookkeeping import Told, book
from handlers.causes import not_mine
from handlers.commands.deploys import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_moves import Opening, open_incident
from handlers.soaks import give_watch, tend_soaks, verify
from handlers.views.soaks import VERIFY, WATCH
from models.reports import DeployReport
from models.soak import Soak, SoakState
from models.topology import DEFAULT_ENVIRONMENTS, Service, Topology
from models.words import DeployStatus, Severity
from tests.handlers.test_freezes import said
from tests.support.world import TOPOLOGY, context, typed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENDS = NOON + timedelta(hours=1)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database)


async def deploy(
    ctx: Context,
    number: str = "1",
    at: datetime = NOON,
    status: DeployStatus = DeployStatus.SUCCEEDED,
    *,
    environment: str = "production",
    heard: datetime | None = None,
) -> None:
    report = DeployReport(
        service="payments",
        environment=environment,
        deploy_id=number,
        status=status,
        version=f"1.{number}",
        actor="Zoe",
        url=f"https://ci.example/{number}",
        occurred_at=at,
    )
    async with ctx.transaction() as store:
        booked = await book(store, ctx.topology, [Told(1, "github", heard or at, report)])
        await store.outbox.notify(booked.notices, at)


async def soak(ctx: Context, number: int = 1) -> Soak | None:
    async with ctx.reading() as store:
        return await store.soaks.get(number)


def by(name: str = "Mira", at: datetime = NOON) -> By:
    return By(name=name, request_id=f"{name}{at}", at=at, user_id=f"U{name.upper()}")


def press(value: str, at: datetime = NOON) -> Press:
    return Press(user_id="UMIRA", user_name="Mira", value=value, trigger_id="t", request_id="r", at=at)


async def test_both_sides_read_until_when_a_deploy_to_production_is_unverified(ctx: Context) -> None:
    await deploy(ctx)
    stored = await soak(ctx)
    assert stored
    assert (stored.state, stored.since, stored.until) == (SoakState.SOAKING, NOON, ENDS)
    for side in ("dev", "ops"):
        card = (await said(ctx, NOON, side))[0]
        assert f"in soak until* <!date^{int(ENDS.timestamp())}^" in card
        assert ("I watch it" in card) == (side == "ops")


async def test_a_soak_ends_by_itself_once_and_both_sides_read_it(ctx: Context) -> None:
    await deploy(ctx)
    await said(ctx, NOON)
    await tend_soaks(ctx, ENDS - minutes(1))
    assert await said(ctx, ENDS) == []
    await tend_soaks(ctx, ENDS + minutes(5))
    (card,) = await said(ctx, ENDS + minutes(5))
    assert "verified by its soak" in card
    await tend_soaks(ctx, ENDS + minutes(6))
    assert await said(ctx, ENDS + minutes(6)) == []
    stored = await soak(ctx)
    assert stored
    assert (stored.state, stored.ended_at, stored.ended_by) == (SoakState.VERIFIED, ENDS, None)


async def test_a_person_verifies_and_is_named_and_the_second_is_told_who_did(ctx: Context) -> None:
    await deploy(ctx)
    await said(ctx, NOON)
    outcome = await ACTIONS.buttons[VERIFY](ctx, press("1", NOON + minutes(3)))
    assert outcome.message
    assert "#1 is verified by you" in outcome.message.text
    (card,) = await said(ctx, NOON + minutes(3))
    assert "verified by Mira" in card
    with pytest.raises(UserError, match="verified already, by Mira"):
        await verify(ctx, 1, by("Jun", NOON + minutes(4)))
    stored = await soak(ctx)
    assert stored
    assert (stored.ended_by, stored.ended_by_id, stored.ended_at) == ("Mira", "UMIRA", NOON + minutes(3))


@pytest.mark.parametrize(("value", "why"), [("99", "not in soak"), ("x", "another version")])
async def test_a_button_of_something_else_says_so(ctx: Context, value: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        await ACTIONS.buttons[WATCH](ctx, press(value))


async def test_the_watcher_is_named_once_taken_and_after_it_was_handed_over(ctx: Context) -> None:
    await deploy(ctx)
    assert "nobody watches it" in (await said(ctx, NOON, "ops"))[0]
    await ACTIONS.buttons[WATCH](ctx, press("1"))
    assert "Mira watches it" in (await said(ctx, NOON, "ops"))[0]
    with pytest.raises(UserError, match="watching #1 already"):
        await ACTIONS.buttons[WATCH](ctx, press("1"))
    async with ctx.transaction() as store:
        (one,) = await store.soaks.open(["payments"])
        await give_watch(store, one, "Jun", "UJUN", NOON)
    assert "Jun watches it" in (await said(ctx, NOON, "ops"))[0]


async def incident(ctx: Context, at: datetime) -> int:
    opening = Opening(title="Errors", services=("payments",), severity=Severity.SEV2, environment="production")
    opened = await open_incident(ctx, opening, by("Ada", at))
    return opened.id


async def test_what_an_incident_is_held_against_is_not_verified_by_time_nor_by_a_person(ctx: Context) -> None:
    await deploy(ctx)
    number = await incident(ctx, NOON + minutes(10))
    await tend_soaks(ctx, NOON + minutes(11))
    stored = await soak(ctx)
    assert stored
    assert stored.state is SoakState.SUSPECTED
    await tend_soaks(ctx, ENDS + minutes(30))
    with pytest.raises(UserError, match=f"INC-{number} is open and held against #1"):
        await verify(ctx, 1, by(at=ENDS + minutes(30)))
    assert (await soak(ctx)) == stored


async def test_a_deploy_that_is_cleared_soaks_on_or_is_verified_when_its_time_was_over(ctx: Context) -> None:
    await deploy(ctx)
    await incident(ctx, NOON + minutes(10))
    await tend_soaks(ctx, NOON + minutes(11))
    await not_mine(ctx, 1, by("Zoe", NOON + minutes(12)))
    await tend_soaks(ctx, NOON + minutes(13))
    stored = await soak(ctx)
    assert stored
    assert (stored.state, stored.is_open) == (SoakState.SOAKING, True)


async def test_the_next_deploy_in_the_same_place_takes_over(ctx: Context) -> None:
    await deploy(ctx)
    await said(ctx, NOON)
    await deploy(ctx, "2", NOON + minutes(20))
    first, second = await soak(ctx), await soak(ctx, 2)
    assert first
    assert second
    assert (first.state, first.replaced_by, first.ended_at) == (SoakState.REPLACED, 2, NOON + minutes(20))
    assert second.is_open
    assert "replaced by #2" in (await said(ctx, NOON + minutes(20)))[0]
    with pytest.raises(UserError, match="replaced by #2"):
        await verify(ctx, 1, by())


async def test_one_that_is_told_late_is_replaced_by_what_runs_since(ctx: Context) -> None:
    await deploy(ctx, "2", NOON + minutes(20))
    await deploy(ctx, "1", NOON, heard=NOON + minutes(21))
    late = await soak(ctx, 2)
    assert late
    assert (late.replaced_by, late.state) == (1, SoakState.REPLACED)


@pytest.mark.parametrize(
    ("status", "environment", "heard"),
    [
        (DeployStatus.STARTED, "production", NOON),
        (DeployStatus.FAILED, "production", NOON),
        (DeployStatus.SUCCEEDED, "staging", NOON),
        (DeployStatus.SUCCEEDED, "production", ENDS),
    ],
)
async def test_only_fresh_successes_in_production_soak(
    ctx: Context, status: DeployStatus, environment: str, heard: datetime
) -> None:
    await deploy(ctx, status=status, environment=environment, heard=heard)
    assert await soak(ctx) is None


def configured(service: float | None, place: float | None) -> Topology:
    where = tuple(replace(e, soak=None if place is None else minutes(place)) for e in DEFAULT_ENVIRONMENTS)
    payments = Service(name="payments", soak=None if service is None else minutes(service), environments=where)
    return replace(TOPOLOGY, services=(payments,))


@pytest.mark.parametrize(
    ("service", "place", "expected"),
    [(None, None, (60, 0)), (15, None, (15, 0)), (15, 5, (5, 5)), (0, None, (0, 0)), (15, 0, (0, 0))],
)
def test_the_nearest_word_of_the_configuration_counts(
    service: float | None, place: float | None, expected: tuple[int, int]
) -> None:
    topology = configured(service, place)
    lengths = tuple(topology.soak_for("payments", e) // minutes(1) for e in ("production", "staging"))
    assert lengths == expected


async def test_deploys_shows_what_is_unverified(ctx: Context) -> None:
    await deploy(ctx)
    reply = await COMMAND.run(ctx, typed("payments", NOON))
    assert reply.message
    assert "in soak until" in str(reply.message.blocks)
