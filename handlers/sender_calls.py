"""Tells the sender of an incident what people did to it here, and recognises that when the sender tells it back."""

import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Final

from handlers.acting import By
from models.calls import CANNOT_REOPEN, SOURCE, TELL_WITHIN, Call, CallState, Verb
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
    IncidentStatus.REOPENED: "reopen",
}


async def tell_senders(store: Store, topology: Topology, moved: Iterable[tuple[Incident, Incident]], by: By) -> None:
    """Write down what the senders of incidents are to be told of a move (before, after), where they can be told."""
    for before, incident in moved:
        source = topology.source_named(incident.source)
        what = _TOLD.get(incident.status)
        if source is None or what is None or what == _TOLD.get(before.status) or not source.is_told_back:
            continue
        target = f"{SOURCE}{source.name}"
        untold = await store.calls.withdraw(incident.id, target, what=["acknowledge", "resolve"])
        call = _call(incident, what, by)
        if what == "reopen":
            if untold or before.status is not IncidentStatus.RESOLVED:
                # There it was never resolved.
                continue
            # Nothing can be told: it is written down, so that the card says so and pagers do not count on the sender.
            call = replace(call, state=CallState.DONE, reason=CANNOT_REOPEN)
        await store.calls.add([call])


def _call(incident: Incident, what: Verb, by: By) -> Call:
    target = f"{SOURCE}{incident.source}"
    return Call(
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


async def is_open_here_alone(store: Store, incident: Incident) -> bool:
    """Say whether a sender does not know that its incident is open again: somebody reopened it here."""
    if incident.status is not IncidentStatus.REOPENED:
        return False
    told = [call for call in await store.calls.of([incident.id]) if call.target.startswith(SOURCE)]
    return bool(told) and told[-1].is_unknown_there


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


async def _is_echo(store: Store, incident: Incident, what: Verb, report: IncidentReport) -> bool:
    """Say whether a sender tells back what it was told; or, as it was asked to, reopens what is open again here."""
    if what != "reopen":
        return await store.calls.heard(incident.id, what, report.occurred_at)
    if not await store.calls.reopened_there(incident.id, report.occurred_at):
        return False
    # It waits for somebody there again, also where somebody has it here by now.
    now = _TOLD.get(incident.status)
    if now in ("acknowledge", "resolve"):
        at = report.occurred_at
        again = _call(incident, now, By(name="", request_id="", at=at))
        await store.calls.add([replace(again, key=f"{again.key}:again:{at.isoformat()}", person=None)])
    return True


async def without_echo(store: Store, incident: Incident, report: IncidentReport) -> IncidentReport:
    """Return a report without the change of state, where that is only our own call, told back by the service.

    Only services that page tell back; `pager_key` is in all that they say of an incident.
    """
    what = _TOLD.get(report.status) if report.pager_key else None
    if what is None or not await _is_echo(store, incident, what, report):
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
