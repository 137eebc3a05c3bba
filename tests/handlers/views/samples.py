"""Records for the tests of what is said."""

from datetime import UTC, datetime, timedelta

from models.records import Change, Commit, Deploy, Incident
from models.words import DeployStatus, IncidentStatus, Severity

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def deploy(**fields: object) -> Deploy:
    """Return a finished deployment of payments."""
    values: dict[str, object] = {
        "id": 12,
        "source": "github",
        "deploy_id": "42",
        "service": "payments",
        "environment": "production",
        "status": DeployStatus.SUCCEEDED,
        "status_at": AT,
        "started_at": AT - timedelta(seconds=200),
        "finished_at": AT,
        "version": "1.4.2",
        "sha": "b" * 40,
        "previous_sha": "a" * 40,
        "repository": "acme/payments",
        "actor": "ada",
        "url": "https://github.com/acme/payments/actions/runs/42",
        "received_at": AT,
        "latest_at": AT,
    }
    return Deploy(**(values | fields))  # type: ignore[arg-type]


def commit(**fields: object) -> Commit:
    """Return a commit by Ada."""
    values: dict[str, object] = {
        "repository": "acme/payments",
        "sha": "b" * 40,
        "author": "Ada",
        "message": "Drop the retry\n\nIt never helped.",
        "pr": 77,
    }
    return Commit(**(values | fields))  # type: ignore[arg-type]


def change(**fields: object) -> Change:
    """Return a small change to payments."""
    values: dict[str, object] = {
        "id": 7,
        "source": "slack",
        "change_id": "t1",
        "service": "payments",
        "environment": "production",
        "summary": "raise the pool to 40",
        "status_at": AT,
        "occurred_at": AT,
        "actor": "ada",
        "revert": "set it back to 20",
        "received_at": AT,
        "latest_at": AT,
    }
    return Change(**(values | fields))  # type: ignore[arg-type]


def incident(**fields: object) -> Incident:
    """Return an open incident of payments."""
    values: dict[str, object] = {
        "id": 3,
        "leader_id": 3,
        "source": "alertmanager",
        "incident_id": "f00",
        "services": ("payments",),
        "environment": "production",
        "title": "Checkout errors",
        "severity": Severity.SEV1,
        "status": IncidentStatus.TRIGGERED,
        "status_at": AT,
        "started_at": AT,
        "url": "https://alerts.example/f00",
        "runbook": "https://runbooks.example/checkout",
        "received_at": AT,
        "latest_at": AT,
    }
    return Incident(**(values | fields))  # type: ignore[arg-type]
