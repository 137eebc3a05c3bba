"""What GitHub sends, and what it means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.webhooks import WebhookRequest
from handlers.webhooks.github import SOURCE
from models.reports import ChangeReport, CommitReport, DeployReport, Report
from models.topology import WebhookSource
from models.words import UNSET, ChangeKind, ChangeStatus, DeployKind, DeployStatus, Tier
from tests.support.webhooks import (
    AT,
    FIXTURE_SECRET,
    captured,
    changed,
    github_deployment_status,
    names,
)

SENDER = WebhookSource(name="github", kind="github", secrets=("newer", FIXTURE_SECRET))
BY_WORKFLOW = WebhookSource(name="github", kind="github", deploy_workflows={"deploy.yml": "production"})
SUCCESS = captured("github", "deployment_status__success")
HEAD = "78f6518ffb21041c0fb49fb451ac2a6076f611ef"
LOG = "https://github.com/acme/payments/actions/runs/7411205532/job/7411205539"


def reports(request: WebhookRequest, source: WebhookSource = SENDER) -> tuple[Report, ...]:
    return SOURCE.parse(request, source).reports


def deploy(request: WebhookRequest, source: WebhookSource = SENDER) -> DeployReport:
    (report,) = reports(request, source)
    assert isinstance(report, DeployReport)
    return report


def commits(name: str) -> list[CommitReport]:
    return [r for r in reports(captured("github", name)) if isinstance(r, CommitReport)]


def with_deployment(**fields: Any) -> WebhookRequest:
    return changed(SUCCESS, lambda body: body["deployment"].update(fields))


def with_status(**fields: Any) -> WebhookRequest:
    return changed(SUCCESS, lambda body: body["deployment_status"].update(fields))


@pytest.mark.parametrize("name", names("github"))
def test_every_stored_request_proves_itself_and_is_read(name: str) -> None:
    request = captured("github", name)
    SOURCE.verify(request, SENDER)
    parsed = SOURCE.parse(request, SENDER)
    assert name.partition("__")[0] == parsed.event
    assert request.headers["x-github-delivery"] == parsed.key
    assert bool(parsed.reports) != bool(parsed.ignored)


def test_a_successful_deployment_is_read_whole() -> None:
    at = datetime(2026, 11, 23, 9, 3, 41, tzinfo=UTC)
    assert DeployReport(
        deploy_id="1184220451",
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
        title="Deploy 2.14.0",
        url=LOG,
        rollout_id="7411205532",
    ) == deploy(SUCCESS)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("success", DeployStatus.SUCCEEDED),
        ("failure", DeployStatus.FAILED),
        ("error", DeployStatus.FAILED),
        ("in_progress", DeployStatus.STARTED),
        ("queued", DeployStatus.QUEUED),
        ("pending", DeployStatus.QUEUED),
        ("waiting", DeployStatus.QUEUED),
    ],
)
def test_each_state_of_a_deployment_has_its_status(state: str, status: DeployStatus) -> None:
    report = deploy(with_status(state=state))
    assert status is report.status
    assert (status is DeployStatus.STARTED) is (report.started_at is not UNSET)
    assert status.is_final is (report.finished_at is not UNSET)


@pytest.mark.parametrize("state", ["inactive", "something new"])
def test_a_state_that_says_nothing_new_is_ignored(state: str) -> None:
    parsed = SOURCE.parse(with_status(state=state), SENDER)
    assert f"deployment state {state!r} says nothing new" == parsed.ignored


def test_the_end_of_a_deployment_is_the_time_of_its_status_and_not_of_its_last_update() -> None:
    late = changed(SUCCESS, lambda body: body["deployment"].update(updated_at="2026-11-24T11:00:00Z"))
    assert datetime(2026, 11, 23, 9, 3, 41, tzinfo=UTC) == deploy(late).finished_at


def test_an_environment_that_is_not_production_has_no_tier_until_the_configuration_gives_one() -> None:
    assert UNSET is deploy(with_deployment(production_environment=False)).tier


def test_the_environment_is_the_one_of_the_status() -> None:
    assert "production-eu" == deploy(with_status(environment="production-eu")).environment
    assert "production" == deploy(with_status(environment=None)).environment


def test_a_task_that_names_a_hotfix_says_what_kind_of_deploy_it_is() -> None:
    assert DeployKind.HOTFIX is deploy(with_deployment(task="deploy:hotfix")).kind
    assert UNSET is deploy(SUCCESS).kind


def test_a_deployment_that_was_just_created_is_queued() -> None:
    report = deploy(captured("github", "deployment__created"))
    assert DeployStatus.QUEUED is report.status
    assert datetime(2026, 11, 23, 8, 56, 2, tzinfo=UTC) == report.occurred_at
    assert deploy(SUCCESS).deploy_id == report.deploy_id


def test_a_configured_workflow_is_a_deploy_of_its_own_in_each_attempt() -> None:
    first = deploy(captured("github", "workflow_run__success"), BY_WORKFLOW)
    second = deploy(captured("github", "workflow_run__failure_of_a_rerun"), BY_WORKFLOW)
    assert ("7411205532:1", "7411205532:2") == (first.deploy_id, second.deploy_id)
    assert (DeployStatus.SUCCEEDED, DeployStatus.FAILED) == (first.status, second.status)
    assert ("production", 1) == (first.environment, first.attempt)
    assert datetime(2026, 11, 23, 8, 55, 20, tzinfo=UTC) == first.started_at
    assert datetime(2026, 11, 23, 9, 3, 44, tzinfo=UTC) == first.finished_at


def test_a_workflow_can_be_configured_by_its_name_too() -> None:
    source = WebhookSource(name="github", kind="github", deploy_workflows={"Deploy": "staging"})
    assert "staging" == deploy(captured("github", "workflow_run__success"), source).environment


@pytest.mark.parametrize(
    ("conclusion", "status"),
    [
        ("success", DeployStatus.SUCCEEDED),
        ("failure", DeployStatus.FAILED),
        ("timed_out", DeployStatus.FAILED),
        ("startup_failure", DeployStatus.FAILED),
        ("cancelled", DeployStatus.CANCELED),
    ],
)
def test_each_conclusion_of_a_workflow_has_its_status(conclusion: str, status: DeployStatus) -> None:
    request = changed(
        captured("github", "workflow_run__success"), lambda body: body["workflow_run"].update(conclusion=conclusion)
    )
    assert status is deploy(request, BY_WORKFLOW).status


@pytest.mark.parametrize("conclusion", ["skipped", "neutral", "stale", "action_required", None])
def test_a_workflow_that_came_to_nothing_is_no_deploy(conclusion: str | None) -> None:
    request = changed(
        captured("github", "workflow_run__success"), lambda body: body["workflow_run"].update(conclusion=conclusion)
    )
    assert f"conclusion {conclusion!r} is no deploy" == SOURCE.parse(request, BY_WORKFLOW).ignored


def test_a_repository_deploys_by_workflow_runs_or_by_deployments_and_never_by_both() -> None:
    workflow = captured("github", "workflow_run__success")
    assert "workflow 'Deploy' is not configured as a deploy" == SOURCE.parse(workflow, SENDER).ignored
    for name in ("deployment__created", "deployment_status__success"):
        assert "workflow runs" in (SOURCE.parse(captured("github", name), BY_WORKFLOW).ignored or "")


def test_a_push_tells_of_each_commit_when_it_was_authored() -> None:
    first, second = commits("push__two_commits")
    assert (
        CommitReport(
            repository="acme/payments",
            sha="d95b25540ac1a137def87a65981bd57b213323a1",
            authored_at=datetime(2026, 11, 20, 8, 32, 11, tzinfo=UTC),
            author="Jun Park",
            message="log the gateway's answer\n\nSo that a declined card can be explained.",
            previous_sha="51de2b835bd35a67eb32dbcd3d77d4b96e5aa39d",
        )
        == first
    )
    assert first.sha == second.previous_sha
    assert ("maya", datetime(2026, 11, 23, 8, 54, 58, tzinfo=UTC)) == (second.author, second.authored_at)


def test_instants_with_another_offset_are_given_in_utc() -> None:
    assert {UTC} == {commit.authored_at.tzinfo for commit in commits("push__two_commits") if commit.authored_at}


def test_a_merge_is_known_by_the_first_line_that_git_writes() -> None:
    assert [False, True] == [commit.is_merge for commit in commits("push__merge")]


def test_a_merged_pull_request_tells_which_commit_it_became() -> None:
    (commit,) = commits("pull_request__merged")
    assert (1284, "5367a3cfca08c90f73fc881a22379b048437d740") == (commit.pr, commit.sha)
    assert datetime(2026, 11, 23, 8, 53, 40, tzinfo=UTC) == commit.committed_at
    assert ("Log the gateway's answer", "jun") == (commit.message, commit.author)


def test_a_published_release_is_a_small_change() -> None:
    assert (
        ChangeReport(
            change_id="release:17372790",
            service="acme/payments",
            occurred_at=datetime(2026, 11, 23, 9, 10, tzinfo=UTC),
            summary="Release v2.14.0 “Captures that retry”",
            kind=ChangeKind.RELEASE,
            status=ChangeStatus.DONE,
            actor="maya",
            url="https://github.com/acme/payments/releases/tag/v2.14.0",
        ),
    ) == reports(captured("github", "release__published"))


def test_a_prerelease_is_called_one() -> None:
    (report,) = reports(captured("github", "release__prerelease"))
    assert isinstance(report, ChangeReport)
    assert "Pre-release v2.15.0-rc.1" == report.summary


def test_a_ping_is_answered_kindly() -> None:
    assert "pong: the webhook is set up" == SOURCE.parse(captured("github", "ping__repository"), SENDER).ignored


@pytest.mark.parametrize(
    "name",
    ["push__tag", "push__branch_deleted", "pull_request__opened", "pull_request__closed_unmerged", "release__edited"],
)
def test_what_is_of_no_use_is_ignored_with_a_reason(name: str) -> None:
    assert SOURCE.parse(captured("github", name), SENDER).ignored


def test_another_event_is_ignored_whatever_its_body() -> None:
    request = WebhookRequest({"x-github-event": "star", "x-github-delivery": "1"}, b"?", AT)
    assert "event 'star' is not used" == SOURCE.parse(request, SENDER).ignored


@pytest.mark.parametrize("name", ["deployment_status__success", "workflow_run__success", "push__merge"])
def test_a_stored_delivery_can_be_read_again_from_the_headers_that_are_kept(name: str) -> None:
    request = captured("github", name)
    kept = {key: value for key, value in request.headers.items() if key in SOURCE.headers}
    assert SOURCE.parse(request, BY_WORKFLOW) == SOURCE.parse(
        WebhookRequest(kept, request.body, request.at), BY_WORKFLOW
    )


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    twice = SUCCESS.body.replace(b'"state":"success"', b'"state":"failure","state":"success"')
    assert deploy(SUCCESS) == deploy(WebhookRequest(SUCCESS.headers, twice, AT))


def test_a_character_that_no_database_takes_is_replaced() -> None:
    assert "a\N{REPLACEMENT CHARACTER}b" == deploy(with_deployment(description="a\0b")).title


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert deploy(SUCCESS) == deploy(with_deployment(quantum_entangled=True, statuses=[{}]))


def test_a_deployment_of_ones_own_can_be_made_for_other_tests() -> None:
    body = github_deployment_status(
        deployment_id=7, state="failure", at=AT, environment="staging", sha="f" * 40, repository="acme/checkout"
    )
    report = deploy(WebhookRequest(SUCCESS.headers, body, AT))
    assert 10_000 < len(body) < 11_000
    assert ("7", DeployStatus.FAILED, AT) == (report.deploy_id, report.status, report.finished_at)
    assert ("staging", "f" * 40, "acme/checkout", UNSET) == (
        report.environment,
        report.sha,
        report.service,
        report.tier,
    )
