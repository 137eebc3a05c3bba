"""Attribution event by event agrees with attributing the whole history at once, in any order of arrival."""

import asyncio
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bot.database import Database
from models.delivery import Numbers, Rollout
from models.history import attribute_all
from models.periods import window
from models.store import Store
from tests.support.histories import History, remember, report_of

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = window(MONDAY.date(), "week", "UTC")
_YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
NAMES = [f"d{n}" for n in range(6)]
hours = st.integers(0, 60).map(lambda n: MONDAY + timedelta(hours=n))


def deploy(name: str, at: datetime, **said: Any) -> dict[str, Any]:
    """Return a generic deploy event."""
    environment, shas, status = said.pop("environment"), said.pop("shas"), said.pop("status")
    written = (MONDAY - timedelta(hours=5)).isoformat()
    git = {"commits": [{"sha": sha, "authored_at": written} for sha in shas]} if shas is not None else {}
    return {
        "id": f"{name}-{at.isoformat()}-{said}-{environment}-{status}",
        "source": "ci",
        "type": "deploy",
        "occurred_at": at.isoformat(),
        "service": "shop",
        "environment": {"id": environment, "tier": "production"},
        "deploy": {"deploy_id": name, "status": status, "finished_at": at.isoformat(), "git": git}
        | {key: value for key, value in said.items() if value},
    }


def incident(name: str, start: datetime, **said: Any) -> dict[str, Any]:
    """Return a generic incident event; resolved after `lasts`, or open."""
    lasts, environment = said.pop("lasts"), said.pop("environment")
    end = {"resolved_at": (start + lasts).isoformat()} if lasts else {}
    return {
        "id": f"{name}-{start.isoformat()}-{said}-{lasts}-{environment}",
        "source": "pager",
        "type": "incident",
        "occurred_at": (start + (lasts or timedelta())).isoformat(),
        "service": "shop",
        "environment": {"id": environment, "tier": "production"},
        "incident": {
            "incident_id": name,
            "status": "resolved" if lasts else "triggered",
            "started_at": start.isoformat(),
            **end,
        }
        | {key: value for key, value in said.items() if value},
    }


environments = st.sampled_from(["production", "production", "prod-eu"])
deploys = st.builds(
    deploy,
    st.sampled_from(NAMES),
    hours,
    environment=environments,
    status=st.sampled_from(["succeeded", "succeeded", "succeeded", "failed", "started"]),
    shas=st.one_of(st.none(), st.lists(st.sampled_from("abcd"), unique=True)),
    version=st.sampled_from(["v1", "v2", "v3", ""]),
    kind=st.sampled_from(["", "", "hotfix", "rollback", "redeploy"]),
    fixes=st.lists(st.sampled_from([*NAMES, "r1", "a"]), max_size=1),
    rollout_id=st.sampled_from(["", "", "r1", "r2"]),
)
incidents = st.builds(
    incident,
    st.sampled_from(["i0", "i1", "i2"]),
    hours,
    environment=environments,
    lasts=st.one_of(st.none(), st.integers(1, 30).map(lambda n: timedelta(hours=n))),
    cause=st.sampled_from(["", "", "external", "change"]),
    caused_by=st.lists(st.sampled_from([*NAMES, "r1", "b"]), max_size=2, unique=True),
)
histories = st.lists(st.one_of(deploys, deploys, incidents), min_size=1, max_size=14)


@pytest.fixture(scope="module")
def empty(sqlite_template: Path) -> Path:
    """Return a migrated, empty database file."""
    return sqlite_template


@given(events=histories, shuffled=st.randoms(use_true_random=False), at_a_time=st.sampled_from([1, 3, 50]))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_event_by_event_and_all_at_once_agree(
    empty: Path, events: list[dict[str, Any]], shuffled: Any, at_a_time: int
) -> None:
    again = list(events) + events[:2]
    shuffled.shuffle(again)
    stored, oracle, numbers = asyncio.run(_both_ways(empty, again, at_a_time))
    event(f"blames: {len(stored[1])}, failed: {sum(1 for r in stored[0] if r.failed_at)}")
    assert oracle == stored
    assert all(n.cfr is None or 0 <= n.cfr <= 1 for n in numbers)
    assert all(n.rework_rate is None or 0 <= n.rework_rate <= 1 for n in numbers)
    ordered, oracle, in_order = asyncio.run(_both_ways(empty, events, 1))
    assert oracle == ordered
    assert ordered[0] == stored[0]
    assert [replace(n, duplicates_ignored=0) for n in in_order] == [replace(n, duplicates_ignored=0) for n in numbers]


async def _both_ways(empty: Path, events: list[dict[str, Any]], at_a_time: int) -> tuple[Any, Any, list[Numbers]]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(empty, path := Path(folder) / "history.db")
        database = Database(f"sqlite+aiosqlite:///{path}")
        await remember(database, events, at_a_time=at_a_time)
        async with database.reading() as store:
            stored, oracle = await _stored(store), await _oracle(store)
        told = await report_of(database, History("any", events, WEEK, MONDAY + timedelta(days=9), {}))
        await database.close()
        return stored, oracle, list(told.history)


async def _stored(store: Store) -> Any:
    facts = await store.rollouts.facts(None, None, *_YEAR, _YEAR[1])
    suspicions = await store.blames.everyone(datetime(2027, 1, 1, tzinfo=UTC))
    blames = await store.blames.of("incident", [s.id for s in suspicions])
    return [replace(r, id=0) for r in sorted(facts.rollouts, key=_place)], {
        i: (b.reason, sorted(b.deploy_ids)) for i, b in blames.items()
    }


async def _oracle(store: Store) -> Any:
    until = datetime(2027, 1, 1, tzinfo=UTC)
    members = await store.lanes.everyone(until)
    suspicions = await store.blames.everyone(until)
    brought = await store.lanes.brought([m.id for m in members])
    found = attribute_all(members, suspicions, brought)
    return sorted(found.rollouts.values(), key=_place), {
        i: (b.reason, sorted(b.deploy_ids)) for i, b in found.incidents.items() if b
    }


def _place(rollout: Rollout) -> tuple[datetime, str, tuple[str, ...]]:
    return rollout.finished_at, rollout.name, rollout.environments
