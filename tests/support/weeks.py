"""Nine weeks of two services, for pictures of digests: much as always, but the last week fails more than usual."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bot.database import Database
from handlers.bookkeeping import book
from models.operations import OperationsReading
from models.records import TimelineEntry
from models.store.sources import Heard
from models.topology import Service, Topology
from models.words import EntryKind
from tests.support.histories import told_by

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
WEEKS: Final = 9
# Deploys of each week, and after which of them an incident began; the last week is the one that is told of.
_DEPLOYS: Final = (9, 11, 8, 12, 10, 13, 11, 9, 13)
_INCIDENTS: Final = ((2,), (), (4,), (1, 7), (), (5,), (3,), (6,), (2, 5, 10))


def events(monday: datetime) -> Iterator[dict[str, Any]]:
    """Return what senders told in the nine weeks that end on a Monday."""
    chance = random.Random(7)
    for week, (count, failing) in enumerate(zip(_DEPLOYS, _INCIDENTS, strict=True)):
        start = monday - (WEEKS - week) * 7 * DAY
        for n in range(count):
            at = start + (n * 5 // count) * DAY + (9 + chance.random() * 4) * HOUR
            name, service = f"w{week}-{n}", "checkout" if n % 3 == 2 else "payments"
            yield _deploy(name, service, at, chance)
            if n in failing:
                is_open = week == WEEKS - 1 and n == failing[-1]
                yield from _incident(name, service, at + chance.uniform(0.2, 1.5) * HOUR, chance, is_open=is_open)


def _deploy(name: str, service: str, at: datetime, chance: random.Random) -> dict[str, Any]:
    commits = [
        {"sha": f"{name}-{n}".ljust(40, "0"), "authored_at": (at - chance.uniform(1, 60) * HOUR).isoformat()}
        for n in range(chance.randint(1, 3))
    ]
    return _event(
        name,
        "deploy",
        at,
        service=service,
        environment={"id": "production", "tier": "production"},
        deploy={
            "deploy_id": name,
            "status": "succeeded",
            "version": name,
            "finished_at": at.isoformat(),
            "git": {"commits": commits},
        },
    )


def _incident(
    name: str, service: str, at: datetime, chance: random.Random, *, is_open: bool
) -> Iterator[dict[str, Any]]:
    title = chance.choice(("Charges fail", "Checkout is slow", "Queue of refunds grows", "Gateway times out"))
    told = {"incident_id": f"i-{name}", "title": title, "severity": "sev2", "services": [service]}
    yield _event(f"i-{name}-1", "incident", at, service=service, incident={**told, "status": "triggered"})
    acknowledged = at + timedelta(minutes=chance.uniform(2, 9))
    yield _event(f"i-{name}-2", "incident", acknowledged, service=service, incident={**told, "status": "acknowledged"})
    if not is_open:
        resolved = at + chance.uniform(0.4, 2.5) * HOUR
        yield _event(f"i-{name}-3", "incident", resolved, service=service, incident={**told, "status": "resolved"})


def _event(name: str, kind: str, at: datetime, **said: Any) -> dict[str, Any]:
    return {"id": f"e-{name}", "source": "events", "type": kind, "occurred_at": at.isoformat(), **said}


async def remember(database: Database, topology: Topology, monday: datetime, now: datetime) -> None:
    """Write the nine weeks, with who answered in the last of them; nothing is said of them in Slack."""
    silent = Topology(services=topology.services)
    for event in events(monday):
        async with database.transaction() as store:
            told = told_by(event)
            await book(store, silent, told)
    async with database.transaction() as store:
        await store.sources.hear(
            [
                Heard(
                    name=name,
                    kind=name,
                    deliveries=900,
                    first_received_at=monday - 70 * DAY,
                    last_received_at=now,
                    last_event_at=now,
                )
                for name in ("github", "gitlab", "alertmanager", "events")
            ]
        )
        for incident in await store.incidents.recent(since=monday - 7 * DAY, until=monday):
            assert incident.started_at is not None
            acts = (("ops", 3), ("dev", 9)) if incident.id % 2 else (("ops", 4),)
            for side, minutes in acts:
                at = incident.started_at + timedelta(minutes=minutes)
                entry = TimelineEntry(incident_id=incident.id, at=at, kind=EntryKind.NOTE, via=f"slack:{side}")
                await store.incidents.add_entry(entry, f"{side}-{incident.id}")


class Monitoring:
    """Says of each service with an objective that it ran well, but for the hours after its worst deployment."""

    async def read(self, services: Sequence[Service], start: datetime, end: datetime) -> list[OperationsReading]:
        """Return a reading with one dip."""
        step = (end - start) / 48
        points = tuple((start + (n + 1) * step, 0.962 if n == 24 else 0.99995 - (n % 5) / 50_000) for n in range(48))
        return [
            OperationsReading(
                service=service.name,
                availability=0.99916,
                error_budget_left=0.34,
                burn_rate=0.84,
                latency_s=0.212,
                points=points,
            )
            for service in services
            if service.operations
        ]
