"""Reports: past instants, scopes, and what a person's move changes in the numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from bot.database import Database
from handlers.attribution import catch_up
from handlers.reports import Report, Scope, as_heard, read_report, scope_named
from models.periods import window
from models.silence import Silence
from models.store.sources import Heard
from models.topology import Bridge, Service, Topology
from tests.support.histories import remember

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = window(MONDAY.date(), "week", "UTC")
_NOTHING: dict[str, Any] = {"deploys": 0, "deploys_by_day": (0,) * 7}
ALL = Scope(name="all", services=None)


def deploy(name: str, hours: int, *, received: int | None = None, environment: str = "production", **said: Any) -> Any:
    at = MONDAY + timedelta(hours=hours)
    arrived = MONDAY + timedelta(hours=hours if received is None else received)
    return {
        "id": f"e-{name}-{environment}",
        "source": "ci",
        "type": "deploy",
        "occurred_at": at.isoformat(),
        "received_at": arrived.isoformat(),
        "service": said.pop("service", "shop"),
        "environment": {"id": environment, "tier": "production"},
        "deploy": {"deploy_id": name, "status": "succeeded", "finished_at": at.isoformat(), **said},
    }


async def read(database: Database, as_of: datetime, scope: Scope = ALL) -> Report:
    async with database.reading() as store:
        return await read_report(store, scope, WEEK, as_of)


async def heard(database: Database, until: datetime) -> None:
    async with database.transaction() as store:
        told = Heard(
            name="ci",
            kind="events",
            deliveries=1,
            first_received_at=MONDAY,
            last_received_at=until,
            last_event_at=until,
        )
        await store.sources.hear([told])


async def test_what_arrived_after_an_instant_is_left_out_of_its_numbers(database: Database) -> None:
    late = deploy("d3", 30, received=200, version="v3", kind="hotfix", fixes=["d2"])
    await remember(database, [deploy("d1", 1), deploy("d2", 20), late])
    await heard(database, MONDAY + timedelta(hours=200))
    then, now = await read(database, MONDAY + timedelta(hours=199)), await read(database, MONDAY + timedelta(hours=200))
    assert (2, 0, 0) == (then.now.deploys, then.now.failed_deploys, then.now.rework_deploys)
    assert (3, 1, 1) == (now.now.deploys, now.now.failed_deploys, now.now.rework_deploys)
    assert ("d2",) == now.now.failed_deploy_ids


async def test_what_had_not_happened_yet_does_not_count(database: Database) -> None:
    await remember(database, [deploy("d1", 1), deploy("d2", 20)])
    report = await read(database, MONDAY + timedelta(hours=19))
    assert 1 == report.now.deploys


async def test_the_history_ends_with_now_and_holds_the_previous_period_before_it(database: Database) -> None:
    await remember(database, [deploy("d0", -24), deploy("d1", 1)])
    report = await read(database, MONDAY + timedelta(days=9))
    assert report.now == report.history[-1]
    assert report.previous == report.history[-2]
    assert [0, 1, 1] == [0 if n.deploys is None else n.deploys for n in report.history[-3:]]
    assert report.history[-3].deploys is None


async def test_an_environment_narrows_to_what_reached_it(database: Database) -> None:
    regions = ("prod-eu", "prod-us")
    await remember(database, [deploy("p1", n, environment=e, rollout_id="r1") for n, e in enumerate(regions)])
    as_of = MONDAY + timedelta(days=8)
    assert 1 == (await read(database, as_of)).now.deploys
    assert 1 == (await read(database, as_of, Scope(name="eu", services=("shop",), environment="prod-eu"))).now.deploys
    apac = Scope(name="apac", services=("shop",), environment="prod-apac")
    assert 0 == (await read(database, as_of, apac)).now.deploys


async def test_deployments_of_an_earlier_release_are_attributed_once(database: Database) -> None:
    await remember(
        database, [deploy("d1", 1, version="v1"), deploy("d2", 2, version="v2"), deploy("d3", 3, version="v1")]
    )
    as_of = MONDAY + timedelta(days=8)
    expected = await read(database, as_of)
    async with database.transaction() as store:
        for statement in ("DELETE FROM rollouts", "DELETE FROM blames", "UPDATE ledger SET remedy = NULL"):
            await store._connection.execute(text(statement))
        assert 3 == await catch_up(store)
        assert 0 == await catch_up(store)
    assert expected == await read(database, as_of)


async def test_of_a_period_that_all_senders_were_silent_in_only_what_is_known_counts(database: Database) -> None:
    await remember(database, [deploy("d0", -24), deploy("d1", 1)])
    report = await read(database, MONDAY + timedelta(days=9))
    silence = Silence(since=MONDAY, senders=("ci",))
    busy, empty = (as_heard(replace(report.now, **some), WEEK, silence) for some in ({}, _NOTHING))
    assert (1, 0, False) == (busy.deploys, len(busy.deploys_by_day or ()) - 7, busy.no_data)
    assert "deploys" not in busy.silenced
    assert (None, None, True) == (empty.deploys, empty.deploys_by_day, empty.no_data)
    assert {"deploys", "deploys_by_day", "incidents_started"} <= set(empty.silenced)


def test_a_name_means_a_bridge_then_a_service_then_a_team() -> None:
    topology = Topology(
        bridges=(Bridge(name="payments", dev="#d", ops="#o", services=("shop", "billing")),),
        services=(Service(name="shop", aliases=("acme/shop",), owner="Team A"), Service(name="billing")),
    )
    assert Scope(name="payments", services=("shop", "billing")) == scope_named(topology, ["Payments"])
    assert Scope(name="shop", services=("shop",)) == scope_named(topology, ["acme/shop"])
    assert Scope(name="Team A", services=("shop",)) == scope_named(topology, ["team", "a"])
    assert Scope(name="team:Team A", services=("shop",)) == scope_named(topology, ["Team:team", "a"])
    assert scope_named(topology, ["service:payments"]) is None
    assert scope_named(topology, ["nobody"]) is None


async def test_a_sender_without_versions_is_seen_to_roll_back_by_its_shas(database: Database) -> None:
    shas = ("aaa", "bbb", "aaa")
    await remember(database, [deploy(f"d{n}", n, git={"commit_sha": sha}) for n, sha in enumerate(shas)])
    report = await read(database, MONDAY + timedelta(days=8))
    assert (1, ("d1",)) == (report.now.rollbacks, report.now.failed_deploy_ids)
