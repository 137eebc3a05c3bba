"""Reads a repository's deployments, their statuses, and the commits each one brought.

Everything becomes what the webhook would have told: the same parser reads it, so that a deployment that comes by
webhook later is the same record. https://docs.github.com/en/rest/deployments
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from bot.backfill.client import GitHub, Refused
from bot.backfill.shapes import Commit, ListedStatus, Range
from handlers.bookkeeping import Told, book
from handlers.errors import MalformedPayload
from handlers.github_shapes import Deployment
from handlers.payload import clean
from handlers.ports import AtOnce
from handlers.webhooks import WebhookRequest
from handlers.webhooks.github import SOURCE
from models.reports import CommitReport, DeployReport
from models.store import Store
from models.topology import Topology, WebhookSource
from models.words import DeployStatus

# "The compare API lists at most 250 commits" without paging, 10,000 with it; more is no range that anybody reviews.
_MOST_COMMITS: Final = 5_000
_GOOD: Final = DeployStatus.SUCCEEDED


@dataclass(slots=True)
class Summary:
    """What was read and written."""

    deployments: int = 0
    known: int = 0
    commits: int = 0
    unknown: dict[str, int] = field(default_factory=dict)


@dataclass(kw_only=True)
class Backfill:
    """One repository read into the memory. `source` is the configured sender whose webhooks tell of it."""

    github: GitHub
    repository: str
    source: WebhookSource
    topology: Topology
    at_once: AtOnce
    at: datetime
    summary: Summary = field(default_factory=Summary)
    _live: dict[str, str] = field(default_factory=dict)

    async def deployments(self, since: datetime, environments: tuple[str, ...]) -> list[Deployment]:
        """Return the deployments created since an instant, oldest first."""
        found: list[Deployment] = []
        async for page in self.github.pages(f"/repos/{self.repository}/deployments", list[Deployment]):
            young = [d for d in page if d.created_at >= since]
            found += [d for d in young if not environments or d.environment in environments]
            # They come newest first: the first old one ends the search.
            if len(young) < len(page):
                break
        return sorted(found, key=lambda d: (d.created_at, d.id))

    async def run(self, deployments: list[Deployment], done: Callable[[int], None]) -> Summary:
        """Write deployments one by one, the oldest first; `done` hears of each."""
        for deployment in deployments:
            await self._one(deployment)
            done(1)
        return self.summary

    async def _one(self, deployment: Deployment) -> None:
        self.summary.deployments += 1
        if known := await self._known(deployment):
            self.summary.known += 1
            if known is _GOOD:
                self._live[deployment.environment] = deployment.sha
            return
        statuses = [s async for page in self._statuses(deployment) for s in page]
        reports = [self._told("deployment", {"deployment": deployment})]
        reports += [
            self._told("deployment_status", {"deployment": deployment, "deployment_status": status})
            for status in sorted(statuses, key=lambda s: (s.created_at, s.id))
        ]
        told = [report for report in reports if report is not None]
        if any(report.status is _GOOD for report in told):
            told = await self._with_commits(deployment, told)
        await self._write(told)

    def _statuses(self, deployment: Deployment) -> AsyncIterator[list[ListedStatus]]:
        return self.github.pages(f"/repos/{self.repository}/deployments/{deployment.id}/statuses", list[ListedStatus])

    def _told(self, event: str, payload: dict[str, Any]) -> DeployReport | None:
        """Return what the webhook would have told; `None` for a state that says nothing new."""
        body = msgspec.json.encode(payload | {"repository": {"full_name": self.repository}})
        headers = {"x-github-event": event, "x-github-delivery": "backfill"}
        try:
            told = SOURCE.parse(WebhookRequest(headers=headers, body=body, at=self.at), self.source).reports
        except MalformedPayload as error:
            raise Refused(f"GitHub's answer cannot be read: {error.path}: {error.problem}") from error
        return told[0] if told and isinstance(told[0], DeployReport) else None

    async def _with_commits(self, deployment: Deployment, told: list[DeployReport]) -> list[DeployReport]:
        """Add the commits since the deployment that was live before; of the first one nobody knows what it brought."""
        before = self._live.get(deployment.environment)
        self._live[deployment.environment] = deployment.sha
        if before is None:
            return told
        commits = await self._range(before, deployment.sha)
        if commits is None:
            return told
        self.summary.commits += len(commits)
        return [replace(report, commits=commits, previous_sha=before) for report in told]

    async def _range(self, base: str, head: str) -> tuple[CommitReport, ...] | None:
        """Return the commits of a range; `None` where GitHub cannot compare (a branch that was rewritten)."""
        if base == head:
            return ()
        found: list[CommitReport] = []
        try:
            async for page in self.github.pages(f"/repos/{self.repository}/compare/{base}...{head}", Range):
                found += [self._commit(commit) for commit in page.commits]
                if len(found) >= _MOST_COMMITS:
                    return None
        except Refused as error:
            if "no such repository" in str(error):
                return None
            raise
        return tuple(found)

    def _commit(self, commit: Commit) -> CommitReport:
        told = commit.commit
        login = (commit.author.login if commit.author else "") or told.author.name
        return CommitReport(
            repository=self.repository,
            sha=commit.sha,
            authored_at=told.author.date.astimezone(UTC),
            committed_at=told.committer.date.astimezone(UTC),
            author=clean(login) if login else None,
            message=clean(told.message or ""),
            is_merge=len(commit.parents) > 1,
        )

    async def _known(self, deployment: Deployment) -> DeployStatus | None:
        """Return how a deployment ended, if the memory has that and its commits: nothing more can be learnt."""
        service = self.topology.service_named(self.repository)
        environment = self.topology.environment_named(service, deployment.environment) if service else None
        if service is None or environment is None:
            return None
        key = self.source.name, service.name, environment.name, str(deployment.id)

        async def look(store: Store) -> DeployStatus | None:
            known = (await store.deploys.by_keys({key})).get(key)
            if known is None or not known.status.is_final or (known.status is _GOOD and not known.commits_known):
                return None
            return known.status

        return await self.at_once(look)

    async def _write(self, reports: list[DeployReport]) -> None:
        told = [Told(0, self.source.name, report.occurred_at, report) for report in reports if self._has_place(report)]
        if told:
            await self.at_once(lambda store: book(store, self.topology, told, heard_at=self.at))

    def _has_place(self, report: DeployReport) -> bool:
        service = self.topology.service_named(report.service)
        missing = None
        if service is None:
            missing = f"service {report.service!r}"
        elif self.topology.environment_named(service, report.environment) is None:
            missing = f"environment {report.environment!r} of {service.name}"
        if missing:
            self.summary.unknown[missing] = self.summary.unknown.get(missing, 0) + 1
        return missing is None
