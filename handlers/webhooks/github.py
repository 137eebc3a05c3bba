"""GitHub: deployments, workflow runs, pushes, pull requests, releases.

https://docs.github.com/en/webhooks/webhook-events-and-payloads . Only the fields that are used are decoded: payloads
reach 25 MB, and this is the busiest door.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from handlers.payload import clean, decode, header
from handlers.signatures import check_hmac
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from models.records import (
    UNSET,
    ChangeKind,
    ChangeReport,
    ChangeStatus,
    CommitReport,
    DeployKind,
    DeployReport,
    DeployStatus,
    Maybe,
    Report,
    Tier,
)
from models.topology import WebhookSource

# An instant without its offset from UTC is refused rather than guessed.
_Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class _User(Struct):
    login: str = ""


class _Repository(Struct):
    full_name: str


class _Run(Struct):
    id: int


class _Deployment(Struct):
    id: int
    sha: str
    ref: str
    environment: str
    created_at: _Instant
    task: str = "deploy"
    description: str | None = None
    production_environment: bool = False
    creator: _User | None = None


class _Status(Struct):
    state: str
    created_at: _Instant
    environment: str | None = None
    target_url: str | None = None
    log_url: str | None = None


class _DeploymentEvent(Struct):
    deployment: _Deployment
    repository: _Repository
    workflow_run: _Run | None = None


class _DeploymentStatusEvent(Struct):
    deployment: _Deployment
    deployment_status: _Status
    repository: _Repository
    workflow_run: _Run | None = None


class _WorkflowRun(Struct):
    id: int
    name: str | None
    head_sha: str
    run_attempt: int
    run_started_at: _Instant
    updated_at: _Instant
    conclusion: str | None = None
    path: str = ""
    head_branch: str | None = None
    html_url: str | None = None
    display_title: str | None = None
    actor: _User | None = None


class _WorkflowRunEvent(Struct):
    action: str
    workflow_run: _WorkflowRun
    repository: _Repository


class _Author(Struct):
    name: str = ""
    username: str | None = None


class _PushedCommit(Struct):
    id: str
    timestamp: _Instant
    message: str = ""
    author: _Author | None = None


class _PushEvent(Struct):
    ref: str
    repository: _Repository
    commits: list[_PushedCommit] = []


class _PullRequest(Struct):
    number: int
    title: str
    merged: bool = False
    merged_at: _Instant | None = None
    merge_commit_sha: str | None = None
    user: _User | None = None


class _PullRequestEvent(Struct):
    action: str
    pull_request: _PullRequest
    repository: _Repository


class _Release(Struct):
    id: int
    tag_name: str
    name: str | None = None
    html_url: str | None = None
    prerelease: bool = False
    published_at: _Instant | None = None
    author: _User | None = None


class _ReleaseEvent(Struct):
    action: str
    release: _Release
    repository: _Repository


_Event = TypeVar("_Event")
_Read = Callable[[bytes, WebhookSource], tuple[Report, ...] | str]

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
    told = read(request.body, source)
    if isinstance(told, str):
        return Parsed(key=key, event=event, ignored=told)
    return Parsed(key=key, event=event, reports=told)


def _deployment(event: _DeploymentEvent, source: WebhookSource) -> tuple[Report, ...] | str:
    if source.deploy_workflows:
        return _BY_WORKFLOW
    deployment = event.deployment
    return (
        DeployReport(
            **_common(deployment, event.repository, event.workflow_run),
            environment=clean(deployment.environment),
            occurred_at=deployment.created_at,
            status=DeployStatus.QUEUED,
        ),
    )


def _deployment_status(event: _DeploymentStatusEvent, source: WebhookSource) -> tuple[Report, ...] | str:
    if source.deploy_workflows:
        return _BY_WORKFLOW
    told = event.deployment_status
    status = _STATES.get(told.state)
    if status is None:
        return f"deployment state {told.state!r} says nothing new"
    return (
        DeployReport(
            **_common(event.deployment, event.repository, event.workflow_run),
            environment=clean(told.environment or event.deployment.environment),
            occurred_at=told.created_at,
            status=status,
            started_at=told.created_at if status is DeployStatus.STARTED else UNSET,
            finished_at=told.created_at if status.is_final else UNSET,
            url=_text(told.log_url or told.target_url),
        ),
    )


def _common(deployment: _Deployment, repository: _Repository, run: _Run | None) -> dict[str, Any]:
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


def _workflow_run(event: _WorkflowRunEvent, source: WebhookSource) -> tuple[Report, ...] | str:
    run = event.workflow_run
    workflows = source.deploy_workflows
    environment = workflows.get(run.name or "") or workflows.get(PurePosixPath(run.path.partition("@")[0]).name)
    if environment is None:
        return f"workflow {run.name or run.path!r} is not configured as a deploy"
    if event.action != "completed":
        return f"a workflow run that was {event.action} is not over yet"
    status = _CONCLUSIONS.get(run.conclusion or "")
    if status is None:
        return f"conclusion {run.conclusion!r} is no deploy"
    return (
        DeployReport(
            deploy_id=f"{run.id}:{run.run_attempt}",
            service=clean(event.repository.full_name),
            repository=clean(event.repository.full_name),
            environment=environment,
            occurred_at=run.updated_at,
            status=status,
            started_at=run.run_started_at,
            finished_at=run.updated_at,
            sha=clean(run.head_sha),
            ref=_text(run.head_branch),
            title=_text(run.display_title),
            actor=_text(run.actor.login if run.actor else None),
            url=_text(run.html_url),
            attempt=run.run_attempt,
        ),
    )


def _push(event: _PushEvent, _source: WebhookSource) -> tuple[Report, ...] | str:
    if not event.ref.startswith("refs/heads/"):
        return f"a push to {event.ref[:64]!r} is not to a branch"
    if not event.commits:
        return "a push without commits"
    return tuple(
        CommitReport(
            repository=clean(event.repository.full_name),
            sha=clean(commit.id),
            authored_at=commit.timestamp,
            author=clean(commit.author.username or commit.author.name) if commit.author else None,
            message=clean(commit.message),
            # The payload does not name parents; the first line that git and GitHub write for a merge does.
            is_merge=commit.message.startswith(
                ("Merge pull request #", "Merge branch ", "Merge remote-tracking branch ")
            ),
        )
        for commit in event.commits
    )


def _pull_request(event: _PullRequestEvent, _source: WebhookSource) -> tuple[Report, ...] | str:
    pull = event.pull_request
    if event.action != "closed" or not pull.merged or not pull.merge_commit_sha:
        return "only merged pull requests are used"
    return (
        CommitReport(
            repository=clean(event.repository.full_name),
            sha=clean(pull.merge_commit_sha),
            committed_at=pull.merged_at,
            author=pull.user.login if pull.user else None,
            message=clean(pull.title),
            pr=pull.number,
        ),
    )


def _release(event: _ReleaseEvent, _source: WebhookSource) -> tuple[Report, ...] | str:
    release = event.release
    if event.action != "published" or release.published_at is None:
        return f"a release that was {event.action} is not used, only published ones"
    kind = "Pre-release" if release.prerelease else "Release"
    name = f" “{clean(release.name)}”" if release.name and release.name != release.tag_name else ""
    return (
        ChangeReport(
            change_id=f"release:{event.repository.full_name}:{release.id}",
            service=clean(event.repository.full_name),
            occurred_at=release.published_at,
            summary=f"{kind} {clean(release.tag_name)}{name}",
            kind=ChangeKind.RELEASE,
            status=ChangeStatus.DONE,
            actor=_text(release.author.login if release.author else None),
            url=_text(release.html_url),
        ),
    )


def _text(value: str | None) -> Maybe[str]:
    return clean(value) if value else UNSET


def _reader(event: type[_Event], read: Callable[[_Event, WebhookSource], tuple[Report, ...] | str]) -> _Read:
    decoder = msgspec.json.Decoder(event)
    return lambda body, source: read(decode(decoder, body), source)


_READERS: Final[dict[str, _Read]] = {
    "deployment": _reader(_DeploymentEvent, _deployment),
    "deployment_status": _reader(_DeploymentStatusEvent, _deployment_status),
    "workflow_run": _reader(_WorkflowRunEvent, _workflow_run),
    "push": _reader(_PushEvent, _push),
    "pull_request": _reader(_PullRequestEvent, _pull_request),
    "release": _reader(_ReleaseEvent, _release),
}

SOURCE = SourceKind(
    kind="github",
    events=(*_READERS, "ping"),
    headers=("x-github-event", "x-github-delivery"),
    verify=_verify,
    parse=_parse,
)
