"""The vocabulary: what senders report (`…Report`) and what the bot remembers (`Deploy`, `Change`, `Incident`, …).

A report carries only what one sender said in one event: a field left out is `UNSET` (keep what is stored), an
explicit null is `None` (clear it). `models.merging` folds reports into records, in any order of arrival; for that a
record keeps `latest_at`, the event time of its latest report, and `said`, which `models.merging` explains.
All instants are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Final, Literal, TypeAlias, TypeVar


class Unset(Enum):
    """The type of `UNSET`: the sender did not say."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
_Value = TypeVar("_Value")
Maybe: TypeAlias = _Value | Literal[Unset.UNSET] | None


class DeployStatus(StrEnum):
    """Where a deployment stands; the last three are final."""

    QUEUED = "queued"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected of this deployment."""
        return self in (DeployStatus.SUCCEEDED, DeployStatus.FAILED, DeployStatus.CANCELED)


class DeployKind(StrEnum):
    """Why a deployment was made, as its sender declared it."""

    NORMAL = "normal"
    HOTFIX = "hotfix"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"
    CONFIG = "config"


class ChangeKind(StrEnum):
    """What a small change touched."""

    CONFIG = "config"
    FLAG = "flag"
    SCHEMA = "schema"
    INFRA = "infra"
    MANUAL = "manual"
    ACCESS = "access"
    RELEASE = "release"


class ChangeStatus(StrEnum):
    """Where a small change stands."""

    PLANNED = "planned"
    DONE = "done"
    REVERTED = "reverted"


class Risk(StrEnum):
    """How a small change was weighed by its author."""

    STANDARD = "standard"
    NORMAL = "normal"
    EMERGENCY = "emergency"


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self is not IncidentStatus.RESOLVED


class Severity(StrEnum):
    """How bad an incident is; sev1 is the worst."""

    SEV1 = "sev1"
    SEV2 = "sev2"
    SEV3 = "sev3"
    SEV4 = "sev4"
    SEV5 = "sev5"


class Cause(StrEnum):
    """What kind of thing an incident was caused by."""

    CHANGE = "change"
    EXTERNAL = "external"
    CAPACITY = "capacity"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """What an environment is for; only production counts in the delivery metrics."""

    PRODUCTION = "production"
    STAGING = "staging"
    TESTING = "testing"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReport:
    """One commit that a sender told of; `pr` is the number of the pull or merge request that brought it in."""

    repository: str
    sha: str
    authored_at: datetime | None = None
    committed_at: datetime | None = None
    author: str | None = None
    message: str | None = None
    pr: int | None = None
    is_merge: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReport:
    """What one event says of one incident.

    `group_key` names the group that a monitor sends together (one Slack message for all of it). `opens` is false
    for a signal that is only stored (an alert below the configured rule); it can be promoted by a person.
    `services` are the sender's own names.
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
    resolved_at: Maybe[datetime] = UNSET
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
    event_id: str | None = None


Report: TypeAlias = DeployReport | ChangeReport | IncidentReport | CommitReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One remembered commit."""

    repository: str
    sha: str
    authored_at: datetime | None = None
    committed_at: datetime | None = None
    author: str | None = None
    message: str | None = None
    pr: int | None = None
    is_merge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """One deployment in the ledger. `id` is the number people type (`#12`); 0 before it is stored.

    `status_at` is the event time of the report that set `status`. `service` and `environment` are the
    configuration's names.
    """

    id: int = 0
    source: str
    deploy_id: str
    service: str
    environment: str
    tier: Tier | None = None
    status: DeployStatus
    status_at: datetime
    kind: DeployKind | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    version: str | None = None
    sha: str | None = None
    ref: str | None = None
    previous_sha: str | None = None
    repository: str | None = None
    actor: str | None = None
    title: str = ""
    url: str | None = None
    rollout_id: str | None = None
    attempt: int | None = None
    additions: int | None = None
    deletions: int | None = None
    team: str | None = None
    fixes: tuple[str, ...] = ()
    commits_known: bool = False
    received_at: datetime
    latest_at: datetime
    said: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One small change in the ledger. `id` is the number people type (`#12`); 0 before it is stored.

    `status` is `None` where nobody said it; such a change is taken as done.
    """

    id: int = 0
    source: str
    change_id: str
    service: str
    environment: str | None = None
    summary: str = ""
    kind: ChangeKind | None = None
    status: ChangeStatus | None = None
    status_at: datetime
    risk: Risk | None = None
    occurred_at: datetime
    actor: str | None = None
    approver: str | None = None
    revert: str | None = None
    url: str | None = None
    team: str | None = None
    related_deploy: str | None = None
    related_incident: str | None = None
    is_undone: bool = False
    undone_by: str | None = None
    received_at: datetime
    latest_at: datetime
    said: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. `id` is its number (`INC-12`); 0 before it is stored.

    `started_at` is `None` for a stub: a resolution that arrived before its trigger. `acknowledged_at` is the first
    acknowledgement, `resolved_at` the last resolution, `reopened_at` the last reopening. `leader_id` is the incident
    whose Slack message this one is shown in (its own id when it leads). `is_signal` marks a stored alert that
    opened no incident.
    """

    id: int = 0
    source: str
    incident_id: str
    services: tuple[str, ...] = ()
    environment: str | None = None
    title: str = ""
    summary: str = ""
    severity: Severity | None = None
    status: IncidentStatus
    status_at: datetime
    started_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    last_acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    reopened_at: datetime | None = None
    url: str | None = None
    runbook: str | None = None
    actor: str | None = None
    team: str | None = None
    cause: Cause | None = None
    caused_by: tuple[str, ...] = ()
    group_key: str | None = None
    leader_id: int | None = None
    is_signal: bool = False
    is_test: bool = False
    received_at: datetime
    latest_at: datetime
    said: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self.status.is_open and not self.is_signal

    @property
    def headline(self) -> str:
        """What people call it: its title, else its sender's own id."""
        return self.title or self.incident_id


class EntryKind(StrEnum):
    """What a timeline entry tells of."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    SEVERITY = "severity"
    NOTE = "note"
    JOINED = "joined"
    PROMOTED = "promoted"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's history: who did what, when, and where it was said."""

    incident_id: int
    at: datetime
    kind: EntryKind
    actor: str | None = None
    text: str | None = None
    via: str = "webhook"


Side: TypeAlias = Literal["dev", "ops"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """Where Slack keeps a message that the bot posted: what later edits and threads need.

    `subject` names the record (`deploy:12`), `part` which of its messages this is (`card`, or a reply's name).
    `channel` is as configured (`#x` or `C…`), `channel_id` as Slack knows it.
    """

    subject: str
    part: str
    side: str
    channel: str
    channel_id: str
    ts: str
    permalink: str | None = None
