"""Folds reports into records so that any order of arrival gives the same record.

Three rules, each a minimum, a maximum or a last writer by *event* time:

- A deployment's status only climbs: queued, started, unknown (which no sender says), failed or canceled (the earlier of
  the two), succeeded. A late `started`, or GitHub's `inactive`, cannot take a success back.
- An incident's state follows from five instants: its last resolution, its last reopening, its last mitigation, its last
  acknowledgement, and when that was given back. Only an explicit reopening after the last resolution opens it again.
- Every other field belongs to the latest report that named it (`models.last_writer`).
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from models.last_writer import named_fields
from models.records import Change, Deploy, Incident
from models.reports import ChangeReport, DeployReport, IncidentReport
from models.words import DeployStatus, IncidentStatus, Remedy, Tier

_DEPLOY_FIELDS: Final = (
    "kind",
    "version",
    "sha",
    "ref",
    "previous_sha",
    "repository",
    "actor",
    "title",
    "url",
    "rollout_id",
    "attempt",
    "additions",
    "deletions",
    "team",
    "fixes",
)
_CHANGE_FIELDS: Final = (
    "summary",
    "environment",
    "kind",
    "status",
    "risk",
    "actor",
    "approver",
    "revert",
    "url",
    "team",
    "related_deploy",
    "related_incident",
)
_INCIDENT_FIELDS: Final = (
    "title",
    "severity",
    "summary",
    "url",
    "runbook",
    "actor",
    "team",
    "cause",
    "caused_by",
    "environment",
    "services",
    "acknowledged_by",
    "resolved_by",
)
# Of these instants the first counts, of an incident's others the last.
_FIRST: Final = ("started_at", "acknowledged_at")
_RANK: Final = {
    DeployStatus.QUEUED: 0,
    DeployStatus.STARTED: 1,
    DeployStatus.UNKNOWN: 2,
    DeployStatus.CANCELED: 3,
    DeployStatus.FAILED: 3,
    DeployStatus.SUCCEEDED: 4,
}


def merge_deploy(
    stored: Deploy | None,
    report: DeployReport,
    *,
    source: str,
    service: str,
    environment: str,
    tier: Tier | None,
    received_at: datetime,
) -> Deploy:
    """Fold a report into what is known of its deployment; `stored` is `None` for the first report."""
    progress = _deploy_progress(stored, report)
    if stored is None:
        return Deploy(
            source=source,
            deploy_id=report.deploy_id,
            service=service,
            environment=environment,
            tier=tier,
            received_at=received_at,
            commits_known=report.commits is not None,
            # Of most that is right, and who books it has every new one looked at before anybody else sees it.
            remedy=Remedy.NONE,
            **named_fields(None, report, _DEPLOY_FIELDS),
            **progress,
        )
    return replace(
        stored,
        tier=tier or stored.tier,
        received_at=min(stored.received_at, received_at),
        commits_known=stored.commits_known or report.commits is not None,
        **named_fields(stored, report, _DEPLOY_FIELDS),
        **progress,
    )


def _deploy_progress(stored: Deploy | None, report: DeployReport) -> dict[str, Any]:
    """Return the status of a deployment and its three instants after one more report."""
    at, status = report.occurred_at, report.status
    queued = at if status is DeployStatus.QUEUED else None
    started = _known(report.started_at) or (at if status is DeployStatus.STARTED else None)
    finished = (_known(report.finished_at) or at) if status.is_final else None
    if stored is None:
        return {
            "status": status,
            "status_at": at,
            "queued_at": queued,
            "started_at": started,
            "finished_at": finished,
        }
    if _runs_again(stored, report):
        # It was given up, and its sender says that it is at work after that: its time is counted anew.
        told = _known(report.started_at)
        begun = told if told and told > stored.status_at else at
        return {"status": report.status, "status_at": at, "started_at": begun, "finished_at": None}
    climbs = _climbs(stored, status, at)
    same_rank = _RANK[status] == _RANK[stored.status]
    return {
        "status": status if climbs else stored.status,
        "status_at": at if climbs else stored.status_at,
        "queued_at": _earliest(stored.queued_at, queued),
        "started_at": _earliest(stored.started_at, started),
        "finished_at": _finish(stored, finished, climbs=climbs, same_rank=same_rank),
    }


def _runs_again(stored: Deploy, report: DeployReport) -> bool:
    """Say whether a deployment that was given up as unknown is told to have started since."""
    is_given_up = stored.status is DeployStatus.UNKNOWN
    return is_given_up and report.status is DeployStatus.STARTED and report.occurred_at > stored.status_at


def _finish(stored: Deploy, finished: datetime | None, *, climbs: bool, same_rank: bool) -> datetime | None:
    """Return when it ended: the earliest end of those that have the status it has now."""
    if same_rank:
        return _earliest(stored.finished_at, finished)
    return finished if climbs else stored.finished_at


def _climbs(stored: Deploy, status: DeployStatus, at: datetime) -> bool:
    """Say whether a status outranks the stored one; of two equal ranks the earlier event stands."""
    new, old = _RANK[status], _RANK[stored.status]
    if new != old:
        return new > old
    return (at, status.value) < (stored.status_at, stored.status.value)


def merge_change(
    stored: Change | None, report: ChangeReport, *, source: str, service: str, received_at: datetime
) -> Change:
    """Fold a report into what is known of its small change."""
    at = report.occurred_at
    base = stored or Change(
        source=source,
        change_id=report.change_id,
        service=service,
        summary="",
        occurred_at=at,
        status_at=at,
        received_at=received_at,
        latest_at=at,
    )
    return replace(
        base,
        **named_fields(stored, report, _CHANGE_FIELDS),
        occurred_at=min(base.occurred_at, at),
        status_at=max(base.status_at, at),
        received_at=min(base.received_at, received_at),
    )


def merge_incident(
    stored: Incident | None,
    report: IncidentReport,
    *,
    source: str,
    services: tuple[str, ...],
    environment: str | None = None,
    received_at: datetime,
) -> Incident:
    """Fold a report into what is known of its incident.

    `services` and `environment` are the configuration's names for the report's.
    """
    mapped = replace(report, services=services, environment=environment)
    values = named_fields(stored, mapped, _INCIDENT_FIELDS) | _incident_instants(stored, report)
    if stored is None:
        merged = Incident(
            source=source,
            incident_id=report.incident_id,
            status=report.status,
            status_at=report.occurred_at,
            group_key=report.group_key,
            is_signal=not report.opens,
            is_test=report.is_test,
            received_at=received_at,
            **{"title": "", **values},
        )
    else:
        merged = replace(
            stored,
            group_key=stored.group_key or report.group_key,
            is_signal=stored.is_signal and not report.opens,
            is_test=stored.is_test or report.is_test,
            received_at=min(stored.received_at, received_at),
            **values,
        )
    status, status_at = incident_state(merged)
    merged.status, merged.status_at = status, status_at or report.occurred_at
    return merged


def _incident_instants(stored: Incident | None, report: IncidentReport) -> dict[str, Any]:
    """Return the instants an incident's state follows from, after one more report."""
    at, status = report.occurred_at, report.status
    acknowledged = _known(report.acknowledged_at) or (at if status is IncidentStatus.ACKNOWLEDGED else None)
    told = {
        "started_at": _known(report.started_at) or (at if status is IncidentStatus.TRIGGERED else None),
        "acknowledged_at": acknowledged,
        "last_acknowledged_at": acknowledged,
        "unacknowledged_at": _known(report.unacknowledged_at),
        "resolved_at": _known(report.resolved_at) or (at if status is IncidentStatus.RESOLVED else None),
        "reopened_at": at if status is IncidentStatus.REOPENED else None,
        "mitigated_at": at if status is IncidentStatus.MITIGATED else None,
    }
    if stored is None:
        return told
    return {
        name: (_earliest if name in _FIRST else _latest)(getattr(stored, name), instant)
        for name, instant in told.items()
    }


def incident_state(incident: Incident) -> tuple[IncidentStatus, datetime | None]:
    """Return the state that follows from an incident's instants, and since when (`None`: since an unknown start)."""
    resolved, reopened = incident.resolved_at, incident.reopened_at
    if resolved and not (reopened and reopened > resolved):
        return IncidentStatus.RESOLVED, resolved
    acknowledged, mitigated = incident.last_acknowledged_at, incident.mitigated_at
    if reopened and not (acknowledged and acknowledged > reopened) and not (mitigated and mitigated > reopened):
        return IncidentStatus.REOPENED, reopened
    if mitigated and not (reopened and reopened > mitigated):
        return IncidentStatus.MITIGATED, mitigated
    given_back = incident.unacknowledged_at
    if acknowledged and given_back and given_back > acknowledged:
        return IncidentStatus.TRIGGERED, given_back
    if acknowledged:
        return IncidentStatus.ACKNOWLEDGED, acknowledged
    return IncidentStatus.TRIGGERED, incident.started_at


def _known(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other
