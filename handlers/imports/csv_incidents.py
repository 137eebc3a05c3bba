"""Incidents as CSV, one line each."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TextIO

from handlers.csv_rows import Row, names_in, needed, rows, said, when, word
from handlers.errors import MalformedPayload
from handlers.imports import EventReport, Format, Item, Wrong
from models.reports import IncidentReport
from models.words import UNSET, Cause, IncidentStatus, Severity

_NEEDED: Final = ("incident_id", "services", "started_at")
HEADER: Final = (
    *_NEEDED,
    "resolved_at",
    "acknowledged_at",
    "title",
    "severity",
    "environment",
    "cause",
    "caused_by",
    "url",
    "source",
    "received_at",
)
_SEVERITIES: Final = tuple(Severity)
_CAUSES: Final = tuple(Cause)


def _incident(row: Row) -> tuple[str, datetime | None, EventReport]:
    started_at, resolved_at = when(row, "started_at"), when(row, "resolved_at")
    if started_at is None:
        raise MalformedPayload("started_at", "is empty")
    if resolved_at is not None and resolved_at < started_at:
        raise MalformedPayload("resolved_at", "is before started_at")
    services = names_in(needed(row, "services"))
    report = IncidentReport(
        incident_id=needed(row, "incident_id"),
        occurred_at=resolved_at or started_at,
        status=IncidentStatus.RESOLVED if resolved_at else IncidentStatus.TRIGGERED,
        services=services if isinstance(services, tuple) else (),
        environment=row.get("environment") or None,
        title=said(row.get("title")),
        severity=word(row, "severity", Severity, _SEVERITIES),
        started_at=started_at,
        acknowledged_at=when(row, "acknowledged_at") or UNSET,
        resolved_at=resolved_at or UNSET,
        cause=word(row, "cause", Cause, _CAUSES),
        caused_by=names_in(row.get("caused_by")),
        url=said(row.get("url")),
    )
    return row.get("source") or "import", when(row, "received_at"), report


def _read(text: TextIO, at: datetime) -> Iterator[Item | Wrong]:
    return rows(text, HEADER, _NEEDED, at, _incident)


def _fits(start: str) -> bool:
    return "incident_id" in start.partition("\n")[0].casefold() and not start.lstrip().startswith(("[", "{"))


FORMAT = Format(name="csv-incidents", summary="incidents as CSV", fits=_fits, read=_read, header=HEADER)
