"""What is read of GitHub's payloads: only the fields that are used, because the payloads reach 25 MB.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

# An instant without its offset from UTC is refused rather than guessed.
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
# No longer than what is remembered of them, so that nothing fails after it was acknowledged.
Name: TypeAlias = Annotated[str, Meta(max_length=255)]
Sha: TypeAlias = Annotated[str, Meta(max_length=64)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Id: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class User(Struct):
    """Whoever did something."""

    login: str = ""


class Repository(Struct):
    """Where it happened."""

    full_name: Name
    default_branch: str | None = None


class Run(Struct):
    """The workflow run that made a deployment."""

    id: Id


class Deployment(Struct):
    """A deployment, as it was created."""

    id: Id
    sha: Sha
    ref: str
    environment: Name
    created_at: Instant
    task: str = "deploy"
    description: str | None = None
    production_environment: bool = False
    creator: User | None = None


class Status(Struct):
    """A state that a deployment came into."""

    state: str
    created_at: Instant
    environment: Name | None = None
    target_url: str | None = None
    log_url: str | None = None


class DeploymentEvent(Struct):
    """`deployment`."""

    deployment: Deployment
    repository: Repository
    workflow_run: Run | None = None


class DeploymentStatusEvent(Struct):
    """`deployment_status`."""

    deployment: Deployment
    deployment_status: Status
    repository: Repository
    workflow_run: Run | None = None


class WorkflowRun(Struct):
    """One attempt of a workflow run."""

    id: Id
    name: str | None
    head_sha: Sha
    run_attempt: Count
    run_started_at: Instant
    updated_at: Instant
    conclusion: str | None = None
    path: str = ""
    head_branch: str | None = None
    html_url: str | None = None
    display_title: str | None = None
    actor: User | None = None


class WorkflowRunEvent(Struct):
    """`workflow_run`."""

    action: str
    workflow_run: WorkflowRun
    repository: Repository


class Author(Struct):
    """The author of a commit; `username` where GitHub knows them."""

    name: str = ""
    username: str | None = None


class PushedCommit(Struct):
    """A commit of a push; `timestamp` is when it was authored."""

    id: Sha
    timestamp: Instant
    message: str = ""
    author: Author | None = None


class PushEvent(Struct):
    """`push`."""

    ref: str
    repository: Repository
    commits: list[PushedCommit] = []
    before: Sha = ""
    forced: bool = False


class PullRequest(Struct):
    """A pull request."""

    number: Count
    title: str
    merged: bool = False
    merged_at: Instant | None = None
    merge_commit_sha: Sha | None = None
    user: User | None = None


class PullRequestEvent(Struct):
    """`pull_request`."""

    action: str
    pull_request: PullRequest
    repository: Repository


class Release(Struct):
    """A release."""

    id: Id
    tag_name: str
    name: str | None = None
    html_url: str | None = None
    prerelease: bool = False
    published_at: Instant | None = None
    author: User | None = None


class ReleaseEvent(Struct):
    """`release`."""

    action: str
    release: Release
    repository: Repository
