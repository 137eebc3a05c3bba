"""CDEvents: what the deployments, incidents and pipelines of other tools mean here.

https://github.com/cdevents/spec , context versions 0.3 to 0.5 (`specversion` since 0.5, `version` before). They know
neither a deployment's own id nor a change's: the id of the event stands for it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from msgspec import Struct

from handlers.errors import MalformedPayload
from handlers.generic_event import GenericReport, refuse_nul
from handlers.generic_shapes import Instant, Name
from handlers.payload import clean, convert, not_ahead, utc
from models.reports import ChangeReport, DeployReport, IncidentReport
from models.words import UNSET, ChangeKind, ChangeStatus, DeployKind, DeployStatus, IncidentStatus

PREFIX: Final = "dev.cdevents."
_TYPE: Final = re.compile(r"dev\.cdevents\.(?P<what>[a-z]+\.[a-z]+)(?:\..*)?", re.DOTALL)
_READ_VERSION: Final = re.compile(r"v?0\.[345](?:\D.*)?", re.DOTALL)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class _Context(Struct):
    id: Name
    source: Name
    timestamp: Instant
    version: str | None = None
    specversion: str | None = None


class _Reference(Struct):
    id: Name


class _Content(Struct):
    environment: _Reference | None = None
    service: _Reference | None = None
    repository: _Reference | None = None
    artifactId: str | None = None
    description: str | None = None
    ticketURI: str | None = None
    name: str | None = None
    url: str | None = None
    pipelineName: str | None = None
    outcome: str | None = None
    errors: str | None = None


class _Subject(Struct):
    id: Name
    content: _Content


class _Event(Struct):
    context: _Context
    subject: _Subject


@dataclass(frozen=True, slots=True)
class _Told:
    """One event on its way to a report: `what` is its type without prefix and version; `path` its place."""

    what: str
    id: str
    at: datetime
    subject: str
    content: _Content
    path: str
    workflows: Mapping[str, str]

    def needed(self, name: str) -> Any:
        """Return a field of the subject's content that this type cannot do without."""
        value = getattr(self.content, name)
        if not value:
            raise MalformedPayload(f"{self.path}.subject.content.{name}", "missing")
        return value


_Read: TypeAlias = Callable[[_Told], GenericReport | str]


def read_cdevent(
    type_: str, value: object, at: datetime, workflows: Mapping[str, str], path: str = "$"
) -> GenericReport | str:
    """Read a CDEvent that stands at `path` of the body and was received at `at`.

    `type_` is its type, with or without a version. `workflows` maps the name of a pipeline to the environment it
    deploys to; other pipelines are no deploys. Returns why, where it says nothing that is used.

    Raises:
        MalformedPayload: it is of a type that is used, and not of that type's shape.
    """
    found = _TYPE.fullmatch(type_)
    read = _READERS.get(found["what"]) if found else None
    if found is None or read is None:
        return f"event {type_[:128]!r} is not used"
    refuse_nul(value, path)
    event = convert(value, _Event, path)
    version = event.context.specversion or event.context.version or ""
    if not _READ_VERSION.fullmatch(version):
        return f"CDEvents {version[:32]!r} are not read, only 0.3 to 0.5"
    place = f"{path}.context.timestamp"
    when = not_ahead(utc(event.context.timestamp, place), at, place)
    return read(_Told(found["what"], event.context.id, when, event.subject.id, event.subject.content, path, workflows))


def _deployed(told: _Told) -> DeployReport:
    version, sha = _artifact(told.content.artifactId)
    return DeployReport(
        deploy_id=told.id,
        service=told.subject,
        environment=told.needed("environment").id,
        occurred_at=told.at,
        finished_at=told.at,
        status=DeployStatus.SUCCEEDED,
        kind=DeployKind.ROLLBACK if told.what == "service.rolledback" else UNSET,
        version=version or UNSET,
        sha=sha or UNSET,
        event_id=told.id,
    )


def _artifact(purl: str | None) -> tuple[str | None, str | None]:
    """Return the version in a package URL, and the commit where that is one (`pkg:golang/x/y@<sha>`)."""
    path = re.split(r"[?#]", purl or "")[0]
    version = clean(unquote(path.rpartition("@")[2])) if "@" in path else None
    return version, version if version and _COMMIT.fullmatch(version) else None


def _of_service(told: _Told) -> ChangeReport:
    environment = told.content.environment.id if told.content.environment else None
    done = told.what.partition(".")[2]
    return _change(told, f"{told.subject} {done}", service=told.subject, environment=environment)


def _of_environment(told: _Told) -> ChangeReport:
    """Return a change of the service that bears the environment's name; no other is named."""
    name = (told.content.name or told.subject)[:255]
    done = told.what.partition(".")[2]
    return _change(told, f"Environment {name} {done}", service=name, environment=name)


def _merged(told: _Told) -> ChangeReport | str:
    if told.content.repository is None:
        return "a merge that names no repository"
    summary = told.content.description or f"Merged {told.subject}"
    return _change(told, summary, service=told.content.repository.id, kind=None)


def _change(
    told: _Told,
    summary: str,
    *,
    service: str,
    environment: str | None = None,
    kind: ChangeKind | None = ChangeKind.INFRA,
) -> ChangeReport:
    return ChangeReport(
        change_id=told.id,
        service=service,
        environment=environment,
        occurred_at=told.at,
        summary=summary,
        kind=kind or UNSET,
        status=ChangeStatus.DONE,
        url=told.content.url or UNSET,
        event_id=told.id,
    )


def _incident(told: _Told) -> IncidentReport:
    is_over = told.what == "incident.resolved"
    content = told.content
    description = content.description or UNSET
    return IncidentReport(
        incident_id=told.subject,
        occurred_at=told.at,
        status=IncidentStatus.RESOLVED if is_over else IncidentStatus.TRIGGERED,
        services=(content.service.id,) if content.service else (),
        environment=content.environment.id if content.environment else None,
        # A resolution describes how it ended; the title stays what was detected.
        title=UNSET if is_over else description,
        summary=description if is_over else UNSET,
        started_at=UNSET if is_over else told.at,
        resolved_at=told.at if is_over else UNSET,
        url=content.ticketURI or UNSET,
        event_id=told.id,
    )


def _pipeline(told: _Told) -> DeployReport | str:
    name = told.needed("pipelineName")
    environment = told.workflows.get(name)
    if environment is None:
        return f"pipeline {name[:128]!r} is not configured as a deploy (see `workflows`)"
    outcome = told.needed("outcome")
    status = _OUTCOMES.get(outcome)
    if status is None:
        return f"outcome {outcome[:64]!r} says nothing"
    return DeployReport(
        deploy_id=told.subject,
        service=name[:255],
        environment=environment,
        occurred_at=told.at,
        finished_at=told.at,
        status=status,
        title=told.content.errors or UNSET,
        url=told.content.url or UNSET,
        event_id=told.id,
    )


_OUTCOMES: Final = {
    "success": DeployStatus.SUCCEEDED,
    "failure": DeployStatus.FAILED,
    "error": DeployStatus.FAILED,
    "cancel": DeployStatus.CANCELED,
}
_READERS: Final[dict[str, _Read]] = {
    **dict.fromkeys(("service.deployed", "service.upgraded", "service.rolledback"), _deployed),
    **dict.fromkeys(("service.removed", "service.published"), _of_service),
    **dict.fromkeys(("incident.detected", "incident.reported", "incident.resolved"), _incident),
    **dict.fromkeys(("environment.created", "environment.modified", "environment.deleted"), _of_environment),
    "pipelinerun.finished": _pipeline,
    "change.merged": _merged,
}
