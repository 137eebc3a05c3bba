"""GitHub: deployments, workflow runs, pushes, pull requests, releases.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

import msgspec

from handlers.github_shapes import (
    Deployment,
    DeploymentEvent,
    DeploymentStatusEvent,
    PullRequestEvent,
    PushEvent,
    ReleaseEvent,
    Repository,
    Run,
    WorkflowRunEvent,
)
from handlers.payload import clean, decode, header, not_ahead, utc
from handlers.signatures import check_hmac
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from models.reports import ChangeReport, CommitReport, DeployReport, Report
from models.topology import WebhookSource
from models.words import UNSET, ChangeKind, ChangeStatus, DeployKind, DeployStatus, Maybe, Tier

_Event = TypeVar("_Event")
_Told = tuple[Report, ...] | str
_Read = Callable[[WebhookRequest, WebhookSource], _Told]

_STATES: Final = {
    "success": DeployStatus.SUCCEEDED,
    "failure": DeployStatus.FAILED,
    "error": DeployStatus.FAILED,
    "in_progress": DeployStatus.STARTED,
    "queued": DeployStatus.QUEUED,
    "pending": DeployStatus.QUEUED,
    "waiting": DeployStatus.QUEUED,
}
_CONCLUSIONS: Final = {
    "success": DeployStatus.SUCCEEDED,
    "failure": DeployStatus.FAILED,
    "timed_out": DeployStatus.FAILED,
    "startup_failure": DeployStatus.FAILED,
    "cancelled": DeployStatus.CANCELED,
}
_BY_WORKFLOW: Final = "this source's deploys are its workflow runs (see `workflows` in the configuration)"


def _verify(request: WebhookRequest, source: WebhookSource) -> None:
    check_hmac(request.body, request.headers.get("x-hub-signature-256"), source.secrets, prefix="sha256=")


def _parse(request: WebhookRequest, source: WebhookSource) -> Parsed:
    event = header(request.headers, "x-github-event")
    key = header(request.headers, "x-github-delivery")
    read = _READERS.get(event)
    if read is None:
        why = "pong: the webhook is set up" if event == "ping" else f"event {event!r} is not used"
        return Parsed(key=key, event=event, ignored=why)
    told = read(request, source)
    if isinstance(told, str):
        return Parsed(key=key, event=event, ignored=told)
    return Parsed(key=key, event=event, reports=told)


def _deployment(event: DeploymentEvent, source: WebhookSource, at: datetime) -> _Told:
    if source.deploy_workflows:
        return _BY_WORKFLOW
    deployment = event.deployment
    return (
        DeployReport(
            **_common(deployment, event.repository, event.workflow_run),
            environment=clean(deployment.environment),
            occurred_at=_when(deployment.created_at, at, "$.deployment.created_at"),
            status=DeployStatus.QUEUED,
        ),
    )


def _deployment_status(event: DeploymentStatusEvent, source: WebhookSource, at: datetime) -> _Told:
    if source.deploy_workflows:
        return _BY_WORKFLOW
    told = event.deployment_status
    status = _STATES.get(told.state)
    if status is None:
        return f"deployment state {told.state[:64]!r} says nothing new"
    when = _when(told.created_at, at, "$.deployment_status.created_at")
    return (
        DeployReport(
            **_common(event.deployment, event.repository, event.workflow_run),
            environment=clean(told.environment or event.deployment.environment),
            occurred_at=when,
            status=status,
            started_at=when if status is DeployStatus.STARTED else UNSET,
            finished_at=when if status.is_final else UNSET,
            url=_text(told.log_url or told.target_url),
        ),
    )


def _common(deployment: Deployment, repository: Repository, run: Run | None) -> dict[str, Any]:
    return {
        "deploy_id": str(deployment.id),
        "service": clean(repository.full_name),
        "repository": clean(repository.full_name),
        "sha": clean(deployment.sha),
        "ref": clean(deployment.ref),
        "tier": Tier.PRODUCTION if deployment.production_environment else UNSET,
        "kind": DeployKind.HOTFIX if "hotfix" in deployment.task.lower() else UNSET,
        "actor": _text(deployment.creator.login if deployment.creator else None),
        "title": _text(deployment.description),
        "rollout_id": str(run.id) if run else UNSET,
    }


def _workflow_run(event: WorkflowRunEvent, source: WebhookSource, at: datetime) -> _Told:
    run = event.workflow_run
    workflows = source.deploy_workflows
    environment = workflows.get(run.name or "") or workflows.get(PurePosixPath(run.path.partition("@")[0]).name)
    if environment is None:
        return f"workflow {(run.name or run.path or '')[:128]!r} is not configured as a deploy"
    if event.action != "completed":
        return f"a workflow run that was {event.action[:64]} is not over yet"
    status = _CONCLUSIONS.get(run.conclusion or "")
    if status is None:
        return f"conclusion {run.conclusion and run.conclusion[:64]!r} is no deploy"
    finished = _when(run.updated_at, at, "$.workflow_run.updated_at")
    return (
        DeployReport(
            deploy_id=f"{run.id}:{run.run_attempt}",
            service=clean(event.repository.full_name),
            repository=clean(event.repository.full_name),
            environment=environment,
            occurred_at=finished,
            status=status,
            started_at=utc(run.run_started_at, "$.workflow_run.run_started_at"),
            finished_at=finished,
            sha=clean(run.head_sha),
            ref=_text(run.head_branch),
            title=_text(run.display_title),
            actor=_text(run.actor.login if run.actor else None),
            url=_text(run.html_url),
            attempt=run.run_attempt,
        ),
    )


def _push(event: PushEvent, _source: WebhookSource, _at: datetime) -> _Told:
    if not event.ref.startswith("refs/heads/"):
        return f"a push to {event.ref[:64]!r} is not to a branch"
    if not event.commits:
        return "a push without commits"
    return tuple(
        CommitReport(
            repository=clean(event.repository.full_name),
            sha=clean(commit.id),
            authored_at=utc(commit.timestamp, f"$.commits[{number}].timestamp"),
            author=clean(commit.author.username or commit.author.name) if commit.author else None,
            message=clean(commit.message),
            previous_sha=_before(event, number),
            # The payload does not name parents; the first line that git and GitHub write for a merge does.
            is_merge=commit.message.startswith(
                ("Merge pull request #", "Merge branch ", "Merge remote-tracking branch ")
            ),
        )
        for number, commit in enumerate(event.commits)
    )


def _before(event: PushEvent, number: int) -> str | None:
    """Return what stood on the default branch before a commit: what a deployment brought is found by following these.

    Other branches are not followed: their commits come to the default branch once more, after others.
    """
    if event.ref != f"refs/heads/{event.repository.default_branch}":
        return None
    if number:
        return clean(event.commits[number - 1].id)
    is_first_ever = not event.before.strip("0")
    return None if event.forced or is_first_ever else clean(event.before)


def _pull_request(event: PullRequestEvent, _source: WebhookSource, _at: datetime) -> _Told:
    pull = event.pull_request
    if event.action != "closed" or not pull.merged or not pull.merge_commit_sha:
        return "only merged pull requests are used"
    return (
        CommitReport(
            repository=clean(event.repository.full_name),
            sha=clean(pull.merge_commit_sha),
            committed_at=utc(pull.merged_at, "$.pull_request.merged_at") if pull.merged_at else None,
            author=clean(pull.user.login) if pull.user else None,
            message=clean(pull.title),
            pr=pull.number,
        ),
    )


def _release(event: ReleaseEvent, _source: WebhookSource, at: datetime) -> _Told:
    release = event.release
    if event.action != "published" or release.published_at is None:
        return f"a release that was {event.action} is not used, only published ones"
    kind = "Pre-release" if release.prerelease else "Release"
    name = f" “{clean(release.name)}”" if release.name and release.name != release.tag_name else ""
    return (
        ChangeReport(
            change_id=f"release:{release.id}",
            service=clean(event.repository.full_name),
            occurred_at=_when(release.published_at, at, "$.release.published_at"),
            summary=f"{kind} {clean(release.tag_name)}{name}",
            kind=ChangeKind.RELEASE,
            status=ChangeStatus.DONE,
            actor=_text(release.author.login if release.author else None),
            url=_text(release.html_url),
        ),
    )


def _when(instant: datetime, at: datetime, path: str) -> datetime:
    return not_ahead(utc(instant, path), at, path)


def _text(value: str | None) -> Maybe[str]:
    return clean(value) if value else UNSET


def _reader(event: type[_Event], read: Callable[[_Event, WebhookSource, datetime], _Told]) -> _Read:
    decoder = msgspec.json.Decoder(event)
    return lambda request, source: read(decode(decoder, request.body), source, request.at)


_READERS: Final[dict[str, _Read]] = {
    "deployment": _reader(DeploymentEvent, _deployment),
    "deployment_status": _reader(DeploymentStatusEvent, _deployment_status),
    "workflow_run": _reader(WorkflowRunEvent, _workflow_run),
    "push": _reader(PushEvent, _push),
    "pull_request": _reader(PullRequestEvent, _pull_request),
    "release": _reader(ReleaseEvent, _release),
}

SOURCE = SourceKind(
    kind="github",
    events=(*_READERS, "ping"),
    headers=("x-github-event", "x-github-delivery"),
    verify=_verify,
    parse=_parse,
)
