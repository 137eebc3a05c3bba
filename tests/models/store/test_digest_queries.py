"""What a digest asks of the store: the window, all of it, and nothing but it."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.database import Database
from models.records import Deploy
from models.words import Tier
from tests.handlers.views import samples

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def deploy(number: int, finished_at: datetime, **fields: object) -> Deploy:
    return samples.deploy(
        deploy_id=str(number), finished_at=finished_at, latest_at=finished_at, tier=Tier.PRODUCTION, **fields
    )


async def test_it_is_known_since_when_a_service_deploys(database: Database, at: datetime) -> None:
    many = [deploy(n, at + n * HOUR, service=f"service-{n}") for n in range(120)]
    later = [replace(d, deploy_id="again", finished_at=at + 200 * HOUR, latest_at=at + 200 * HOUR) for d in many]
    async with database.transaction() as store:
        await store.changes.add(samples.change(service="payments", occurred_at=at - DAY))
        await store.deploys.add_many([*later, *many])
        first = await store.deploys.first_known([*(d.service for d in many), "payments"])
    assert {d.service: d.finished_at for d in many} == first
