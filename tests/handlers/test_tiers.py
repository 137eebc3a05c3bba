"""A tier that changes in the configuration changes what stored deployments count for, and back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.database import Database
from bot.sweeps import retier
from handlers.bookkeeping import Told, book
from handlers.reports import Scope, read_report
from models.delivery import Numbers
from models.periods import window
from models.reports import DeployReport, IncidentReport, Report
from models.topology import Environment, Service, Topology
from models.words import DeployStatus, IncidentStatus, Tier
from tests.support.world import context

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = MONDAY + timedelta(days=1)


def tiers(**named: Tier) -> Topology:
    environments = tuple(Environment(name=name, tier=tier) for name, tier in named.items())
    return Topology(services=(Service(name="payments", environments=environments),))


AS_STAGING = tiers(canary=Tier.STAGING, production=Tier.PRODUCTION)
AS_PRODUCTION = tiers(canary=Tier.PRODUCTION, production=Tier.PRODUCTION)


def deployed(environment: str, hours: int) -> DeployReport:
    at = MONDAY + timedelta(hours=hours)
    return DeployReport(
        deploy_id=f"{environment}-{hours}",
        service="payments",
        environment=environment,
        occurred_at=at,
        status=DeployStatus.SUCCEEDED,
        finished_at=at,
        version=f"v{hours}",
    )


async def remember(database: Database, count: int = 3) -> None:
    incident = IncidentReport(
        incident_id="i1",
        services=("payments",),
        environment="canary",
        title="slow",
        status=IncidentStatus.TRIGGERED,
        started_at=MONDAY + timedelta(hours=count, minutes=30),
        occurred_at=MONDAY + timedelta(hours=count, minutes=30),
    )
    reports: list[Report] = [*(deployed("canary", n) for n in range(1, count + 1)), deployed("production", 1), incident]
    async with database.transaction() as store:
        await book(store, AS_STAGING, [Told(0, "ci", MONDAY, report) for report in reports])


async def numbers(database: Database) -> Numbers:
    scope = Scope(name="payments", services=("payments",))
    async with database.reading() as store:
        return (await read_report(store, scope, window(MONDAY.date(), "week", "UTC"), LATER)).now


async def test_what_becomes_production_counts_and_can_be_blamed(database: Database) -> None:
    await remember(database)
    assert (1, 0) == ((before := await numbers(database)).deploys, before.failed_deploys)
    await retier(context(database, topology=AS_PRODUCTION))
    after = await numbers(database)
    assert (4, ("canary-3",)) == (after.deploys, after.failed_deploy_ids)
    assert {"i1": "inferred:canary-3"} == after.attribution


async def test_what_is_production_no_more_counts_for_nothing(database: Database) -> None:
    await remember(database)
    before = await numbers(database)
    await retier(context(database, topology=AS_PRODUCTION))
    await retier(context(database, topology=AS_STAGING))
    assert before == await numbers(database)


async def test_a_lane_of_more_than_a_batch_is_taken_over_whole(database: Database) -> None:
    await remember(database, 520)
    await retier(context(database, topology=AS_PRODUCTION))
    async with database.reading() as store:
        assert {Tier.PRODUCTION} == {lane.tier for lane in await store.tiers.all()}


async def test_what_the_configuration_does_not_know_stays_as_it_is(database: Database) -> None:
    await remember(database)
    nobody = replace(AS_PRODUCTION, services=(Service(name="checkout"),))
    await retier(context(database, topology=nobody))
    assert 1 == (await numbers(database)).deploys
