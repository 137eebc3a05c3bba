"""The shapes of GitLab's webhooks, as far as they are used.

https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Struct

# No longer than what is remembered of them, so that nothing fails after it was acknowledged.
_Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=255)]
_Sha: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
_Id: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Project(Struct):
    """Which project."""

    path_with_namespace: _Name


class User(Struct):
    """Who did something, or wrote a commit."""

    username: str | None = None
    name: str | None = None


class DeploymentEvent(Struct):
    """A deployment that changed its status."""

    deployment_id: _Id
    status: str
    status_changed_at: str
    environment: _Name
    project: Project
    environment_tier: str | None = None
    ref: str | None = None
    commit_url: str | None = None
    short_sha: _Sha | None = None
    commit_title: str | None = None
    deployable_url: str | None = None
    user: User | None = None


class Pipeline(Struct):
    """A pipeline's state."""

    id: _Id
    status: str
    created_at: str
    ref: str | None = None
    sha: _Sha | None = None
    name: str | None = None
    finished_at: str | None = None
    url: str | None = None


class PipelineCommit(Struct):
    """The commit a pipeline runs on."""

    id: _Sha
    timestamp: str
    message: str | None = None


class PipelineEvent(Struct):
    """A pipeline that changed its status."""

    object_attributes: Pipeline
    project: Project
    user: User | None = None
    commit: PipelineCommit | None = None


class PushProject(Struct):
    """Which project, and which branch is its default one."""

    path_with_namespace: _Name
    default_branch: str | None = None


class PushCommit(Struct):
    """One commit of a push."""

    id: _Sha
    timestamp: str
    message: str = ""
    author: User | None = None


class PushEvent(Struct):
    """What was pushed to a branch; at most the newest twenty commits of `total_commits_count`."""

    ref: str
    before: _Sha
    after: _Sha
    project: PushProject
    commits: list[PushCommit]
    total_commits_count: int = 0


class ReleaseEvent(Struct):
    """A release that was made, changed or deleted."""

    id: _Id
    action: str
    tag: str
    project: Project
    created_at: str
    released_at: str | None = None
    name: str | None = None
    url: str | None = None
