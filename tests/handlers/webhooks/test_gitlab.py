"""What GitLab sends, and what it means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.webhooks import WebhookRequest
from handlers.webhooks.gitlab import SOURCE
from models.reports import ChangeReport, CommitReport, DeployReport, Report
from models.topology import WebhookSource
from models.words import UNSET, ChangeKind, ChangeStatus, DeployStatus, Tier
from tests.support.webhooks import (
    AT,
    FIXTURE_SECRET,
    FIXTURE_SIGNING_KEY,
    captured,
    changed,
    names,
)

SENDER = WebhookSource(name="gitlab", kind="gitlab", secrets=(FIXTURE_SECRET, FIXTURE_SIGNING_KEY))
BY_PIPELINE = WebhookSource(name="gitlab", kind="gitlab", deploy_workflows={"Deploy to production": "production"})
SUCCESS = captured("gitlab", "deployment__success")
PIPELINE = captured("gitlab", "pipeline__success")
HEAD = "78f6518ffb21041c0fb49fb451ac2a6076f611ef"
HOOKS = {"Deployment Hook": "deployment", "Pipeline Hook": "pipeline", "Push Hook": "push", "Release Hook": "release"}


def reports(request: WebhookRequest, source: WebhookSource = SENDER) -> tuple[Report, ...]:
    return SOURCE.parse(request, source).reports


def deploy(request: WebhookRequest, source: WebhookSource = SENDER) -> DeployReport:
    report = reports(request, source)[0]
    assert isinstance(report, DeployReport)
    return report


def with_deployment(**fields: Any) -> WebhookRequest:
    return changed(SUCCESS, lambda body: body.update(fields))


def with_pipeline(**fields: Any) -> WebhookRequest:
    return changed(PIPELINE, lambda body: body["object_attributes"].update(fields))


@pytest.mark.parametrize("name", names("gitlab"))
def test_every_stored_request_proves_itself_and_is_read(name: str) -> None:
    request = captured("gitlab", name)
    SOURCE.verify(request, SENDER)
    parsed = SOURCE.parse(request, SENDER)
    assert name.partition("__")[0] == HOOKS[parsed.event]
    assert request.headers["idempotency-key"] == parsed.key
    assert bool(parsed.reports) != bool(parsed.ignored)


def test_a_successful_deployment_is_read_whole() -> None:
    at = datetime(2026, 11, 23, 9, 3, 41, tzinfo=UTC)
    assert DeployReport(
        deploy_id="15",
        service="acme/payments",
        environment="production",
        occurred_at=at,
        status=DeployStatus.SUCCEEDED,
        tier=Tier.PRODUCTION,
        finished_at=at,
        sha=HEAD,
        ref="main",
        repository="acme/payments",
        actor="maya",
        title="Retry card captures once",
        url="https://gitlab.example.com/acme/payments/-/jobs/796",
    ) == deploy(SUCCESS)


def test_a_running_deployment_starts_when_its_status_changed() -> None:
    report = deploy(captured("gitlab", "deployment__running"))
    assert DeployStatus.STARTED is report.status
    assert datetime(2026, 11, 23, 8, 56, 10, tzinfo=UTC) == report.started_at
    assert deploy(SUCCESS).deploy_id == report.deploy_id


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("created", DeployStatus.QUEUED),
        ("blocked", DeployStatus.QUEUED),
        ("running", DeployStatus.STARTED),
        ("success", DeployStatus.SUCCEEDED),
        ("failed", DeployStatus.FAILED),
        ("canceled", DeployStatus.CANCELED),
    ],
)
def test_each_status_of_a_deployment_has_its_meaning(status: str, meaning: DeployStatus) -> None:
    assert meaning is deploy(with_deployment(status=status)).status


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-23 10:03:41 +0100", 9),
        ("2026-11-23 10:03:41 +01:00", 9),
        ("2026-11-23 09:03:41 UTC", 9),
        ("2026-11-23T10:03:41.250+01:00", 9),
        ("2026-11-23 04:03:41 -0530", 9),
    ],
)
def test_an_instant_keeps_its_offset_however_it_is_written(written: str, hour: int) -> None:
    at = deploy(with_deployment(status_changed_at=written)).occurred_at
    assert (UTC, hour) == (at.tzinfo, at.hour)


def test_an_unknown_tier_is_left_to_the_configuration() -> None:
    report = deploy(captured("gitlab", "deployment__failed_review_app"))
    assert (UNSET, "review/log-gateway") == (report.tier, report.environment)


def test_a_deployment_without_a_job_has_no_page() -> None:
    assert UNSET is deploy(captured("gitlab", "deployment__by_api_without_a_job")).url


@pytest.mark.parametrize("commit_url", [None, "", "https://gitlab.example.com/acme/payments"])
def test_without_the_full_sha_the_short_one_stands(commit_url: str | None) -> None:
    assert HEAD[:8] == deploy(with_deployment(commit_url=commit_url)).sha


def test_a_status_that_says_nothing_new_is_ignored() -> None:
    parsed = SOURCE.parse(with_deployment(status="skipped"), SENDER)
    assert "deployment status 'skipped' says nothing new" == parsed.ignored


def test_a_configured_pipeline_is_a_deploy_and_tells_of_its_commit() -> None:
    started, finished = datetime(2026, 11, 23, 8, 55, 20, tzinfo=UTC), datetime(2026, 11, 23, 9, 3, 41, tzinfo=UTC)
    assert (
        DeployReport(
            deploy_id="pipeline:31",
            service="acme/payments",
            environment="production",
            occurred_at=finished,
            status=DeployStatus.SUCCEEDED,
            started_at=started,
            finished_at=finished,
            sha=HEAD,
            ref="main",
            repository="acme/payments",
            actor="maya",
            url="https://gitlab.example.com/acme/payments/-/pipelines/31",
        ),
        CommitReport(
            repository="acme/payments",
            sha=HEAD,
            committed_at=datetime(2026, 11, 23, 8, 54, 58, tzinfo=UTC),
            message="Retry card captures once\n",
        ),
    ) == reports(PIPELINE, BY_PIPELINE)


def test_a_pipeline_can_be_configured_by_its_branch_too() -> None:
    source = WebhookSource(name="gitlab", kind="gitlab", deploy_workflows={"main": "staging"})
    assert "staging" == deploy(PIPELINE, source).environment


def test_a_pipeline_that_waits_has_not_started() -> None:
    waiting = with_pipeline(status="pending", finished_at=None)
    report = deploy(waiting, BY_PIPELINE)
    assert (DeployStatus.QUEUED, UNSET) == (report.status, report.started_at)


def test_a_project_deploys_by_pipelines_or_by_deployments_and_never_by_both() -> None:
    assert "is not configured as a deploy" in (SOURCE.parse(PIPELINE, SENDER).ignored or "")
    assert "pipelines" in (SOURCE.parse(SUCCESS, BY_PIPELINE).ignored or "")


@pytest.mark.parametrize("status", ["skipped", "manual", "scheduled"])
def test_a_pipeline_that_came_to_nothing_is_no_deploy(status: str) -> None:
    assert f"pipeline status {status!r} is no deploy" == SOURCE.parse(with_pipeline(status=status), BY_PIPELINE).ignored


def test_a_new_release_is_a_small_change() -> None:
    assert (
        ChangeReport(
            change_id="release:1",
            service="acme/payments",
            occurred_at=datetime(2026, 11, 23, 9, 10, tzinfo=UTC),
            summary="Release v2.14.0 “Captures that retry”",
            kind=ChangeKind.RELEASE,
            status=ChangeStatus.DONE,
            url="https://gitlab.example.com/acme/payments/-/releases/v2.14.0",
        ),
    ) == reports(captured("gitlab", "release__created"))


def test_a_release_that_is_still_to_come_is_planned() -> None:
    request = changed(
        captured("gitlab", "release__created"), lambda body: body.update(released_at="2027-01-01 00:00:00 UTC")
    )
    (report,) = reports(request)
    assert isinstance(report, ChangeReport)
    assert ChangeStatus.PLANNED is report.status
    assert datetime(2026, 11, 23, 9, 9, 58, tzinfo=UTC) == report.occurred_at


def test_a_deleted_release_is_ignored() -> None:
    assert "only new ones" in (SOURCE.parse(captured("gitlab", "release__deleted"), SENDER).ignored or "")


def test_another_hook_is_ignored_whatever_its_body() -> None:
    request = WebhookRequest({"x-gitlab-event": "Wiki Page Hook"}, b"?", AT)
    assert "event 'Wiki Page Hook' is not used" == SOURCE.parse(request, SENDER).ignored


def pushed(request: WebhookRequest) -> list[CommitReport]:
    return [report for report in reports(request) if isinstance(report, CommitReport)]


def test_a_push_tells_of_each_commit_and_of_what_stood_before_it() -> None:
    first, second = pushed(captured("gitlab", "push__two_commits"))
    assert (
        CommitReport(
            repository="acme/payments",
            sha="1c0a7f4e9a3b5d2c8e6f0b1d4a7c9e2f3b5d6a81",
            authored_at=datetime(2026, 11, 20, 8, 32, 11, tzinfo=UTC),
            author="Jun Park",
            message="Log the gateway's answer\n\nSo that a declined card can be explained.",
            previous_sha="51de2b835bd35a67eb32dbcd3d77d4b96e5aa39d",
        )
        == first
    )
    assert (HEAD, first.sha) == (second.sha, second.previous_sha)


def test_a_push_is_the_same_whichever_end_its_newest_commit_stands_at() -> None:
    two, reversed_ = (pushed(captured("gitlab", f"push__{name}")) for name in ("two_commits", "newest_first"))
    assert two == reversed_


def test_the_merge_of_a_merge_request_is_known_as_one() -> None:
    assert [False, True] == [c.is_merge for c in pushed(captured("gitlab", "push__merge_request"))]


def test_a_push_of_more_commits_than_it_lists_closes_no_gap() -> None:
    first, second = pushed(captured("gitlab", "push__more_than_it_lists"))
    assert (None, first.sha) == (first.previous_sha, second.previous_sha)


@pytest.mark.parametrize(
    "said",
    [{"ref": "refs/heads/feature"}, {"after": "f" * 40}, {"before": "0" * 40, "commits": []}],
    ids=["another branch", "a head that is not listed", "a branch without commits of its own"],
)
def test_a_push_that_is_not_followed_leaves_the_way_unknown(said: dict[str, Any]) -> None:
    request = changed(captured("gitlab", "push__two_commits"), lambda body: body.update(said))
    assert {None} >= {c.previous_sha for c in pushed(request)}


def test_the_first_push_to_a_project_has_nothing_before_it() -> None:
    request = changed(captured("gitlab", "push__two_commits"), lambda body: body.update(before="0" * 40))
    assert pushed(request)[0].previous_sha is None
