"""Gathers what the next person on call has to know: what is open, risky and under way, and how the shift was."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from handlers.debts import debts_of
from handlers.incident_groups import leaders_of
from handlers.incident_shown import runbook_of
from handlers.oncall import who
from models.handoff_brief import Brief, Facts
from models.handoffs import Handoff, goes_along
from models.oncall import OnCallSchedule
from models.people import Person
from models.records import Change, Deploy
from models.response import LEAD
from models.silence import silent_sources
from models.store import Store
from models.topology import Topology
from models.words import ChangeKind, ChangeStatus, DeployKind, DeployStatus

_LONGEST_SHIFT: Final = timedelta(days=14)
_NIGHT: Final = (22, 6)
_BY_HAND: Final = (ChangeKind.FLAG, ChangeKind.MANUAL, ChangeKind.CONFIG)


async def gather(
    store: Store,
    topology: Topology,
    schedule: OnCallSchedule,
    handoff: Handoff,
    at: datetime,
    *,
    outgoing_id: str | None = None,
) -> Brief:
    """Return what is known at `at` of the services of a schedule, and of the shift that ends.

    `outgoing_id` is who hands over, in Slack.
    """
    called = handoff.outgoing.removeprefix("@")
    outgoing = Person(user_id=outgoing_id or called, name=called, handle=called)
    services = services_of(topology, schedule)
    since = await _shift_start(store, handoff)
    leaders = leaders_of(await store.incidents.list_open(services))
    ids = [leader.id for leader in leaders]
    leads = {h.incident_id: h for h in await store.responses.holders(ids) if h.role == LEAD}
    responses = await store.responses.of(ids)
    deploys = await store.deploys.recent(services=services, since=since, limit=200)
    changes = await store.changes.recent(services=services, since=since, limit=200)
    states = [s for s in await store.sources.all() if topology.source_named(s.name)]
    silent = [state.name for state in silent_sources(states, at)]
    soaking = await _unverified(store, services)
    debts = await debts_of(store, services)
    owed = {change.id for _, change in debts}
    return Brief(
        at=at,
        others=await _others(store, topology, schedule, at),
        incidents=[(leader, leads.get(leader.id), responses.get(leader.id)) for leader in leaders],
        moving=[leader.id for leader in leaders if goes_along(leader, leads.get(leader.id), outgoing)],
        freezes=[f for f in await store.freezes.standing(at) if not set(f.services).isdisjoint(services)][:5],
        due=await store.responses.items(incident_ids=await _recent_ids(store, services, at), due_by=at.date()),
        by_hand=[c for c in changes if _is_by_hand(c) and c.id not in owed][:10],
        debts=debts,
        planned=[c for c in changes if c.status is ChangeStatus.PLANNED][:10],
        under_way=[d for d in deploys if not d.status.is_final][:10],
        soaking=soaking,
        failed=[d for d in deploys if d.status is DeployStatus.FAILED][:10],
        facts=await _facts(store, schedule, services, since),
        watch=[(d, runbook_of(topology, (d.service,))) for d in _newest(soaking)][:5],
        silent=silent,
        heard=len(states) - len(silent),
    )


def _is_by_hand(change: Change) -> bool:
    return change.kind in _BY_HAND and change.status is not ChangeStatus.REVERTED


async def _unverified(store: Store, services: Sequence[str]) -> list[Deploy]:
    """Return the deployments that are in soak, the first to be verified first."""
    soaks = (await store.soaks.open(services))[:10]
    found = await store.deploys.by_numbers([soak.deploy_id for soak in soaks])
    return [found[soak.deploy_id] for soak in soaks if soak.deploy_id in found]


def services_of(topology: Topology, schedule: OnCallSchedule) -> list[str]:
    """Return the services that a schedule is on call for: those that name it, and its bridge's without another."""
    return [s.name for s in topology.services if schedule in topology.schedules_for([s.name])]


async def _shift_start(store: Store, handoff: Handoff) -> datetime:
    """Return since when the outgoing person is on call: the handoff before, at most two weeks back."""
    before = [
        h for h in await store.oncall.latest_handoffs(handoff.schedule, handoff.boundary, 2) if h.id != handoff.id
    ]
    earliest = handoff.boundary - _LONGEST_SHIFT
    return max(before[0].boundary, earliest) if before else handoff.boundary - timedelta(days=7)


async def _others(store: Store, topology: Topology, schedule: OnCallSchedule, at: datetime) -> list[tuple[str, str]]:
    found = []
    for other in topology.schedules:
        if other.name != schedule.name and (duty := await who(store, other, at)):
            found.append((other.name, duty.person))
    return found


async def _recent_ids(store: Store, services: Sequence[str], at: datetime) -> list[int]:
    recent = await store.incidents.recent(since=at - timedelta(days=90), services=services, limit=500)
    return [incident.id for incident in recent]


async def _facts(store: Store, schedule: OnCallSchedule, services: Sequence[str], since: datetime) -> Facts:
    started = [
        i
        for i in await store.incidents.recent(since=since, services=services, limit=1000)
        if i.started_at and i.started_at >= since
    ]
    waits = [(i.acknowledged_at - i.started_at).total_seconds() for i in started if i.acknowledged_at and i.started_at]
    at_night = [i for i in started if i.started_at and _is_night(i.started_at, schedule)]
    ids = [i.id for i in await store.incidents.recent(since=since - _LONGEST_SHIFT, services=services, limit=1000)]
    pages = await store.paging.sent(ids, since)
    noisy = [(title, n) for title, n in Counter(i.headline for i in started).most_common(3) if n > 1]
    return Facts(
        incidents=len(started),
        at_night=len(at_night),
        pages=len(pages),
        pages_at_night=sum(_is_night(one, schedule) for one in pages),
        acknowledge_s=median(waits) if waits else None,
        noisy=tuple(noisy),
    )


def _is_night(at: datetime, schedule: OnCallSchedule) -> bool:
    hour = at.astimezone(schedule.zone).hour
    return hour >= _NIGHT[0] or hour < _NIGHT[1]


def _newest(soaking: Sequence[Deploy]) -> list[Deploy]:
    """Return the newest deploy of each service; one that went back to what was known to be good is nothing to watch."""
    newest = {deploy.service: deploy for deploy in sorted(soaking, key=lambda deploy: deploy.latest_at)}
    return [deploy for deploy in newest.values() if deploy.kind is not DeployKind.ROLLBACK]
