"""What is read of GitHub's answers, where they say more than its webhooks.

https://docs.github.com/en/rest/deployments/statuses , https://docs.github.com/en/rest/commits/commits#compare-two-commits
"""

from typing import Any

from msgspec import Struct

from handlers.github_shapes import Id, Instant, Sha, Status, User


class ListedStatus(Status, kw_only=True):
    """A state that a deployment came into, in a list of them."""

    id: Id


class Signature(Struct):
    """Who wrote or committed a commit, by what git knows, and when."""

    date: Instant
    name: str | None = None


class Written(Struct):
    """What git knows of a commit."""

    author: Signature
    committer: Signature
    message: str | None = None


class Commit(Struct):
    """A commit of a range; `author` where GitHub knows them."""

    sha: Sha
    commit: Written
    author: User | None = None
    parents: list[Any] = []


class Range(Struct):
    """One page of what stands between two commits."""

    commits: list[Commit]
