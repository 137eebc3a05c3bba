"""A past instant is recalled as it was known then, whatever was learnt or corrected since."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import utc_now
from bot.database import Database, head_revision, migrate
from bot.sweeps import prune
from handlers.acting import By
from handlers.causes import set_cause
from handlers.errors import Forgotten
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


async def test_a_person_who_corrects_while_every_sender_is_silent_changes_what_was_too(database: Database) -> None:
    await remember(database, [deploy("d1", 1), incident("triggered", 2)])
    ctx = context(database, topology=Topology(services=(Service(name="shop"),)))
    by = By(name="Ada", user_id="U1", channel_id=None, at=hour(40), request_id="r1")
    await set_cause(ctx, 1, "external", by)
    assert {"i1": "inferred:d1"} == (await at(database, 39)).attribution


async def test_what_is_forgotten_is_said_to_be_and_what_is_kept_stays_right(database: Database) -> None:
    await tell(database, deploy("d0", 1), deploy("d1", 2, status="started"), deploy("d1", 3, 30))
    await tell(database, incident("triggered", 2), incident("resolved", 5, 60))
    ctx = context(database)
    await prune(ctx, hour(20) + ctx.topology.retention.revisions)
    assert 1 == (await at(database, 29)).deploys

    await prune(ctx, hour(40) + ctx.topology.retention.revisions)
    with pytest.raises(Forgotten) as forgotten:
        await at(database, 39)
    assert hour(40) == forgotten.value.since
    assert (2, 1) == ((then := await at(database, 40)).deploys, then.incidents_open)
    assert 0 == (await at(database, 60)).incidents_open

    await prune(ctx, hour(45) + ctx.topology.retention.revisions)
    assert 2 == (await at(database, 40)).deploys, "nothing more was forgotten, so nothing more is unknown"


async def test_what_was_before_changes_were_kept_is_said_to_be_unknown(database: Database) -> None:
    await tell(database, deploy("d1", 1), incident("triggered", 2))
    before = f"-{int(head_revision()) - 28}"
    for revision in (before, "head"):
        await asyncio.to_thread(migrate, database.url, revision)
    with pytest.raises(Forgotten) as forgotten:
        await at(database, 39)
    assert timedelta(minutes=5) > utc_now() - forgotten.value.since


async def test_what_is_told_in_time_is_not_kept_twice(database: Database) -> None:
    await tell(database, deploy("d1", 1, status="started"), deploy("d1", 2), incident("triggered", 3))
    await tell(database, incident("acknowledged", 4), incident("resolved", 5))
    async with database.reading() as store:
        then = await store.revisions.at(MONDAY)
    assert ({}, {}) == (then.deploys, then.incidents)
