"""What a digest asks of the store: the window, all of it, and nothing but it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from models.records import Deploy, Incident
from models.words import DeployStatus, IncidentStatus, Tier
from tests.handlers.views import samples

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def deploy(number: int, finished_at: datetime, **fields: object) -> Deploy:
    return samples.deploy(
        deploy_id=str(number), finished_at=finished_at, latest_at=finished_at, tier=Tier.PRODUCTION, **fields
    )


def incident(number: int, **fields: object) -> Incident:
    return samples.incident(id=0, leader_id=None, incident_id=str(number), **fields)


@pytest.mark.parametrize(
    ("hours", "is_meant"),
    [
        ({"started_at": 0}, True),
        ({"started_at": 24}, False),
        ({"started_at": -30, "resolved_at": 23}, True),
        ({"started_at": -30, "resolved_at": -1}, False),
        ({"started_at": -2, "acknowledged_at": 1}, True),
        ({"started_at": -2, "acknowledged_at": 1, "resolved_at": 60}, True),
        ({"started_at": -2, "acknowledged_at": -1, "resolved_at": 60}, False),
        ({"started_at": None, "resolved_at": 5}, True),
    ],
)
async def test_an_incident_belongs_to_each_window_it_moved_in(
    database: Database, at: datetime, hours: dict[str, int | None], is_meant: bool
) -> None:
    moves = {name: None if hour is None else at + hour * HOUR for name, hour in hours.items()}
    status = IncidentStatus.RESOLVED if "resolved_at" in moves else IncidentStatus.TRIGGERED
    async with database.transaction() as store:
        await store.incidents.add(incident(1, status=status, **moves))
        found = await store.incidents.of_window(at, at + DAY, ["payments", "checkout"])
        elsewhere = await store.incidents.of_window(at, at + DAY, ["checkout"])
    assert ([1] if is_meant else []) == [i.id for i in found]
    assert [] == elsewhere


async def test_signals_and_tests_are_no_incidents_of_a_window(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.incidents.add(incident(1, started_at=at, is_signal=True))
        await store.incidents.add(incident(2, started_at=at, is_test=True))
        assert [] == await store.incidents.of_window(at, at + DAY, ["payments"])


async def test_the_members_of_a_rollout_are_one_deploy(database: Database, at: datetime) -> None:
    members = [deploy(n, at, rollout_id="r1", environment=f"prod-{n}") for n in (1, 2, 3)]
    failed = deploy(4, at, status=DeployStatus.FAILED)
    async with database.transaction() as store:
        await store.deploys.add_many([*members, failed, deploy(5, at), deploy(6, at + DAY)])
        tally = await store.deploys.tally(services=["payments"], since=at, until=at + DAY)
    counts = {status: n for _, _, status, n in tally}
    assert {DeployStatus.SUCCEEDED: 2, DeployStatus.FAILED: 1} == counts


async def test_it_is_known_since_when_a_service_deploys(database: Database, at: datetime) -> None:
    many = [deploy(n, at + n * HOUR, service=f"service-{n}") for n in range(120)]
    later = [replace(d, deploy_id="again", finished_at=at + 200 * HOUR, latest_at=at + 200 * HOUR) for d in many]
    async with database.transaction() as store:
        await store.changes.add(samples.change(service="payments", occurred_at=at - DAY))
        await store.deploys.add_many([*later, *many])
        first = await store.deploys.first_known([*(d.service for d in many), "payments"])
    assert {d.service: d.finished_at for d in many} == first
