"""Turns reports into records: maps their names, merges them, writes them, and says who must hear of it.

Works on a batch of reports in one transaction. Everything that changed is announced once, however many reports of the
batch changed it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from handlers.ahead import by_arrival
from handlers.attribution import Touched, attribute
from handlers.freeze_sweep import mark_deploys
from handlers.ranges import find_ranges
from handlers.revisions import deploy_revisions, incident_revisions
from handlers.routing import CARD, Notice, change_notices, deploy_notices, following, incident_notices
from handlers.sender_calls import of_page, paged_for, without_echo
from handlers.soaks import begin_soaks
from handlers.suspects import shifted_notices
from models.merging import merge_change, merge_deploy, merge_incident
from models.records import Change, Deploy, Incident, TimelineEntry
from models.reports import ChangeReport, CommitReport, DeployReport, IncidentReport, Report
from models.rulings import joined
from models.store import Store
from models.store.changes import ChangeKey
from models.store.deploys import DeployKey, deploy_key
from models.topology import Environment, MapKind, Service, Topology
from models.words import DeployStatus, EntryKind, IncidentStatus

_ENTRY_OF: dict[IncidentStatus, EntryKind] = {
    IncidentStatus.TRIGGERED: EntryKind.TRIGGERED,
    IncidentStatus.ACKNOWLEDGED: EntryKind.ACKNOWLEDGED,
    IncidentStatus.MITIGATED: EntryKind.MITIGATED,
    IncidentStatus.RESOLVED: EntryKind.RESOLVED,
    IncidentStatus.REOPENED: EntryKind.REOPENED,
}


class Told(NamedTuple):
    """One report, who told it, in which delivery, and when that came in."""

    delivery_id: int
    source: str
    received_at: datetime
    report: Report


@dataclass(slots=True)
class Booked:
    """What became of a batch: what to say, which deliveries wait for which unknown names, how many came again."""

    notices: list[Notice] = field(default_factory=list)
    holds: list[tuple[int, MapKind, str, str]] = field(default_factory=list)
    repeated: int = 0


async def book(store: Store, topology: Topology, batch: Iterable[Told], *, heard_at: datetime | None = None) -> Booked:
    """Write a batch of reports into the memory. `heard_at` is given where that was not when they arrived: a history."""
    booked = Booked()
    touched = Touched()
    fresh = await _unseen(store, [_in_time(told) for told in batch], booked)
    mapped = [told for told in fresh if _is_mapped(told, topology, booked)]
    deployed = [t for t in mapped if isinstance(t.report, DeployReport)]
    await _book_deploys(store, topology, deployed, heard_at, booked, touched)
    await _book_changes(store, topology, [t for t in mapped if isinstance(t.report, ChangeReport)], booked)
    for told in mapped:
        if isinstance(told.report, IncidentReport):
            booked.notices += await _book_incident(store, topology, told, told.report, touched)
    loose = [t.report for t in mapped if isinstance(t.report, CommitReport)]
    listed = [c for t in mapped if isinstance(t.report, DeployReport) for c in t.report.commits or ()]
    await store.commits.add([*listed, *loose])
    touched.shas.update(c.sha for c in (*listed, *loose))
    await find_ranges(store, topology, touched, loose)
    shifted = await attribute(store, touched, topology.suspect_within)
    await store.revisions.keep(touched.revisions)
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
        if heard_at is None:  # nobody hears of a history
            booked.notices += following(deploy_notices(previous, deploy, topology), origins)
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
        booked.notices += following(change_notices(before.get(key), numbered, topology), origins)


def _folded_change(stored: Change | None, topology: Topology, reports: Iterable[tuple[Told, ChangeReport]]) -> Change:
    for told, report in reports:
        service = topology.service_named(report.service)
        assert service is not None  # held back otherwise
        stored = merge_change(stored, report, source=told.source, service=service.name, received_at=told.received_at)
    assert stored is not None
    return stored


async def _book_incident(
    store: Store, topology: Topology, told: Told, report: IncidentReport, touched: Touched
) -> list[Notice]:
    key = told.source, report.incident_id
    before = (await store.incidents.by_keys({key})).get(key)
    if before is None and (paged := await paged_for(store, report)):
        # What is said aside there, such as a note, tells nothing but this id.
        await store.incidents.remember_alias(told.source, report.incident_id, paged.id)
        before, report = paged, of_page(report)
    if report.is_aside:
        before = before or await store.incidents.called(told.source, report.incident_id)
        return await _book_remark(store, topology, before, told, report) if before else []
    if before is not None:
        report = await without_echo(store, before, report)
    services = [known.name for name in report.services if (known := topology.service_named(name))]
    after = merge_incident(
        before,
        replace(report, environment=_environment(topology, services, report.environment)),
        source=told.source,
        services=tuple(dict.fromkeys(services)),
        received_at=told.received_at,
    )
    if before is None:
        leader = await store.incidents.open_leader(told.source, report.group_key) if report.group_key else None
        if leader and (lead := await store.incidents.get(leader)) and not after.is_signal:
            after = joined(after, lead)
        after = await store.incidents.add(after)
    elif after != before:
        await store.incidents.save(after)
        touched.revisions += incident_revisions(before, after, (report.occurred_at, told.received_at))
    touched.incidents.append(after)
    await _tell_timeline(store, before, after, told, report)
    notices = incident_notices(before, after, topology) + await _book_remark(store, topology, after, told, report)
    return following(notices, [told.delivery_id])


async def _book_remark(
    store: Store, topology: Topology, incident: Incident, told: Told, report: IncidentReport
) -> list[Notice]:
    """Write down what was said or done aside, and say it in the threads; the same event told again is the same line."""
    if report.remark is None or incident.is_signal:
        return []
    entry = TimelineEntry(
        incident_id=incident.leader_id or incident.id,
        at=report.occurred_at,
        kind=report.remark.kind,
        actor=_actor(report),
        text=report.remark.text,
        via=told.source,
    )
    number = await store.incidents.add_entry(entry, key=f"{told.source}:{told.delivery_id}:{report.remark.kind}")
    cards = [n for n in incident_notices(None, incident, topology) if n.part == CARD] if number else []
    return [replace(card, part=f"entry:{number}") for card in cards]


def _environment(topology: Topology, services: Sequence[str], name: str | None) -> str | None:
    """Return an environment by the configuration's name; one that no service knows keeps its sender's."""
    known = [s for service in services if (s := topology.service_named(service))]
    mapped = [e.name for service in known if name and (e := topology.environment_named(service, name))]
    return mapped[0] if mapped else name


async def _tell_timeline(
    store: Store, before: Incident | None, after: Incident, told: Told, report: IncidentReport
) -> None:
    """Write the change of state into the history; the same change told again is the same entry."""
    if after.is_signal or (before is not None and before.status is after.status):
        return
    is_given_back = before is not None and after.status is IncidentStatus.TRIGGERED
    kind = EntryKind.UNACKNOWLEDGED if is_given_back else _ENTRY_OF[after.status]
    entry = TimelineEntry(incident_id=after.id, at=after.status_at, kind=kind, actor=_actor(report), via=told.source)
    await store.incidents.add_entry(entry, key=f"{after.status}:{after.status_at.isoformat()}")


def _actor(report: IncidentReport) -> str | None:
    return report.actor if isinstance(report.actor, str) else None
