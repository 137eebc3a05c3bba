"""Deploys as CSV, one line each."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TextIO

from handlers.csv_rows import Row, names_in, needed, rows, said, when, word
from handlers.errors import MalformedPayload
from handlers.imports import EventReport, Format, Item, Wrong
from models.reports import CommitReport, DeployReport
from models.words import UNSET, DeployKind, DeployStatus

_NEEDED: Final = ("deploy_id", "service", "environment", "finished_at")
HEADER: Final = (
    *_NEEDED,
    "status",
    "started_at",
    "version",
    "sha",
    "repository",
    "kind",
    "fixes",
    "rollout_id",
    "actor",
    "url",
    "commit_authored_at",
    "source",
    "received_at",
)
_STATUSES: Final = tuple(s for s in DeployStatus if s is not DeployStatus.UNKNOWN)
_KINDS: Final = tuple(DeployKind)


def _deploy(row: Row) -> tuple[str, datetime | None, EventReport]:
    started_at, finished_at = when(row, "started_at"), when(row, "finished_at")
    status = word(row, "status", DeployStatus, _STATUSES)
    if finished_at is None:
        raise MalformedPayload("finished_at", "is empty")
    if started_at is not None and started_at > finished_at:
        raise MalformedPayload("started_at", "is after finished_at")
    report = DeployReport(
        deploy_id=needed(row, "deploy_id"),
        service=needed(row, "service"),
        environment=needed(row, "environment"),
        occurred_at=finished_at,
        status=status if isinstance(status, DeployStatus) else DeployStatus.SUCCEEDED,
        kind=word(row, "kind", DeployKind, _KINDS),
        started_at=started_at or UNSET,
        finished_at=finished_at,
        version=said(row.get("version")),
        sha=said(row.get("sha")),
        repository=said(row.get("repository")),
        actor=said(row.get("actor")),
        url=said(row.get("url")),
        rollout_id=said(row.get("rollout_id")),
        fixes=names_in(row.get("fixes")),
        commits=_commits(row),
    )
    return row.get("source") or "import", when(row, "received_at"), report


def _commits(row: Row) -> tuple[CommitReport, ...] | None:
    """Return the one commit whose time is given; without it, what the deploy brought is unknown."""
    authored_at = when(row, "commit_authored_at")
    if authored_at is None:
        return None
    repository = row.get("repository") or needed(row, "service")
    return (CommitReport(repository=repository, sha=needed(row, "sha"), authored_at=authored_at),)


def _read(text: TextIO, at: datetime) -> Iterator[Item | Wrong]:
    return rows(text, HEADER, _NEEDED, at, _deploy)


def _fits(start: str) -> bool:
    return "deploy_id" in start.partition("\n")[0].casefold() and not start.lstrip().startswith(("[", "{"))


FORMAT = Format(name="csv-deploys", summary="deploys as CSV", fits=_fits, read=_read, header=HEADER)
