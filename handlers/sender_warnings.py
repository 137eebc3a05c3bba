"""What a sender should know although its events are accepted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from handlers.payload import not_ahead
from models.reports import ChangeReport, CommitReport, DeployReport, IncidentReport, Report
from models.topology import Topology

# Over 5 minutes ahead of us an event is accepted with a flag; over 24 hours it is refused (`handlers.payload`).
FLAGGED_AHEAD: Final = timedelta(minutes=5)
_LONGEST: Final = 100


def warnings_about(reports: Sequence[Report], topology: Topology, at: datetime) -> list[str]:
    """Return what a sender should know although its events are accepted; each thing once.

    Raises:
        MalformedPayload: an event is more than 24 hours in the future.
    """
    warnings: dict[str, None] = {}
    for report in reports:
        if isinstance(report, CommitReport):
            continue
        if not_ahead(report.occurred_at, at, "$.occurred_at") - at > FLAGGED_AHEAD:
            warnings[f"time {report.occurred_at.isoformat()} is in the future; check the sender's clock"] = None
        for name in unmapped_names(report, topology):
            warnings[f"{name}: held until it is mapped (see `/bridge map`)"] = None
    return list(warnings)


def unmapped_names(report: DeployReport | ChangeReport | IncidentReport, topology: Topology) -> list[str]:
    """Return the names of a report that no table of the configuration knows, in words."""
    names = report.services if isinstance(report, IncidentReport) else (report.service,)
    services = [topology.service_named(name) for name in names]
    unknown = [f"unknown service {_shown(name)}" for name, known in zip(names, services, strict=True) if known is None]
    if isinstance(report, DeployReport) and services[0] is not None:
        known = topology.environment_named(services[0], report.environment)
        if known is None:
            unknown.append(f"unknown environment {_shown(report.environment)} of {services[0].name}")
    return unknown


def _shown(name: str) -> str:
    return repr(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")
