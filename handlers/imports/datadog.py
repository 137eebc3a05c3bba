"""Deployments as Datadog's DORA API takes and lists them: JSON:API objects, one after another or in an array.

https://docs.datadoghq.com/api/latest/dora-metrics/ : instants are Unix times in seconds, milliseconds or nanoseconds.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TextIO

import msgspec

from handlers.errors import MalformedPayload
from handlers.imports import Format, Item, Wrong
from handlers.json_stream import BrokenJson, values
from handlers.payload import convert, not_ahead
from models.reports import DeployReport
from models.words import UNSET, DeployStatus

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GITHUB: Final = "https://github.com/"
# By its size: seconds until the year 5138, then milliseconds, then nanoseconds.
_MILLISECONDS_FROM: Final = 10**11
_NANOSECONDS_FROM: Final = 10**16


class _Git(msgspec.Struct):
    commit_sha: str | None = None
    repository_url: str | None = None


class _Attributes(msgspec.Struct):
    service: str
    finished_at: int
    started_at: int | None = None
    env: str | None = None
    version: str | None = None
    team: str | None = None
    id: str | None = None
    git: _Git | None = None


class _Deployment(msgspec.Struct):
    attributes: _Attributes
    id: str | None = None


def _read(text: TextIO, at: datetime) -> Iterator[Item | Wrong]:
    number = 0
    try:
        for line, value in values(text):
            for entry in _entries(value):
                number += 1
                yield _item(entry, f"deployment {number} (line {line})", at)
    except BrokenJson as error:
        yield Wrong(f"line {error.line}", error.problem)


def _entries(value: Any) -> list[Any]:
    """Return the deployments in a request, in an answer that lists several, or standing by themselves."""
    data = value.get("data", value) if isinstance(value, dict) else value
    return data if isinstance(data, list) else [data]


def _item(value: Any, place: str, at: datetime) -> Item | Wrong:
    try:
        deployment = convert(value, _Deployment)
        report = _report(deployment, at)
    except MalformedPayload as error:
        return Wrong(f"{place}, {error.path}", error.problem)
    return Item(place, "datadog", report.occurred_at, report)


def _report(deployment: _Deployment, at: datetime) -> DeployReport:
    told, git = deployment.attributes, deployment.attributes.git or _Git()
    finished = not_ahead(_instant(told.finished_at, "finished_at"), at, "$.attributes.finished_at")
    repository = (git.repository_url or "").rstrip("/").removesuffix(".git").removeprefix(_GITHUB)
    return DeployReport(
        deploy_id=deployment.id or told.id or _id_of(told),
        service=told.service,
        environment=told.env or "production",
        occurred_at=finished,
        status=DeployStatus.SUCCEEDED,
        started_at=_instant(told.started_at, "started_at") if told.started_at else UNSET,
        finished_at=finished,
        version=told.version or UNSET,
        sha=git.commit_sha or UNSET,
        repository=repository or UNSET,
        team=told.team or UNSET,
    )


def _id_of(told: _Attributes) -> str:
    """Return what names a deployment that was sent without an id: what cannot be the same for two."""
    return hashlib.sha256(f"{told.service} {told.env} {told.finished_at}".encode()).hexdigest()[:32]


def _instant(value: int, name: str) -> datetime:
    unit = 10**9 if value >= _NANOSECONDS_FROM else 1_000 if value >= _MILLISECONDS_FROM else 1
    try:
        return _EPOCH + timedelta(microseconds=value * 1_000_000 // unit)
    except OverflowError as error:
        raise MalformedPayload(f"$.attributes.{name}", f"{value} is no Unix time") from error


def _fits(start: str) -> bool:
    return '"attributes"' in start and start.lstrip("\ufeff \t\r\n")[:1] in ("[", "{")


FORMAT = Format(name="datadog", summary="deployments of Datadog's DORA metrics", fits=_fits, read=_read)
