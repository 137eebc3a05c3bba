"""Deployments as they are posted to Apache DevLake's webhook, one after another or in an array.

https://devlake.apache.org/docs/Plugins/webhook : one deployment with the commit of each repository it is made of. The
repository names the service.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, TextIO

import msgspec

from handlers.errors import MalformedPayload
from handlers.imports import Format, Item, Wrong
from handlers.json_stream import BrokenJson, values
from handlers.payload import convert, not_ahead, utc
from models.reports import DeployReport
from models.words import UNSET, DeployStatus

_STATUS: Final = {"SUCCESS": DeployStatus.SUCCEEDED, "FAILURE": DeployStatus.FAILED, "ABORT": DeployStatus.CANCELED}
_GITHUB: Final = "https://github.com/"


class _Commit(msgspec.Struct, rename="camel"):
    repo_url: str
    commit_sha: str
    ref_name: str | None = None
    commit_msg: str | None = None
    result: str | None = None
    started_date: datetime | None = None
    finished_date: datetime | None = None


class _Deployment(msgspec.Struct, rename="camel"):
    id: str
    started_date: datetime
    deployment_commits: list[_Commit]
    finished_date: datetime | None = None
    environment: str | None = None
    result: str | None = None
    name: str | None = None
    display_title: str | None = None
    url: str | None = None


def _read(text: TextIO, at: datetime) -> Iterator[Item | Wrong]:
    try:
        for number, (line, value) in enumerate(values(text), 1):
            yield from _items(value, f"deployment {number} (line {line})", at)
    except BrokenJson as error:
        yield Wrong(f"line {error.line}", error.problem)


def _items(value: Any, place: str, at: datetime) -> list[Item | Wrong]:
    try:
        deployment = convert(value, _Deployment)
        reports = [_report(deployment, n, commit, at) for n, commit in enumerate(deployment.deployment_commits)]
    except MalformedPayload as error:
        return [Wrong(f"{place}, {error.path}", error.problem)]
    return [Item(place, "devlake", report.occurred_at, report) for report in reports]


def _report(deployment: _Deployment, number: int, commit: _Commit, at: datetime) -> DeployReport:
    path = f"$.deploymentCommits[{number}]"
    # DevLake takes a deployment without an end as ended when it began.
    finished = commit.finished_date or deployment.finished_date or commit.started_date or deployment.started_date
    repository = commit.repo_url.rstrip("/").removesuffix(".git").removeprefix(_GITHUB)
    result = (commit.result or deployment.result or "SUCCESS").upper()
    if result not in _STATUS:
        raise MalformedPayload(f"{path}.result", f"{result[:60]!r} is none of {', '.join(_STATUS)}")
    return DeployReport(
        deploy_id=deployment.id,
        service=repository,
        environment=(deployment.environment or "PRODUCTION").lower(),
        occurred_at=not_ahead(utc(finished, f"{path}.finishedDate"), at, f"{path}.finishedDate"),
        status=_STATUS[result],
        started_at=utc(commit.started_date or deployment.started_date, f"{path}.startedDate"),
        finished_at=utc(finished, f"{path}.finishedDate"),
        sha=commit.commit_sha[:64],
        ref=commit.ref_name or UNSET,
        repository=repository,
        title=deployment.display_title or deployment.name or UNSET,
        url=deployment.url or UNSET,
    )


def _fits(start: str) -> bool:
    return '"deploymentCommits"' in start


FORMAT = Format(name="devlake", summary="deployments as posted to Apache DevLake", fits=_fits, read=_read)
