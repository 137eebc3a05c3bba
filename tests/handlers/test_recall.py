"""A past instant is recalled as it was known then, whatever was learnt or corrected since."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.database import Database
from handlers.acting import By
from handlers.causes import set_cause
from handlers.reports import Scope, read_report
from models.delivery import Numbers
from models.periods import window
from models.store.sources import Heard
from models.topology import Service, Topology
from tests.support.histories import remember
from tests.support.world import context

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = window(MONDAY.date(), "week", "UTC")


def hour(number: float) -> datetime:
    return MONDAY + timedelta(hours=number)


def event(kind: str, at: float, arrived: float | None = None, **said: Any) -> dict[str, Any]:
    return {
        "id": f"{kind}-{at}-{arrived}-{sorted(said.items())!r}"[:200],
        "source": "ci",
        "type": kind,
        "occurred_at": hour(at).isoformat(),
        "received_at": hour(at if arrived is None else arrived).isoformat(),
        "service": "shop",
        "environment": {"id": "production", "tier": "production"},
        kind: said,
    }


def deploy(name: str, at: float, arrived: float | None = None, **said: Any) -> dict[str, Any]:
    return event("deploy", at, arrived, **{"deploy_id": name, "status": "succeeded", **said})


def incident(status: str, at: float, arrived: float | None = None, **said: Any) -> dict[str, Any]:
    return event("incident", at, arrived, incident_id="i1", status=status, title="slow", **said)


async def tell(database: Database, *events: dict[str, Any]) -> None:
    await remember(database, list(events))
    last = max(datetime.fromisoformat(e["received_at"]) for e in events)
    heard = Heard(
        name="ci",
        kind="events",
        deliveries=1,
        first_received_at=MONDAY,
        last_received_at=max(last, hour(150)),
        last_event_at=last,
    )
    async with database.transaction() as store:
        await store.sources.hear([heard])


async def at(database: Database, number: float) -> Numbers:
    async with database.reading() as store:
        return (await read_report(store, Scope(name="all", services=None), WEEK, hour(number))).now


async def test_a_success_that_was_learnt_late_did_not_count_before(database: Database) -> None:
    await tell(database, deploy("d0", 1), deploy("d1", 2, status="started"), deploy("d1", 3, 30))
    assert 1 == (await at(database, 29)).deploys
    assert 2 == (await at(database, 30)).deploys


async def test_a_deployment_that_was_linked_later_was_no_fix_before(database: Database) -> None:
    await tell(
        database, deploy("d1", 1), deploy("d2", 2), deploy("d2", 40, finished_at=hour(2).isoformat(), fixes=["d1"])
    )
    assert (0, 0) == ((then := await at(database, 39)).failed_deploys, then.rework_deploys)
    assert (1, 1) == ((now := await at(database, 40)).failed_deploys, now.rework_deploys)


async def test_a_cause_that_a_sender_gave_later_was_inferred_before(database: Database) -> None:
    await tell(database, deploy("d1", 1), deploy("d2", 2), incident("triggered", 3))
    await tell(database, incident("acknowledged", 40, caused_by=["d1"]))
    assert {"i1": "inferred:d2"} == (await at(database, 39)).attribution
    assert {"i1": "explicit:d1"} == (await at(database, 40)).attribution


async def test_an_incident_that_was_reopened_was_over_before(database: Database) -> None:
    await tell(database, deploy("d1", 1), incident("triggered", 2), incident("resolved", 5))
    await tell(database, incident("reopened", 40), incident("resolved", 50))
    was = await at(database, 39)
    assert (0, 1, 3 * 3600.0) == (was.incidents_open, was.mttr_n, was.mttr_median_s)
    assert 1 == (await at(database, 45)).incidents_open
    assert 48 * 3600.0 == (await at(database, 60)).mttr_median_s


async def test_an_end_that_was_learnt_late_was_open_before(database: Database) -> None:
    await tell(database, deploy("d1", 1), incident("triggered", 2), incident("resolved", 5, 40))
    assert (1, 0) == ((then := await at(database, 39)).incidents_open, then.mttr_n)
    assert (0, 1) == ((now := await at(database, 40)).incidents_open, now.mttr_n)


async def test_what_a_person_said_later_was_not_known_before(database: Database) -> None:
    await tell(database, deploy("d1", 1), incident("triggered", 2))
    ctx = context(database, topology=Topology(services=(Service(name="shop"),)))
    by = By(name="Ada", user_id="U1", channel_id=None, at=hour(40), request_id="r1")
    await set_cause(ctx, 1, "external", by)
    assert {"i1": "inferred:d1"} == (await at(database, 39)).attribution
    assert {"i1": None} == (await at(database, 41)).attribution


async def test_what_is_told_in_time_is_not_kept_twice(database: Database) -> None:
    await tell(database, deploy("d1", 1, status="started"), deploy("d1", 2), incident("triggered", 3))
    await tell(database, incident("acknowledged", 4), incident("resolved", 5))
    async with database.reading() as store:
        then = await store.revisions.at(MONDAY)
    assert ({}, {}) == (then.deploys, then.incidents)
