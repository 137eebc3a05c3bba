"""Reports: what one sender said in one event.

A field left out is `UNSET` (keep what is stored), an explicit null is `None` (clear it). `models.merging` folds reports
into records, in any order of arrival. All instants are aware and in UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from models.words import (
    UNSET,
    Cause,
    ChangeKind,
    ChangeStatus,
    DeployKind,
    DeployStatus,
    EntryKind,
    IncidentStatus,
    Maybe,
    Risk,
    Severity,
    Tier,
)


@dataclass(slots=True, kw_only=True)
class CommitReport:
    """One commit that a sender told of. Not frozen, for speed alone: nothing changes it.

    `pr` is the number of the pull or merge request that brought it in, `previous_sha` what stood before it on the
    branch that is deployed.
    """

    repository: str
    sha: str
    authored_at: datetime | None = None
    committed_at: datetime | None = None
    author: str | None = None
    message: str | None = None
    pr: int | None = None
    is_merge: bool = False
    previous_sha: str | None = None


@dataclass(slots=True, kw_only=True)
class DeployReport:
    """What one event says of one deployment. Not frozen, for speed alone: nothing changes it.

    `service` and `environment` are the sender's own names, mapped through the configuration when the report is
    applied. `service` may be a repository (`acme/payments`). `commits` belong to this deployment; `None` means
    that the sender gave no list (which is not an empty list).
    """

    deploy_id: str
    service: str
    environment: str
    occurred_at: datetime
    status: DeployStatus
    tier: Maybe[Tier] = UNSET
    kind: Maybe[DeployKind] = UNSET
    started_at: Maybe[datetime] = UNSET
    finished_at: Maybe[datetime] = UNSET
    version: Maybe[str] = UNSET
    sha: Maybe[str] = UNSET
    ref: Maybe[str] = UNSET
    previous_sha: Maybe[str] = UNSET
    repository: Maybe[str] = UNSET
    actor: Maybe[str] = UNSET
    title: Maybe[str] = UNSET
    url: Maybe[str] = UNSET
    rollout_id: Maybe[str] = UNSET
    attempt: Maybe[int] = UNSET
    additions: Maybe[int] = UNSET
    deletions: Maybe[int] = UNSET
    team: Maybe[str] = UNSET
    fixes: Maybe[tuple[str, ...]] = UNSET
    commits: tuple[CommitReport, ...] | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReport:
    """What one event says of one small change (a flag, a setting, a schema, a hand at the machine, a release)."""

    change_id: str
    service: str
    occurred_at: datetime
    summary: Maybe[str] = UNSET
    environment: str | None = None
    kind: Maybe[ChangeKind] = UNSET
    status: Maybe[ChangeStatus] = UNSET
    risk: Maybe[Risk] = UNSET
    actor: Maybe[str] = UNSET
    approver: Maybe[str] = UNSET
    revert: Maybe[str] = UNSET
    url: Maybe[str] = UNSET
    team: Maybe[str] = UNSET
    related_deploy: Maybe[str] = UNSET
    related_incident: Maybe[str] = UNSET
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was said or done about an incident and changes no state: one line of its timeline."""

    kind: EntryKind
    text: str


@dataclass(slots=True, kw_only=True)
class IncidentReport:
    """What one event says of one incident. Not frozen, for speed alone: nothing changes it.

    `group_key` names the group that a monitor sends together (one Slack message for all of it). `opens` is false
    for a signal that is only stored (an alert below the configured rule); it can be promoted by a person.
    `services` are the sender's own names. `unacknowledged_at` is when whoever had it gave it back, or did not act in
    time. A report that `is_aside` says nothing of the incident itself, and is dropped where it is not known.
    `pager_key` is what it was paged under, where somebody else's pager tells of it.
    """

    incident_id: str
    occurred_at: datetime
    status: IncidentStatus
    services: tuple[str, ...] = ()
    environment: str | None = None
    title: Maybe[str] = UNSET
    severity: Maybe[Severity] = UNSET
    started_at: Maybe[datetime] = UNSET
    acknowledged_at: Maybe[datetime] = UNSET
    acknowledged_by: Maybe[str] = UNSET
    unacknowledged_at: Maybe[datetime] = UNSET
    resolved_at: Maybe[datetime] = UNSET
    resolved_by: Maybe[str] = UNSET
    summary: Maybe[str] = UNSET
    url: Maybe[str] = UNSET
    runbook: Maybe[str] = UNSET
    actor: Maybe[str] = UNSET
    team: Maybe[str] = UNSET
    cause: Maybe[Cause] = UNSET
    caused_by: Maybe[tuple[str, ...]] = UNSET
    group_key: str | None = None
    opens: bool = True
    is_test: bool = False
    remark: Remark | None = None
    is_aside: bool = False
    pager_key: str | None = None
    event_id: str | None = None


Report: TypeAlias = DeployReport | ChangeReport | IncidentReport | CommitReport
