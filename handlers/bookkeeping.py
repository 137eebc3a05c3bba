"""Turns reports into records: maps their names, merges them, writes them, and says who must hear of it.

Works on a batch of reports in one transaction. Everything that changed is announced once, however many reports of the
batch changed it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from handlers.ahead import by_arrival
from handlers.attribution import Touched, attribute
from handlers.freeze_sweep import mark_deploys
from handlers.incident_booking import book_incidents
from handlers.ranges import find_ranges
from handlers.revisions import deploy_revisions
from handlers.routing import change_notices, deploy_notices, following
from handlers.soaks import begin_soaks
from handlers.suspects import shifted_notices
from handlers.told import Booked, Told
from models.merging import merge_change, merge_deploy
from models.records import Change, Deploy
from models.reports import ChangeReport, CommitReport, DeployReport, IncidentReport, Report
from models.store import Store
from models.store.changes import ChangeKey
from models.store.deploys import DeployKey, deploy_key
from models.topology import Environment, Service, Topology
from models.words import DeployStatus

__all__ = ["Booked", "Told", "book"]


async def book(store: Store, topology: Topology, batch: Iterable[Told], *, heard_at: datetime | None = None) -> Booked:
    """Write a batch of reports into the memory. `heard_at` is given where that was not when they arrived: a history."""
    booked = Booked()
    touched = Touched()
    fresh = await _unseen(store, [_in_time(told) for told in batch], booked)
    mapped = [told for told in fresh if _is_mapped(told, topology, booked)]
    deployed = [t for t in mapped if isinstance(t.report, DeployReport)]
    await _book_deploys(store, topology, deployed, heard_at, booked, touched)
    await _book_changes(store, topology, [t for t in mapped if isinstance(t.report, ChangeReport)], booked)
    reported = [(t, t.report) for t in mapped if isinstance(t.report, IncidentReport)]
    await book_incidents(store, topology, reported, booked, touched, quietly=heard_at is not None)
    loose = [t.report for t in mapped if isinstance(t.report, CommitReport)]
    listed = [c for t in mapped if isinstance(t.report, DeployReport) for c in t.report.commits or ()]
    await store.commits.add([*listed, *loose])
    touched.shas.update(c.sha for c in (*listed, *loose))
    await find_ranges(store, topology, touched, loose)
    shifted = await attribute(store, touched, topology.suspect_within)
    await store.revisions.keep(touched.revisions)
    if heard_at is None:  # nobody hears of a history
        booked.notices += await shifted_notices(store, topology, touched.incidents, shifted)
    await store.seen.remember([(t.source, e, t.received_at) for t in mapped if (e := _event_id(t.report))])
    await store.names.hold(booked.holds)
    return booked


def _in_time(told: Told) -> Told:
    report = by_arrival(told.report, told.received_at)
    return told if report is told.report else told._replace(report=report)


async def _unseen(store: Store, batch: list[Told], booked: Booked) -> list[Told]:
    """Leave out the events that were acted on before, or stand twice in the batch; each repeat is counted."""
    by_source: dict[str, set[str]] = {}
    for told in batch:
        if event_id := _event_id(told.report):
            by_source.setdefault(told.source, set()).add(event_id)
    seen = {(s, e) for s, ids in by_source.items() for e in await store.seen.known(s, ids)}
    fresh: list[Told] = []
    repeats: list[Told] = []
    for told in batch:
        event = told.source, _event_id(told.report) or ""
        (repeats if event[1] and event in seen else fresh).append(told)
        seen.add(event)
    await store.seen.remember([(t.source, _event_id(t.report) or "", t.received_at) for t in repeats])
    booked.repeated = len(repeats)
    return fresh


def _event_id(report: Report) -> str | None:
    return None if isinstance(report, CommitReport) else report.event_id


def _is_mapped(told: Told, topology: Topology, booked: Booked) -> bool:
    """Say whether a report can be written; note the names that hold it back.

    An incident is never held back: it is written with the services that are known, and written again with the
    others once they are mapped.
    """
    match told.report:
        case CommitReport():
            return True
        case IncidentReport() as report:
            unknown = [name for name in report.services if topology.service_named(name) is None]
            booked.holds += [(told.delivery_id, "service", name, "") for name in unknown]
            return True
        case ChangeReport() as report:
            return _known_service(told, report.service, topology, booked) is not None
        case DeployReport() as report:
            service = _known_service(told, report.service, topology, booked)
            if service and topology.environment_named(service, report.environment) is None:
                booked.holds.append((told.delivery_id, "environment", report.environment, service.name))
                return False
            return service is not None


def _known_service(told: Told, name: str, topology: Topology, booked: Booked) -> Service | None:
    service = topology.service_named(name)
    if service is None:
        booked.holds.append((told.delivery_id, "service", name, ""))
    return service


def _place(topology: Topology, report: DeployReport) -> tuple[Service, Environment]:
    service = topology.service_named(report.service)
    environment = topology.environment_named(service, report.environment) if service else None
    assert service is not None and environment is not None  # noqa: PT018  # held back otherwise
    return service, environment


async def _book_deploys(
    store: Store,
    topology: Topology,
    batch: Sequence[Told],
    heard_at: datetime | None,
    booked: Booked,
    touched: Touched,
) -> None:
    reports: dict[DeployKey, list[tuple[Told, DeployReport, Environment]]] = {}
    for told in batch:
        assert isinstance(told.report, DeployReport)
        service, environment = _place(topology, told.report)
        key = told.source, service.name, environment.name, told.report.deploy_id
        reports.setdefault(key, []).append((told, told.report, environment))
    if not reports:
        return
    before = await store.deploys.by_keys(reports.keys())
    after = {key: _folded_deploy(before.get(key), key, told) for key, told in reports.items()}
    numbers = await store.deploys.add_many([d for key, d in after.items() if key not in before])
    await store.deploys.save_many([d for key, d in after.items() if key in before and before[key] != d])
    for key, number in numbers.items():
        after[key].id = number
    await store.commits.link(
        (after[key].id, [(c.repository, c.sha) for c in report.commits])
        for key, told in reports.items()
        for _, report, _ in told
        if report.commits
    )
    for key, deploy in after.items():
        previous = before.get(key)
        origins = [told.delivery_id for told, _, _ in reports[key]]
        if heard_at is None:
            booked.notices += following(deploy_notices(previous, deploy, topology), origins)
        booked.unchanged += len(origins) if previous == deploy else 0
        touched.deploys.append((previous, deploy))
        if previous is not None:
            instants = [(report.occurred_at, told.received_at) for told, report, _ in reports[key]]
            touched.revisions += deploy_revisions(previous, deploy, instants)
    # A deploy is new once: as it is first heard of, or when it leaves the queue.
    began = [d for d in after.values() if (p := before.get(deploy_key(d))) is None or p.status is DeployStatus.QUEUED]
    at = max(t.received_at for t in batch)
    booked.notices += await mark_deploys(store, topology, began, at)
    new = [d for d in after.values() if (p := before.get(deploy_key(d))) is None or p.status is not d.status]
    booked.notices += await begin_soaks(store, topology, new, heard_at or at)


def _folded_deploy(
    stored: Deploy | None, key: DeployKey, reports: Iterable[tuple[Told, DeployReport, Environment]]
) -> Deploy:
    source, service, environment_name, _ = key
    for told, report, environment in reports:
        stored = merge_deploy(
            stored,
            report,
            source=source,
            service=service,
            environment=environment_name,
            tier=environment.tier,
            received_at=told.received_at,
        )
    assert stored is not None
    return stored


async def _book_changes(store: Store, topology: Topology, batch: Sequence[Told], booked: Booked) -> None:
    reports: dict[ChangeKey, list[tuple[Told, ChangeReport]]] = {}
    for told in batch:
        assert isinstance(told.report, ChangeReport)
        reports.setdefault((told.source, told.report.change_id), []).append((told, told.report))
    if not reports:
        return
    before = await store.changes.by_keys(reports.keys())
    after = {key: _folded_change(before.get(key), topology, told) for key, told in reports.items()}
    numbers = await store.changes.add_many([c for key, c in after.items() if key not in before])
    await store.changes.save_many([c for key, c in after.items() if key in before and before[key] != c])
    for key, change in after.items():
        numbered = replace(change, id=numbers.get(key, change.id))
        origins = [told.delivery_id for told, _ in reports[key]]
        booked.unchanged += len(origins) if before.get(key) == change else 0
        booked.notices += following(change_notices(before.get(key), numbered, topology), origins)


def _folded_change(stored: Change | None, topology: Topology, reports: Iterable[tuple[Told, ChangeReport]]) -> Change:
    for told, report in reports:
        service = topology.service_named(report.service)
        assert service is not None  # held back otherwise
        stored = merge_change(stored, report, source=told.source, service=service.name, received_at=told.received_at)
    assert stored is not None
    return stored
