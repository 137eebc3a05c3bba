"""Generic events: every field, what is left out, what is wrong, and who may send."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.webhooks import Parsed, WebhookRequest
from handlers.webhooks.events import SOURCE
from models.reports import ChangeReport, CommitReport, DeployReport, IncidentReport, Report
from models.topology import WebhookSource
from models.words import (
    UNSET,
    Cause,
    ChangeKind,
    ChangeStatus,
    DeployKind,
    DeployStatus,
    IncidentStatus,
    Risk,
    Severity,
    Tier,
)
from tests.support.webhooks import captured, changed, names

SENDER = WebhookSource(name="ci", kind="events", secrets=("ci-token", "older"))
DEPLOY = captured("events", "event__deploy_succeeded")
CHANGE = captured("events", "event__change_flag")
INCIDENT = captured("events", "event__incident_triggered")


def parsed(request: WebhookRequest) -> Parsed:
    return SOURCE.parse(request, SENDER)


def only(request: WebhookRequest) -> Report:
    (report,) = parsed(request).reports
    return report


@pytest.mark.parametrize("name", names("events"))
def test_every_fixture_proves_itself_and_says_something(name: str) -> None:
    request = captured("events", name)
    SOURCE.verify(request, SENDER)
    result = parsed(request)
    assert result.reports
    assert name.partition("__")[0] == result.event
    assert not result.rejected


def test_a_deploy_says_everything() -> None:
    sha, previous = "9f0c1e7a4b2d5c8e6f3a1b0c9d8e7f6a5b4c3d2e", "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b"
    commit = CommitReport(
        repository="acme/payments",
        sha=sha,
        authored_at=datetime(2026, 11, 22, 15, 20, tzinfo=UTC),
        committed_at=datetime(2026, 11, 23, 8, 50, tzinfo=UTC),
        author="mara",
        pr=812,
    )
    assert DeployReport(
        deploy_id="4711",
        service="payments",
        environment="production",
        occurred_at=datetime(2026, 11, 23, 9, 4, 31, tzinfo=UTC),
        status=DeployStatus.SUCCEEDED,
        tier=Tier.PRODUCTION,
        kind=DeployKind.HOTFIX,
        started_at=datetime(2026, 11, 23, 9, 1, tzinfo=UTC),
        finished_at=datetime(2026, 11, 23, 9, 4, 31, tzinfo=UTC),
        version="2.14.0",
        sha=sha,
        ref="main",
        previous_sha=previous,
        repository="acme/payments",
        actor="mara",
        title="Round fees up",
        url="https://ci.example.com/jobs/4711",
        rollout_id="r-88",
        attempt=2,
        additions=31,
        deletions=4,
        team="core",
        fixes=("4702",),
        commits=(commit,),
        event_id="gitlab:4711:deploy:prod:succeeded",
    ) == only(DEPLOY)


def test_a_deploy_may_say_only_what_is_needed() -> None:
    assert DeployReport(
        deploy_id="77",
        service="search",
        environment="staging",
        occurred_at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        status=DeployStatus.STARTED,
        event_id="e-1",
    ) == only(captured("events", "event__deploy_only_what_is_needed"))


def test_a_change_says_everything() -> None:
    assert ChangeReport(
        change_id="301",
        service="payments",
        occurred_at=datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
        summary="fast-refunds on for 10 %",
        environment="production",
        kind=ChangeKind.FLAG,
        status=ChangeStatus.DONE,
        risk=Risk.STANDARD,
        actor="ben",
        approver="mara",
        revert="turn fast-refunds off",
        url="https://flags.example.com/301",
        team="core",
        related_deploy="4711",
        related_incident="disk-full",
        event_id="flags-301",
    ) == only(CHANGE)


def test_an_incident_says_everything() -> None:
    assert IncidentReport(
        incident_id="checkout-slow",
        occurred_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        status=IncidentStatus.TRIGGERED,
        services=("payments", "search"),
        environment="production",
        title="Checkout is slow",
        severity=Severity.SEV2,
        started_at=datetime(2026, 11, 23, 11, 58, tzinfo=UTC),
        url="https://probe.example.com/9",
        actor="probe",
        team="core",
        cause=Cause.CHANGE,
        caused_by=("4711",),
        event_id="probe-9",
    ) == only(INCIDENT)


def test_an_absent_field_is_unset_and_an_explicit_null_is_none() -> None:
    report = only(captured("events", "event__incident_resolved"))
    assert isinstance(report, IncidentReport)
    assert (None, UNSET) == (report.acknowledged_at, report.title)
    cleared = only(changed(DEPLOY, lambda e: (e.update(actor=None), e["deploy"].update(kind=None), e.pop("title"))))
    assert isinstance(cleared, DeployReport)
    assert (None, None, UNSET) == (cleared.actor, cleared.kind, cleared.title)


def test_an_incident_may_name_its_services_in_three_ways() -> None:
    def services(change: Callable[[Any], object]) -> tuple[str, ...]:
        report = only(changed(INCIDENT, change))
        assert isinstance(report, IncidentReport)
        return report.services

    assert ("payments",) == services(lambda e: e["incident"].pop("services"))
    assert ("a", "b") == services(lambda e: (e["incident"].pop("services"), e.update(services=["a", "b", "a"])))
    assert () == services(lambda e: (e["incident"].pop("services"), e.pop("service")))


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/acme/payments", "acme/payments"),
        ("https://git.example.com/acme/payments.git", "https://git.example.com/acme/payments"),
        (None, None),
    ],
)
def test_a_repository_is_named_as_its_own_webhooks_name_it(url: str | None, repository: str | None) -> None:
    report = only(changed(DEPLOY, lambda e: e["deploy"]["git"].update(repository_url=url)))
    assert isinstance(report, DeployReport)
    assert report.commits is not None
    assert (repository, repository or "payments") == (report.repository, report.commits[0].repository)


def test_an_empty_list_of_commits_is_not_a_missing_one() -> None:
    empty = only(changed(DEPLOY, lambda e: e["deploy"]["git"].update(commits=[])))
    missing = only(changed(DEPLOY, lambda e: e["deploy"]["git"].pop("commits")))
    assert isinstance(empty, DeployReport)
    assert isinstance(missing, DeployReport)
    assert ((), None) == (empty.commits, missing.commits)
