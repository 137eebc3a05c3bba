"""The generic event: what any sender can write of a deploy, a small change or an incident."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import UnsetType

from handlers.errors import MalformedPayload
from handlers.generic_shapes import (
    AnyEvent,
    ChangeEvent,
    Commit,
    DeployEvent,
    Environment,
    Git,
    IncidentEvent,
    Said,
)
from handlers.payload import convert, not_ahead, utc
from models.reports import ChangeReport, CommitReport, DeployReport, IncidentReport
from models.words import UNSET, DeployStatus, Maybe, Tier

GenericReport: TypeAlias = DeployReport | ChangeReport | IncidentReport
TYPES: Final = ("deploy", "change", "incident")

_Value = TypeVar("_Value")
_INSTANTS: Final = ("occurred_at", "started_at", "finished_at", "acknowledged_at", "resolved_at")
_GITHUB: Final = "https://github.com/"


def is_generic(value: object) -> bool:
    """Say whether a value means to be a generic event."""
    return isinstance(value, dict) and value.get("type") in TYPES


def read_generic(value: object, at: datetime, path: str = "$") -> GenericReport:
    """Read one generic event that stands at `path` of the body and was received at `at`.

    A field left out is `UNSET`, an explicit null `None`. Fields that are not known are passed over.

    Raises:
        MalformedPayload: a field is missing or of a wrong type, an instant has no offset from UTC or lies over 24
            hours ahead, or a text holds NUL.
    """
    refuse_nul(value, path)
    event: AnyEvent = convert(value, AnyEvent, path)  # type: ignore[arg-type]  # msgspec takes unions, its types do not
    match event:
        case DeployEvent():
            return _in_time(_deploy(event, path), at, path, "deploy")
        case ChangeEvent():
            return _in_time(_change(event), at, path, "change")
        case IncidentEvent():
            return _in_time(_incident(event), at, path, "incident")


def refuse_nul(value: object, path: str) -> None:
    """Refuse a text with NUL, which PostgreSQL cannot keep, anywhere in plain JSON values.

    Raises:
        MalformedPayload: there is one; its path.
    """
    waiting: list[tuple[object, str]] = [(value, path)]
    while waiting:
        part, place = waiting.pop()
        if isinstance(part, str) and "\0" in part:
            raise MalformedPayload(place, "a text holds the character NUL")
        if isinstance(part, dict):
            waiting += [(name, place) for name in part if "\0" in name]
            waiting += [(inner, f"{place}.{name}") for name, inner in part.items() if _may_hold_nul(inner)]
        elif isinstance(part, list):
            waiting += [(inner, f"{place}[{number}]") for number, inner in enumerate(part) if _may_hold_nul(inner)]


def _may_hold_nul(value: object) -> bool:
    return "\0" in value if isinstance(value, str) else isinstance(value, (dict, list))


_Report = TypeVar("_Report", DeployReport, ChangeReport, IncidentReport)


def _in_time(report: _Report, at: datetime, path: str, section: str) -> _Report:
    """Return a report with its instants in UTC, none of them absurdly far ahead."""
    settled: dict[str, Any] = {}
    for name in _INSTANTS:
        value = getattr(report, name, None)
        if isinstance(value, datetime):
            place = f"{path}.{name}" if name == "occurred_at" else f"{path}.{section}.{name}"
            settled[name] = not_ahead(utc(value, place), at, place)
    return replace(report, **settled)


def _deploy(event: DeployEvent, path: str) -> DeployReport:
    deploy, git = event.deploy, event.deploy.git or Git()
    environment, tier = _environment(event.environment)
    repository = _maybe(git.repository_url)
    return DeployReport(
        deploy_id=deploy.deploy_id,
        service=event.service,
        environment=environment,
        occurred_at=event.occurred_at,
        status=DeployStatus(deploy.status),
        tier=tier,
        kind=_maybe(deploy.kind),
        started_at=_maybe(deploy.started_at),
        finished_at=_maybe(deploy.finished_at),
        version=_maybe(deploy.version),
        sha=_maybe(git.commit_sha),
        ref=_maybe(git.ref),
        previous_sha=_maybe(git.previous_sha),
        repository=_repository(repository) if isinstance(repository, str) else repository,
        actor=_maybe(event.actor),
        title=_maybe(event.title),
        url=_maybe(event.url),
        rollout_id=_maybe(deploy.rollout_id),
        attempt=_maybe(deploy.attempt),
        additions=_maybe(deploy.additions),
        deletions=_maybe(deploy.deletions),
        team=_maybe(event.team),
        fixes=_names(deploy.fixes),
        commits=_commits(git, event.service, f"{path}.deploy.git.commits"),
        event_id=event.id,
    )


def _commits(git: Git, service: str, path: str) -> tuple[CommitReport, ...] | None:
    """Return the commits under their repository, or under the service's name where none is given."""
    if git.commits is None:
        return None
    repository = _repository(git.repository_url) if isinstance(git.repository_url, str) else service
    return tuple(_commit(commit, repository, f"{path}[{number}]") for number, commit in enumerate(git.commits))


