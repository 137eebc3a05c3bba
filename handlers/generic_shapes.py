"""The shapes of the generic event: its fields, which of them are needed, and their limits.

A text is limited where the memory limits it: names and ids to 255 characters, a commit's sha to 64.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from models.words import Cause, ChangeKind, ChangeStatus, DeployKind, IncidentStatus, Risk, Severity, Tier

_Value = TypeVar("_Value")
Said: TypeAlias = _Value | UnsetType | None
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Sha: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Commit(Struct):
    """One commit of a deploy."""

    sha: Sha
    authored_at: Instant | None = None
    committed_at: Instant | None = None
    author: str | None = None
    pr: Count | None = None
    is_merge: bool = False


class Git(Struct):
    """What a deploy was built from; `commits` are those it brings, where the sender knows them."""

    repository_url: Said[Name] = UNSET
    commit_sha: Said[Sha] = UNSET
    ref: Said[str] = UNSET
    previous_sha: Said[Sha] = UNSET
    commits: list[Commit] | None = None


# That a deployment is unknown is for the bot to find out, and never told.
ToldStatus: TypeAlias = Literal["queued", "started", "succeeded", "failed", "canceled"]


class Deploy(Struct):
    """What is said of a deploy."""

    deploy_id: Name
    status: ToldStatus
    started_at: Said[Instant] = UNSET
    finished_at: Said[Instant] = UNSET
    version: Said[str] = UNSET
    git: Git | None = None
    kind: Said[DeployKind] = UNSET
    fixes: Said[list[Name]] = UNSET
    rollout_id: Said[Name] = UNSET
    attempt: Said[Count] = UNSET
    additions: Said[Count] = UNSET
    deletions: Said[Count] = UNSET


class Change(Struct):
    """What is said of a small change."""

    change_id: Name
    summary: Annotated[str, Meta(min_length=1)]
    kind: Said[ChangeKind] = UNSET
    status: Said[ChangeStatus] = UNSET
    risk: Said[Risk] = UNSET
    approver: Said[str] = UNSET
    revert: Said[str] = UNSET
    related_deploy: Said[Name] = UNSET
    related_incident: Said[Name] = UNSET


class Incident(Struct):
    """What is said of an incident."""

    incident_id: Name
    status: IncidentStatus
    title: Said[str] = UNSET
    severity: Said[Severity] = UNSET
    started_at: Said[Instant] = UNSET
    acknowledged_at: Said[Instant] = UNSET
    resolved_at: Said[Instant] = UNSET
    services: list[Name] | None = None
    caused_by: Said[list[Name]] = UNSET
    cause: Said[Cause] = UNSET
    test: bool = False


class Environment(Struct):
    """Where it happened."""

    id: Name
    tier: Said[Tier] = UNSET


class Event(Struct, tag_field="type", kw_only=True):
    """What every generic event has."""

    id: Name
    source: Name
    occurred_at: Instant
    team: Said[Annotated[str, Meta(max_length=255)]] = UNSET
    actor: Said[str] = UNSET
    url: Said[str] = UNSET
    title: Said[str] = UNSET
    links: list[Any] | None = None
    custom: dict[str, Any] | None = None


class DeployEvent(Event, tag="deploy", kw_only=True):
    """A deploy."""

    service: Name
    environment: Environment | Name
    deploy: Deploy


class ChangeEvent(Event, tag="change", kw_only=True):
    """A small change."""

    service: Name
    change: Change
    environment: Environment | Name | None = None


class IncidentEvent(Event, tag="incident", kw_only=True):
    """An incident."""

    incident: Incident
    service: Name | None = None
    services: list[Name] | None = None
    environment: Environment | Name | None = None


AnyEvent: TypeAlias = DeployEvent | ChangeEvent | IncidentEvent
