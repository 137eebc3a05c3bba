"""A sender whose clock is ahead: what it says counts from when it came."""

from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers.ahead import by_arrival
from handlers.bookkeeping import Told, book
from models.reports import IncidentReport, Report
from models.words import DeployStatus, IncidentStatus
from tests.handlers.test_intake import deployed
from tests.support.webhooks import AT
from tests.support.world import TOPOLOGY

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def incident(status: IncidentStatus, occurred_at: datetime, event_id: str) -> IncidentReport:
    return IncidentReport(
        incident_id="a", occurred_at=occurred_at, status=status, services=("payments",), event_id=event_id
    )


async def told(database: Database, *reports: tuple[Report, datetime]) -> None:
    async with database.transaction() as store:
        for number, (report, received_at) in enumerate(reports):
            await book(store, TOPOLOGY, [Told(number, "ci", received_at, report)])


async def test_a_later_word_counts_although_an_earlier_one_came_from_a_clock_that_is_ahead(database: Database) -> None:
    await told(
        database,
        (incident(IncidentStatus.TRIGGERED, AT + HOUR, "1"), AT),
        (incident(IncidentStatus.RESOLVED, AT + HOUR + 5 * MINUTE, "2"), AT + 5 * MINUTE),
        (incident(IncidentStatus.REOPENED, AT + 20 * MINUTE, "3"), AT + 20 * MINUTE),
    )
    async with database.reading() as store:
        found = await store.incidents.get(1)

    assert found is not None
    assert (IncidentStatus.REOPENED, AT, AT + 5 * MINUTE) == (found.status, found.started_at, found.resolved_at)


async def test_a_deploy_of_a_clock_that_is_ahead_is_not_live_in_the_future(database: Database) -> None:
    report = deployed(ahead=HOUR)
    report.finished_at = report.occurred_at
    await told(database, (report, report.occurred_at - HOUR))
    async with database.reading() as store:
        [deploy] = await store.deploys.recent()

    assert (DeployStatus.SUCCEEDED, report.occurred_at - HOUR) == (deploy.status, deploy.finished_at)


@pytest.mark.parametrize("ahead", [-HOUR, timedelta(), 5 * MINUTE])
def test_times_that_are_late_or_hardly_ahead_stay_as_they_are(ahead: timedelta) -> None:
    report = incident(IncidentStatus.TRIGGERED, AT + ahead, "1")
    assert report is by_arrival(report, AT)