def _commit(commit: Commit, repository: str, path: str) -> CommitReport:
    return CommitReport(
        repository=repository,
        sha=commit.sha,
        authored_at=utc(commit.authored_at, f"{path}.authored_at") if commit.authored_at else None,
        committed_at=utc(commit.committed_at, f"{path}.committed_at") if commit.committed_at else None,
        author=commit.author,
        pr=commit.pr,
        is_merge=commit.is_merge,
    )


def _change(event: ChangeEvent) -> ChangeReport:
    change = event.change
    return ChangeReport(
        change_id=change.change_id,
        service=event.service,
        occurred_at=event.occurred_at,
        summary=change.summary,
        environment=_environment(event.environment)[0] if event.environment else None,
        kind=_maybe(change.kind),
        status=_maybe(change.status),
        risk=_maybe(change.risk),
        actor=_maybe(event.actor),
        approver=_maybe(change.approver),
        revert=_maybe(change.revert),
        url=_maybe(event.url),
        team=_maybe(event.team),
        related_deploy=_maybe(change.related_deploy),
        related_incident=_maybe(change.related_incident),
        event_id=event.id,
    )


def _incident(event: IncidentEvent) -> IncidentReport:
    incident = event.incident
    services = incident.services or event.services or ([event.service] if event.service else [])
    title = _maybe(incident.title)
    return IncidentReport(
        incident_id=incident.incident_id,
        occurred_at=event.occurred_at,
        status=incident.status,
        services=tuple(dict.fromkeys(services)),
        environment=_environment(event.environment)[0] if event.environment else None,
        title=_maybe(event.title) if title is UNSET else title,
        severity=_maybe(incident.severity),
        started_at=_maybe(incident.started_at),
        acknowledged_at=_maybe(incident.acknowledged_at),
        resolved_at=_maybe(incident.resolved_at),
        url=_maybe(event.url),
        actor=_maybe(event.actor),
        team=_maybe(event.team),
        cause=_maybe(incident.cause),
        caused_by=_names(incident.caused_by),
        is_test=incident.test,
        event_id=event.id,
    )


def _environment(given: Environment | str) -> tuple[str, Maybe[Tier]]:
    return (given, UNSET) if isinstance(given, str) else (given.id, _maybe(given.tier))


def _repository(url: str) -> str:
    """Return `owner/name` for GitHub, as its own webhooks say it; elsewhere the address, which links need."""
    return url.rstrip("/").removesuffix(".git").removeprefix(_GITHUB) or url


def _names(given: Said[list[str]]) -> Maybe[tuple[str, ...]]:
    names = _maybe(given)
    return tuple(names) if isinstance(names, list) else names


def _maybe(value: Said[_Value]) -> Maybe[_Value]:
    return UNSET if isinstance(value, UnsetType) else value
