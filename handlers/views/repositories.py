"""Addresses of commits, comparisons and pull requests at the host a repository lives on."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

from models.records import Commit, Deploy

_OWNER_AND_NAME: Final = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_GITHUB: Final = "https://github.com"


def home(deploy: Deploy) -> str | None:
    """Return the repository's own address.

    A repository is named by its address or by `owner/name`. The host of a name is read off the deployment's own
    link where that lies inside the repository (GitHub Enterprise, GitLab); else it is github.com.
    """
    repository = (deploy.repository or "").strip().removesuffix(".git").rstrip("/")
    if repository.startswith(("https://", "http://")):
        return repository
    if not _OWNER_AND_NAME.fullmatch(repository):
        return None
    seen = urlsplit(deploy.url or "")
    if seen.scheme in ("http", "https") and f"{seen.path}/".startswith(f"/{repository}/"):
        return f"{seen.scheme}://{seen.netloc}/{repository}"
    return f"{_GITHUB}/{repository}"


def comparison(deploy: Deploy) -> str | None:
    """Return the page that shows what a deployment changed; `None` where either end is unknown."""
    base = home(deploy)
    if not (base and deploy.previous_sha and deploy.sha) or deploy.previous_sha == deploy.sha:
        return None
    return f"{_pages(deploy, base)}/compare/{quote(deploy.previous_sha)}...{quote(deploy.sha)}"


def commit_page(deploy: Deploy, commit: Commit) -> str | None:
    """Return a commit's page."""
    base = home(deploy)
    return f"{_pages(deploy, base)}/commit/{quote(commit.sha)}" if base else None


def request_page(deploy: Deploy, number: int) -> str | None:
    """Return the page of a pull or merge request."""
    base = home(deploy)
    if not base:
        return None
    return f"{base}/-/merge_requests/{number}" if _is_gitlab(deploy, base) else f"{base}/pull/{number}"


def _pages(deploy: Deploy, base: str) -> str:
    return f"{base}/-" if _is_gitlab(deploy, base) else base


def _is_gitlab(deploy: Deploy, base: str) -> bool:
    """GitLab keeps its pages below `/-/`; GitHub has no such folder."""
    return "/-/" in (deploy.url or "") or (urlsplit(base).hostname or "").startswith("gitlab.")
