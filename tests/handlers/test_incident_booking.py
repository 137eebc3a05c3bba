"""Incidents that are told together become what they become one by one."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database
from handlers.bookkeeping import Booked, Told, book
from models.records import Incident, TimelineEntry
from models.reports import IncidentReport
from models.store import Store
from models.topology import Bridge
from models.words import EntryKind, IncidentStatus, Severity
from tests.support.histories import TOPOLOGY

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SHOPS = replace(TOPOLOGY, bridges=(Bridge(name="shop", dev="#dev", ops="#ops", services=("shop", "billing")),))
TRIGGERED, ACKNOWLEDGED, RESOLVED, REOPENED = (
    IncidentStatus.TRIGGERED,
    IncidentStatus.ACKNOWLEDGED,
    IncidentStatus.RESOLVED,
    IncidentStatus.REOPENED,
)


@pytest.fixture
async def lone(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A second database, to compare with."""
    opened = Database(f"sqlite+aiosqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'lone.db')}")
    yield opened
    await opened.close()


def told(name: str, status: IncidentStatus, hours: float, late: float = 0, **said: Any) -> Told:
    at = MONDAY + timedelta(hours=hours)
    report = IncidentReport(
        incident_id=name, occurred_at=at, status=status, services=("shop",), title=f"{name} is slow", **said
    )
    return Told(0, "ci", at + timedelta(hours=late), report)


NIGHT = [
    told("a", TRIGGERED, 1, severity=Severity.SEV3),
    told("b", RESOLVED, 3, started_at=MONDAY),
    told("a", ACKNOWLEDGED, 1.5, actor="ada"),
    told("c", TRIGGERED, 2),
    told("a", RESOLVED, 4, late=30),
    told("a", REOPENED, 5, severity=Severity.SEV1),
    told("a", TRIGGERED, 1, severity=Severity.SEV3),
    told("quiet", TRIGGERED, 6, opens=False),
]


async def booked_as(database: Database, parts: list[list[Told]], **how: Any) -> list[Booked]:
    done = []
    for part in parts:

        async def work(store: Store, part: list[Told] = part) -> Booked:
            return await book(store, SHOPS, part, **how)

        done.append(await database.at_once(work))
    return done


async def remembered(database: Database) -> tuple[list[Incident], list[list[TimelineEntry]], bool]:
    async with database.reading() as store:
        found = await store.incidents.by_keys({("ci", name) for name in ("a", "b", "c", "quiet")})
        incidents = [found["ci", name] for name in ("a", "b", "c", "quiet")]
        lines = [await store.incidents.timeline(incident.id) for incident in incidents]
        was_other = await store.revisions.any_since(MONDAY + timedelta(hours=20))
    same = [replace(i, id=0, leader_id=i.leader_id and i.leader_id - i.id) for i in incidents]
    return same, [[replace(line, id=0, incident_id=0) for line in each] for each in lines], was_other


@pytest.mark.parametrize("size", [1, 3])
async def test_a_night_told_at_once_is_the_same_night(size: int, database: Database, lone: Database) -> None:
    await booked_as(database, [NIGHT])
    await booked_as(lone, [NIGHT[start : start + size] for start in range(0, len(NIGHT), size)])
    assert await remembered(lone) == await remembered(database)
    (a, *_), (lines, *_), was_other = await remembered(database)
    assert (REOPENED, Severity.SEV1, True) == (a.status, a.severity, was_other)
    assert [EntryKind.TRIGGERED, EntryKind.ACKNOWLEDGED, EntryKind.RESOLVED, EntryKind.REOPENED] == [
        line.kind for line in lines
    ]


async def test_everything_that_moved_is_said_unless_it_is_a_history(database: Database, lone: Database) -> None:
    (together,) = await booked_as(database, [NIGHT])
    alone = await booked_as(lone, [[one] for one in NIGHT])
    assert {n.part.split(":")[0] for b in alone for n in b.notices} == {n.part.split(":")[0] for n in together.notices}
    assert len(together.notices) == sum(len(b.notices) for b in alone) > 0
    (history,) = await booked_as(database, [[told("d", TRIGGERED, 7), told("d", RESOLVED, 8)]], heard_at=MONDAY)
    assert [] == history.notices


async def test_many_new_incidents_lead_themselves(database: Database) -> None:
    await booked_as(database, [[told(f"i{n}", TRIGGERED, n / 60) for n in range(300)]])
    async with database.reading() as store:
        found = await store.incidents.by_keys({("ci", f"i{n}") for n in range(300)})
        opened = await store.incidents.list_open(["shop"])
    assert 300 == len({i.id for i in found.values()}) == len(opened)
    assert all(i.leader_id == i.id for i in found.values())
