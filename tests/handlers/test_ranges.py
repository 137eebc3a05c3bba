"""What a deployment brought is found from the pushes, whichever comes first, and where a sender lists nothing."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from handlers.bookkeeping import Told, book
from models.records import Deploy
from models.reports import CommitReport, DeployReport, Report
from models.topology import Service, Topology
from models.words import DeployStatus

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
REPOSITORY = "acme/payments"
TOPOLOGY = Topology(services=(Service(name="payments", repositories=(REPOSITORY,)),))


def pushed(shas: str, before: str | None) -> list[Report]:
    """One push: its commits, an hour old, each after the one before."""
    pairs = itertools.pairwise([before, *shas])
    return [
        CommitReport(repository=REPOSITORY, sha=sha, authored_at=MONDAY - timedelta(hours=1), previous_sha=previous)
        for previous, sha in pairs
        if sha
    ]


def deployed(sha: str, hours: int) -> DeployReport:
    at = MONDAY + timedelta(hours=hours)
    return DeployReport(
        deploy_id=f"d{hours}",
        service=REPOSITORY,
        environment="production",
        occurred_at=at,
        status=DeployStatus.SUCCEEDED,
        finished_at=at,
        sha=sha,
        repository=REPOSITORY,
    )


async def tell(database: Database, *reports: Report) -> None:
    """Write what arrived as it happened; a push is there on Monday."""
    told = [Told(0, "github", MONDAY if isinstance(r, CommitReport) else r.occurred_at, r) for r in reports]
    async with database.transaction() as store:
        await book(store, TOPOLOGY, told)


async def brought(database: Database) -> dict[str, str | None]:
    """Return the commits of each deployment in order, `None` where nobody knows them."""
    async with database.reading() as store:
        deploys: list[Deploy] = await store.deploys.recent()
        listed = {d.deploy_id: await store.commits.of(d.id) for d in deploys}
    return {d.deploy_id: "".join(c.sha for c in listed[d.deploy_id]) if d.commits_known else None for d in deploys}


async def leads(database: Database) -> dict[str, float]:
    async with database.reading() as store:
        facts = await store.rollouts.facts(None, None, MONDAY, MONDAY + timedelta(days=9), MONDAY + timedelta(days=9))
    return {sha: seconds / 3600 for r in facts.rollouts for sha, seconds in r.leads or ()}


async def test_a_deployment_brings_what_was_pushed_since_the_one_before(database: Database) -> None:
    await tell(database, *pushed("ab", None), deployed("b", 1))
    await tell(database, *pushed("cd", "b"), *pushed("e", "d"), deployed("e", 2))
    assert {"d1": None, "d2": "cde"} == await brought(database)
    assert {"c": 3.0, "d": 3.0, "e": 3.0} == await leads(database)


async def test_the_same_again_brings_nothing(database: Database) -> None:
    await tell(database, *pushed("a", None), deployed("a", 1), deployed("a", 2))
    async with database.reading() as store:
        assert {"d1": False, "d2": True} == {d.deploy_id: d.commits_known for d in await store.deploys.recent()}
    assert {} == await leads(database)


async def test_a_way_with_a_hole_is_not_known_until_it_is_closed(database: Database) -> None:
    await tell(database, *pushed("a", None), deployed("a", 1), *pushed("cd", "b"), deployed("d", 2))
    assert {"d1": None, "d2": None} == await brought(database)
    await tell(database, *pushed("b", "a"))
    assert {"d1": None, "d2": "bcd"} == await brought(database)


async def test_going_back_is_no_range(database: Database) -> None:
    await tell(database, *pushed("abc", None), deployed("a", 1), deployed("c", 2), deployed("a", 3))
    assert {"d1": None, "d2": "bc", "d3": None} == await brought(database)


@pytest.mark.parametrize("seed", range(8))
async def test_the_order_of_arrival_changes_no_lead_time(database: Database, seed: int) -> None:
    told = [*pushed("ab", None), *pushed("cd", "b"), *pushed("ef", "d")]
    told += [deployed("b", 1), deployed("d", 2), deployed("f", 3)]
    random.Random(seed).shuffle(told)
    for report in told:
        await tell(database, report)
    assert {"c": 3.0, "d": 3.0, "e": 4.0, "f": 4.0} == await leads(database)
