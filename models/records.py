"""Records: what the bot remembers of deploys, changes and incidents.

A record keeps `latest_at`, the event time of its latest report, and `said`, which `models.last_writer` explains. All
instants are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.words import (
    Cause,
    ChangeKind,
    ChangeStatus,
    DeployKind,
    DeployStatus,
    EntryKind,
    IncidentStatus,
    Remedy,
    Risk,
    Severity,
    Tier,
)


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
    previous_sha: str | None = None


@dataclass(slots=True, kw_only=True)
class Deploy:
    """One deployment in the ledger. `id` is the number people type (`#12`); 0 before it is stored.

    Not frozen, for speed alone: only who stores a new one changes it, once, to give it its number.

    `status_at` is the event time of the report that set `status`. `service` and `environment` are the
    configuration's names. `remedy` belongs to attribution: what it was found to have put right (`None`: nobody looked).
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
    remedy: Remedy | None = None


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


@dataclass(slots=True, kw_only=True)
class Incident:
    """One incident. `id` is its number (`INC-12`); 0 before it is stored.

    Not frozen, for speed alone: only who makes a new state of one changes it (`models.merging`, then its number).

    `started_at` is `None` for a stub: a resolution that arrived before its trigger. `acknowledged_at` is the first
    acknowledgement, `unacknowledged_at` when one was last given back, `resolved_at` the last resolution, `reopened_at`
    the last reopening. `leader_id` is the incident whose Slack message this one is shown in (its own id when it
    leads), `home_id` the one it was shown in before a person merged it. `is_signal` marks a stored alert that opened
    no incident.

    `cause` and `caused_by` are the senders'. What a person says is kept beside them and wins: `ruled_cause` (`None`:
    nobody said), `ruled_causes`, and `cleared`, the deploys that are not the cause (both as `deploy:41`). `ruled_by`
    and `ruled_at` tell who said the last of it and when, `ruled_before` what it took the place of.
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
    unacknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    reopened_at: datetime | None = None
    mitigated_at: datetime | None = None
    mitigated_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    url: str | None = None
    runbook: str | None = None
    actor: str | None = None
    team: str | None = None
    cause: Cause | None = None
    caused_by: tuple[str, ...] = ()
    ruled_cause: Cause | None = None
    ruled_causes: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    ruled_by: str | None = None
    ruled_at: datetime | None = None
    ruled_before: Mapping[str, Any] | None = None
    group_key: str | None = None
    leader_id: int | None = None
    home_id: int | None = None
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
    def is_closed(self) -> bool:
        """Whether it is over and looked through: nothing but reopening it changes it any more."""
        return self.status is IncidentStatus.RESOLVED and self.closed_at is not None

    @property
    def known_cause(self) -> Cause | None:
        """What kind of thing caused it, as far as anybody said; a person's word stands before a sender's."""
        return self.ruled_cause or self.cause

    @property
    def known_causes(self) -> tuple[str, ...]:
        """What it was said to be caused by; a person's word stands before a sender's."""
        return self.ruled_causes if self.ruled_cause else self.caused_by

    @property
    def headline(self) -> str:
        """What people call it: its title, else its sender's own id."""
        return self.title or self.incident_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's history: who did what, when, and where it was said.

    `was` is what stood before. What was taken from a conversation has its `message` (`C1:ts`), `permalink` and the
    links of its `files`; `removed_at` is when that message was deleted. `id` is 0 before it is stored.
    """

    id: int = field(default=0, compare=False)
    incident_id: int
    at: datetime
    kind: EntryKind
    actor: str | None = None
    text: str | None = None
    via: str = "webhook"
    was: str | None = None
    message: str | None = None
    permalink: str | None = None
    files: tuple[str, ...] = ()
    removed_at: datetime | None = None


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
