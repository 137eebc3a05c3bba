"""GitLab: deployments, pushes, releases, and pipelines where they are configured as deploys.

https://docs.gitlab.com/user/project/integrations/webhook_events/ . Times come as `2021-04-28 21:50:00 +0200` or
`2021-04-28 19:50:00 UTC`; the full sha of a deployment stands only at the end of its `commit_url`.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from handlers.gitlab_shapes import (
    DeploymentEvent,
    PipelineCommit,
    PipelineEvent,
    PushCommit,
    PushEvent,
    ReleaseEvent,
    User,
)
from handlers.payload import clean, decode, header, instant, not_ahead
from handlers.signatures import check_standard_webhook, check_token
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from models.reports import ChangeReport, CommitReport, DeployReport, Report
from models.topology import WebhookSource
from models.words import UNSET, ChangeKind, ChangeStatus, DeployStatus, Maybe, Tier

_Event = TypeVar("_Event")
_Told = tuple[Report, ...] | str
_Read = Callable[[WebhookRequest, WebhookSource], _Told]

_STATUSES: Final = {
    "created": DeployStatus.QUEUED,
    "blocked": DeployStatus.QUEUED,
    "pending": DeployStatus.QUEUED,
    "waiting_for_resource": DeployStatus.QUEUED,
    "preparing": DeployStatus.QUEUED,
    "running": DeployStatus.STARTED,
    "success": DeployStatus.SUCCEEDED,
    "failed": DeployStatus.FAILED,
    "canceled": DeployStatus.CANCELED,
}
_TIERS: Final = {tier.value: tier for tier in Tier}
_FULL_SHA: Final = re.compile(r"/commit/(?P<sha>[0-9a-f]{40,64})$")


def _verify(request: WebhookRequest, source: WebhookSource) -> None:
    signature = request.headers.get("webhook-signature")
    if signature is None:
        check_token(request.headers.get("x-gitlab-token"), source.secrets)
        return
    check_standard_webhook(
        request.body,
        message_id=request.headers.get("webhook-id"),
        timestamp=request.headers.get("webhook-timestamp"),
        given=signature,
        secrets=source.secrets,
        at=request.at,
    )


def _parse(request: WebhookRequest, source: WebhookSource) -> Parsed:
    event = header(request.headers, "x-gitlab-event")
    key = _key(request)
    read = _READERS.get(event)
    if read is None:
        return Parsed(key=key, event=event, ignored=f"event {event!r} is not used")
    told = read(request, source)
    if isinstance(told, str):
        return Parsed(key=key, event=event, ignored=told)
    return Parsed(key=key, event=event, reports=told)


def _key(request: WebhookRequest) -> str:
    """Return what a redelivery has again; releases before GitLab 15 sent no id, so there the body must do."""
    sent = request.headers.get("idempotency-key") or request.headers.get("x-gitlab-event-uuid")
    return sent[:255] if sent else hashlib.sha256(request.body).hexdigest()


def _deployment(event: DeploymentEvent, source: WebhookSource, at: datetime) -> _Told:
    if source.deploy_workflows:
        return "this source's deploys are its pipelines (see `workflows` in the configuration)"
    status = _STATUSES.get(event.status)
    if status is None:
        return f"deployment status {event.status[:64]!r} says nothing new"
    when = _when(event.status_changed_at, at, "$.status_changed_at")
    full = _FULL_SHA.search(event.commit_url or "")
    return (
        DeployReport(
            deploy_id=str(event.deployment_id),
            service=clean(event.project.path_with_namespace),
            repository=clean(event.project.path_with_namespace),
            environment=clean(event.environment),
            tier=_TIERS.get(event.environment_tier or "", UNSET),
            occurred_at=when,
            status=status,
            started_at=when if status is DeployStatus.STARTED else UNSET,
            finished_at=when if status.is_final else UNSET,
            sha=_text(full["sha"] if full else event.short_sha),
            ref=_text(event.ref),
            title=_text(event.commit_title),
            actor=_name(event.user),
            url=_text(event.deployable_url),
        ),
    )


def _pipeline(event: PipelineEvent, source: WebhookSource, at: datetime) -> _Told:
    pipeline = event.object_attributes
    workflows = source.deploy_workflows
    environment = workflows.get(pipeline.name or "") or workflows.get(pipeline.ref or "")
    if environment is None:
        named = pipeline.name or pipeline.ref or ""
        return f"pipeline of {named[:128]!r} is not configured as a deploy"
    status = _STATUSES.get(pipeline.status)
    if status is None:
        return f"pipeline status {pipeline.status[:64]!r} is no deploy"
    created = _when(pipeline.created_at, at, "$.object_attributes.created_at")
    finished = pipeline.finished_at and _when(pipeline.finished_at, at, "$.object_attributes.finished_at")
    project = clean(event.project.path_with_namespace)
    report = DeployReport(
        deploy_id=f"pipeline:{pipeline.id}",
        service=project,
        repository=project,
        environment=environment,
        occurred_at=finished or created,
        status=status,
        started_at=UNSET if status is DeployStatus.QUEUED else created,
        finished_at=finished if finished and status.is_final else UNSET,
        sha=_text(pipeline.sha),
        ref=_text(pipeline.ref),
        actor=_name(event.user),
        url=_text(pipeline.url),
    )
    return (report, *_head_commit(event.commit, project))


def _head_commit(commit: PipelineCommit | None, project: str) -> tuple[CommitReport, ...]:
    if commit is None:
        return ()
    at = instant(commit.timestamp, "$.commit.timestamp")
    message = clean(commit.message) if commit.message else None
    return (CommitReport(repository=project, sha=clean(commit.id), committed_at=at, message=message),)


def _push(event: PushEvent, _source: WebhookSource, _at: datetime) -> _Told:
    if not event.commits:
        return "a push without commits"
    commits = _oldest_first(event)
    return tuple(
        CommitReport(
            repository=clean(event.project.path_with_namespace),
            sha=clean(commit.id),
            authored_at=instant(commit.timestamp, "$.commits[].timestamp"),
            author=clean(commit.author.name) if commit.author and commit.author.name else None,
            message=clean(commit.message).rstrip(),
            previous_sha=_before(event, commits, number),
            # The payload does not name parents; the first line that git and GitLab write for a merge does.
            is_merge=commit.message.startswith(("Merge branch ", "Merge remote-tracking branch ")),
        )
        for number, commit in enumerate(commits)
    )


def _oldest_first(event: PushEvent) -> list[PushCommit]:
    """Return the commits as they were made; releases of GitLab differ in where they put the newest."""
    return event.commits[::-1] if event.commits[0].id == event.after else event.commits


def _before(event: PushEvent, commits: list[PushCommit], number: int) -> str | None:
    """Return what stood on the default branch before a commit, as for GitHub; other branches are not followed.

    Of a push of more than twenty commits GitLab lists the newest twenty: what stood before those is not known.
    """
    is_followed = event.ref == f"refs/heads/{event.project.default_branch}" and commits[-1].id == event.after
    if not is_followed:
        return None
    if number:
        return clean(commits[number - 1].id)
    is_whole = event.total_commits_count == len(commits)
    return clean(event.before) if is_whole and event.before.strip("0") else None


def _release(event: ReleaseEvent, _source: WebhookSource, at: datetime) -> _Told:
    if event.action != "create":
        return f"a release with action {event.action[:64]!r} is not used, only new ones"
    created = _when(event.created_at, at, "$.created_at")
    released = instant(event.released_at, "$.released_at") if event.released_at else created
    # An upcoming release (https://docs.gitlab.com/user/project/releases/#upcoming-releases) is told of only once.
    is_upcoming = released > at
    name = f" “{clean(event.name)}”" if event.name and event.name != event.tag else ""
    return (
        ChangeReport(
            change_id=f"release:{event.id}",
            service=clean(event.project.path_with_namespace),
            occurred_at=created if is_upcoming else released,
            summary=f"Release {clean(event.tag)}{name}",
            kind=ChangeKind.RELEASE,
            status=ChangeStatus.PLANNED if is_upcoming else ChangeStatus.DONE,
            url=_text(event.url),
        ),
    )


def _when(text: str, at: datetime, path: str) -> datetime:
    return not_ahead(instant(text, path), at, path)


def _text(value: str | None) -> Maybe[str]:
    return clean(value) if value else UNSET


def _name(user: User | None) -> Maybe[str]:
    return _text(user.username or user.name) if user else UNSET


def _reader(event: type[_Event], read: Callable[[_Event, WebhookSource, datetime], _Told]) -> _Read:
    decoder = msgspec.json.Decoder(event)
    return lambda request, source: read(decode(decoder, request.body), source, request.at)


_READERS: Final[dict[str, _Read]] = {
    "Deployment Hook": _reader(DeploymentEvent, _deployment),
    "Pipeline Hook": _reader(PipelineEvent, _pipeline),
    "Push Hook": _reader(PushEvent, _push),
    "Release Hook": _reader(ReleaseEvent, _release),
}

SOURCE = SourceKind(
    kind="gitlab",
    events=("deployment", "pipeline", "push", "release"),
    headers=("x-gitlab-event", "x-gitlab-event-uuid", "idempotency-key"),
    verify=_verify,
    parse=_parse,
)
