"""Turns what is told of incidents into records, with the lines of their histories and the notices of what moved."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from handlers.attribution import Touched
from handlers.revisions import incident_revisions
from handlers.routing import CARD, Notice, following, incident_notices
from handlers.sender_calls import of_page, paged_for, without_echo
from handlers.told import Booked, Told
from models.merging import merge_incident
from models.records import Incident, TimelineEntry
from models.reports import IncidentReport
from models.rulings import joined
from models.store import Store
from models.topology import Topology
from models.words import EntryKind, IncidentStatus

_ENTRY_OF: dict[IncidentStatus, EntryKind] = {
    IncidentStatus.TRIGGERED: EntryKind.TRIGGERED,
    IncidentStatus.ACKNOWLEDGED: EntryKind.ACKNOWLEDGED,
    IncidentStatus.MITIGATED: EntryKind.MITIGATED,
    IncidentStatus.RESOLVED: EntryKind.RESOLVED,
    IncidentStatus.REOPENED: EntryKind.REOPENED,
}


async def book_incidents(
    store: Store,
    topology: Topology,
    batch: Sequence[tuple[Told, IncidentReport]],
    booked: Booked,
    touched: Touched,
    *,
    quietly: bool,
) -> None:
    """Write what is told of incidents, in order, and note what became of it (`quietly`: nothing is to be said)."""
    for is_plain, run in groupby(batch, key=lambda one: _is_plain(one[1])):
        if is_plain:
            await _book_together(store, topology, list(run), booked, touched, quietly=quietly)
            continue
        for told, report in run:
            said = await _book_alone(store, topology, told, report, touched)
            booked.notices += [] if quietly else said


def _is_plain(report: IncidentReport) -> bool:
    """Say whether a report has to do with its own incident alone, and changes nothing but its state and its fields."""
    return not (report.pager_key or report.group_key or report.remark or report.is_aside)


async def _book_together(
    store: Store,
    topology: Topology,
    batch: Sequence[tuple[Told, IncidentReport]],
    booked: Booked,
    touched: Touched,
    *,
    quietly: bool,
) -> None:
    stored = await store.incidents.by_keys({(told.source, report.incident_id) for told, report in batch})
    now, steps = dict(stored), []
    for told, report in batch:
        key = told.source, report.incident_id
        before, now[key] = now.get(key), _merged(topology, now.get(key), told, report)
        steps.append((told, report, before, now[key]))
    await store.incidents.add_many([incident for key, incident in now.items() if key not in stored])
    await store.incidents.save_many([i for key, i in now.items() if key in stored and i != stored[key]])
    touched.incidents += now.values()
    entries: list[tuple[TimelineEntry, str]] = []
    for told, report, was, became in steps:
        known = now[told.source, report.incident_id]
        before, after = was and _numbered(was, known), _numbered(became, known)
        if before is not None:
            touched.revisions += incident_revisions(before, after, (report.occurred_at, told.received_at))
        entries += _entries(before, after, told, report)
        booked.unchanged += before == after
        if not quietly:
            booked.notices += following(incident_notices(before, after, topology), [told.delivery_id])
    await store.incidents.add_entries(entries)


def _numbered(state: Incident, known: Incident) -> Incident:
    """Return a state of an incident with the number that it got when its last one was stored."""
    return state if state.id else replace(state, id=known.id, leader_id=known.leader_id)


async def _book_alone(
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
    after = _merged(topology, before, told, report)
    if before is None:
        leader = await store.incidents.open_leader(told.source, report.group_key) if report.group_key else None
        if leader and (lead := await store.incidents.get(leader)) and not after.is_signal:
            after = joined(after, lead)
        after = await store.incidents.add(after)
    elif after != before:
        await store.incidents.save(after)
        touched.revisions += incident_revisions(before, after, (report.occurred_at, told.received_at))
    touched.incidents.append(after)
    await store.incidents.add_entries(_entries(before, after, told, report))
    notices = incident_notices(before, after, topology) + await _book_remark(store, topology, after, told, report)
    return following(notices, [told.delivery_id])


def _merged(topology: Topology, before: Incident | None, told: Told, report: IncidentReport) -> Incident:
    services = [known.name for name in report.services if (known := topology.service_named(name))]
    return merge_incident(
        before,
        report,
        source=told.source,
        services=tuple(dict.fromkeys(services)),
        environment=_environment(topology, services, report.environment),
        received_at=told.received_at,
    )


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


def _entries(
    before: Incident | None, after: Incident, told: Told, report: IncidentReport
) -> list[tuple[TimelineEntry, str]]:
    """Return the change of state as a line of the history, with its key: told again it is the same line."""
    if after.is_signal or (before is not None and before.status is after.status):
        return []
    is_given_back = before is not None and after.status is IncidentStatus.TRIGGERED
    kind = EntryKind.UNACKNOWLEDGED if is_given_back else _ENTRY_OF[after.status]
    entry = TimelineEntry(incident_id=after.id, at=after.status_at, kind=kind, actor=_actor(report), via=told.source)
    return [(entry, f"{after.status}:{after.status_at.isoformat()}")]


def _actor(report: IncidentReport) -> str | None:
    return report.actor if isinstance(report.actor, str) else None
