"""Tells the sender of an incident what people did to it here, and recognises that when the sender tells it back."""

import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Final

from handlers.acting import By
from models.calls import SOURCE, TELL_WITHIN, Call, Verb
from models.records import Incident
from models.reports import IncidentReport
from models.store import Store
from models.topology import Topology
from models.words import UNSET, IncidentStatus

_PAGER_KEY: Final = re.compile(r"twinspan:INC-(?P<number>\d{1,18}):(?P<round>\d{1,18}):[0-9a-f]{20}")
# Who mends an incident has it: a sender that knows no `mitigated` is told that it is acknowledged.
_TOLD: Final[dict[IncidentStatus, Verb]] = {
    IncidentStatus.ACKNOWLEDGED: "acknowledge",
    IncidentStatus.MITIGATED: "acknowledge",
    IncidentStatus.RESOLVED: "resolve",
}


async def tell_senders(store: Store, topology: Topology, moved: Iterable[tuple[Incident, Incident]], by: By) -> None:
    """Write down what the senders of incidents are to be told of a move (before, after), where they can be told."""
    for before, incident in moved:
        source = topology.source_named(incident.source)
        what = _TOLD.get(incident.status)
        if source is None or what is None or what == _TOLD.get(before.status) or not source.is_told_back:
            continue
        target = f"{SOURCE}{source.name}"
        await store.calls.withdraw(incident.id, target, what=["acknowledge", "resolve"])
        call = Call(
            key=f"{target}:{incident.id}:{what}:{incident.status_at.isoformat()}",
            incident_id=incident.id,
            target=target,
            what=what,
            person=by.name,
            user_id=by.user_id,
            made_at=by.at,
            due_at=by.at,
            give_up_at=by.at + TELL_WITHIN,
        )
        await store.calls.add([call])


def pager_key(incident: Incident, round_: int) -> str:
    """Return what pagers know an escalation under: the same in all its calls, and no other's, nor another bot's."""
    mark = sha256(f"{incident.source}\n{incident.incident_id}".encode()).hexdigest()
    return f"twinspan:INC-{incident.id}:{round_}:{mark[:20]}"


async def paged_for(store: Store, report: IncidentReport) -> Incident | None:
    """Return our own incident that a report is about, where our page has opened another one elsewhere; locked."""
    found = _PAGER_KEY.fullmatch(report.pager_key or "")
    incident = await store.incidents.get(int(found["number"]), lock=True) if found else None
    if found is None or incident is None or pager_key(incident, int(found["round"])) != report.pager_key:
        return None
    return incident


def of_page(report: IncidentReport) -> IncidentReport:
    """Return what a pager's incident says of ours: whether somebody has it; its title and the rest are ours."""
    return IncidentReport(
        incident_id=report.incident_id,
        occurred_at=report.occurred_at,
        status=report.status,
        started_at=report.started_at,
        acknowledged_by=report.acknowledged_by,
        unacknowledged_at=report.unacknowledged_at,
        resolved_by=report.resolved_by,
        actor=report.actor,
        remark=report.remark,
        pager_key=report.pager_key,
    )


async def without_echo(store: Store, incident: Incident, report: IncidentReport) -> IncidentReport:
    """Return a report without the change of state, where that is only our own call, told back by the service.

    Only services that page tell back; `pager_key` is in all that they say of an incident.
    """
    what = _TOLD.get(report.status) if report.pager_key else None
    if what is None or not await store.calls.heard(incident.id, what, report.occurred_at):
        return report
    return replace(
        report,
        status=IncidentStatus.TRIGGERED,
        acknowledged_at=UNSET,
        resolved_at=UNSET,
        acknowledged_by=UNSET,
        resolved_by=UNSET,
        actor=UNSET,
    )
