"""Times that a sender's clock puts ahead of ours: they count from when they came, else they outrank what follows."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from handlers.sender_warnings import FLAGGED_AHEAD
from models.reports import CommitReport, Report

_INSTANTS: Final = ("occurred_at", "started_at", "finished_at", "acknowledged_at", "unacknowledged_at", "resolved_at")


def by_arrival(report: Report, received_at: datetime) -> Report:
    """Return a report in which no instant lies further ahead of its arrival than is put up with."""
    if isinstance(report, CommitReport):
        return report
    latest = received_at + FLAGGED_AHEAD
    ahead: dict[str, Any] = {}
    for name in _INSTANTS:
        at = getattr(report, name, None)
        if isinstance(at, datetime) and at > latest:
            ahead[name] = received_at
    return replace(report, **ahead) if ahead else report
