"""Deployments in the ledger, and the commits they brought."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, literal_column, select, union_all, update

from models.records import Commit, Deploy
from models.reports import CommitReport
from models.store.base import Noun, Upsert, in_slices, record_fields, row_of, table_of, to_record
from models.store.prepared import Prepared
from models.tables import CommitRow, DeployCommitRow, LedgerRow
from models.words import DeployStatus, Tier

_LEDGER = table_of(LedgerRow)
_COMMITS = table_of(CommitRow)
_DEPLOY_COMMITS = table_of(DeployCommitRow)
_COLUMNS = record_fields(Deploy, renamed={"deploy_id": "external_id", "status": "deploy_status", "kind": "deploy_kind"})
_OF_RECORD, _RECORD = row_of(_COLUMNS)
# What never changes, and what indexes begin with.
_KEY = ("type", "source", "external_id", "service", "environment")
_COLUMNS_GIVEN = ("type", "at", "ran", *_OF_RECORD)
_COMMIT_COLUMNS = record_fields(Commit, renamed={})
_OF_COMMIT, _COMMIT = row_of(_COMMIT_COLUMNS)

_LINKED = ("deploy_id", "sha", "repository", "position")

_BROUGHT = _DEPLOY_COMMITS.join(
    _COMMITS, (_COMMITS.c.repository == _DEPLOY_COMMITS.c.repository) & (_COMMITS.c.sha == _DEPLOY_COMMITS.c.sha)
)

# Made once: making a statement takes longer than running it.
_BY_EXTERNAL_IDS = Prepared(
    select(_LEDGER)
    .where(_LEDGER.c.type == "deploy", _LEDGER.c.external_id.in_(bindparam("ids", expanding=True)))
    .with_for_update()
)

# SQLite takes 500 terms in a compound select (https://www.sqlite.org/limits.html, item 4).
_MOST_OF_A_UNION = 100
_LONGEST_RANGE = 2_000
_MOST_WAITING = 50

# A literal, not a parameter: the partial index needs the word itself.
_STARTED: ColumnElement[str] = literal_column("'started'")

DeployKey: TypeAlias = tuple[str, str, str, str]


def deploy_key(deploy: Deploy) -> DeployKey:
    """Return the natural key: (source, service, environment, deploy_id)."""
    return deploy.source, deploy.service, deploy.environment, deploy.deploy_id


class Deploys(Noun):
    """Deployments."""

    async def get(self, deploy_id: int) -> Deploy | None:
        """Return the deployment with this ledger number."""
        row = (await self._connection.execute(_all().where(_LEDGER.c.id == deploy_id))).first()
        return _deploy(row) if row else None

    async def by_numbers(self, ids: Collection[int]) -> dict[int, Deploy]:
        """Return deployments by their ledger numbers."""
        found: dict[int, Deploy] = {}
        for part in in_slices(ids):
            rows = await self._connection.execute(_all().where(_LEDGER.c.id.in_(part)))
            found.update((d.id, d) for d in map(_deploy, rows))
        return found

    async def attempts_failed(self, services: Collection[str] | None, start: datetime, end: datetime) -> list[Deploy]:
        """Return the deployments to production that failed in `[start, end)` before it changed, newest first."""
        query = ledger_window(_all(), services=services, since=start, until=end)
        failed = query.where(_LEDGER.c.tier == Tier.PRODUCTION, _LEDGER.c.deploy_status == DeployStatus.FAILED)
        return [_deploy(row) for row in await self._connection.execute(failed)]

    async def by_keys(self, keys: Collection[DeployKey]) -> dict[DeployKey, Deploy]:
        """Return the stored ones of these deployments, locked."""
        found: dict[DeployKey, Deploy] = {}
        for part in in_slices({deploy_id for _, _, _, deploy_id in keys}):
            rows = await self._ask(_BY_EXTERNAL_IDS, ids=list(part))
            found.update((deploy_key(d), d) for d in map(_deploy, rows))
        return {key: deploy for key, deploy in found.items() if key in keys}

    async def recent(
        self,
        *,
        services: Collection[str] | None = None,
        environment: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
    ) -> list[Deploy]:
        """Return deployments of `[since, until)`, newest first."""
        query = ledger_window(_all(), services=services, since=since, until=until)
        if environment is not None:
            query = query.where(_LEDGER.c.environment == environment)
        return [_deploy(row) for row in await self._connection.execute(query.limit(limit))]

    async def running_since(self, instant: datetime) -> list[Deploy]:
        """Return some dozen deployments that started before an instant and have no end, the oldest first."""
        query = _all().where(_LEDGER.c.deploy_status == _STARTED, _LEDGER.c.status_at <= instant)
        rows = await self._connection.execute(query.order_by(_LEDGER.c.status_at).limit(_MOST_WAITING))
        return [_deploy(row) for row in rows]

    async def first_known(self, services: Collection[str] | None) -> dict[str, datetime]:
        """Return when the first deployment of each service is known from; a service without any is left out."""
        if services is None:
            known = select(_LEDGER.c.service).where(_LEDGER.c.type == "deploy").distinct()
            services = list((await self._connection.execute(known)).scalars())
        found: dict[str, datetime] = {}
        for part in in_slices(services, _MOST_OF_A_UNION):
            rows = await self._connection.execute(union_all(*map(_first_of, part)))
            found.update((r.service, r.at) for r in rows)
        return found

    async def is_known(self, *, services: Collection[str] | None = None, environment: str | None = None) -> bool:
        """Say whether any deployment or small change names these services, or this environment."""
        query = ledger_window(select(_LEDGER.c.id), services=services, since=None, until=None).order_by(None)
        if environment is not None:
            query = query.where(_LEDGER.c.environment == environment)
        return (await self._connection.execute(query.limit(1))).first() is not None

    async def lanes(self) -> list[tuple[str, str | None]]:
        """Return every (service, environment) of the ledger. It reads all of it: for complaints alone."""
        query = select(_LEDGER.c.service, _LEDGER.c.environment).distinct()
        return [(row.service, row.environment) for row in await self._connection.execute(query)]

    async def page(
        self,
        *,
        services: Collection[str] | None,
        environment: str | None,
        status: str | None,
        since: datetime | None,
        until: datetime | None,
        before: int | None,
        limit: int,
    ) -> list[Deploy]:
        """Return the newest of `[since, until)` by number, of those below `before`."""
        query = ledger_page(_all(), services, environment, since, until, before)
        if status is not None:
            query = query.where(_LEDGER.c.deploy_status == status)
        return [_deploy(row) for row in await self._connection.execute(query.limit(limit))]

    async def add_many(self, deploys: Sequence[Deploy]) -> dict[DeployKey, int]:
        """Store new deployments; return their ledger numbers."""
        if self._connection.dialect.name == "sqlite":
            return await self._add_numbered(deploys)
        results = await self._insert_rows(_LEDGER, _COLUMNS_GIVEN, [_row(d) for d in deploys], _returning_keys)
        return {tuple(key): number for rows in results for number, *key in rows}

    async def _add_numbered(self, deploys: Sequence[Deploy]) -> dict[DeployKey, int]:
        """Do the same on SQLite. Its one writer numbers the rows itself: reading ids back costs a step for each."""
        [(last,)] = await self._connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM ledger", ())
        rows = [(number, *_row(d)) for number, d in enumerate(deploys, last + 1)]
        await self._insert_rows(_LEDGER, ("id", *_COLUMNS_GIVEN), rows, _as_it_is)
        return {deploy_key(d): number for number, d in enumerate(deploys, last + 1)}

    async def save_many(self, deploys: Sequence[Deploy]) -> None:
        """Write changed deployments back."""
        rows = [(d.id, *_row(d)) for d in deploys]
        await self._insert_rows(_LEDGER, ("id", *_COLUMNS_GIVEN), rows, _saving)

    async def add_commits(self, commits: Collection[CommitReport]) -> None:
        """Remember commits; what was known stays, what was missing is filled."""
        rows = {(c.repository, c.sha): _COMMIT(c) for c in commits}
        await self._insert_rows(_COMMITS, _OF_COMMIT, list(rows.values()), _filling_gaps)

    async def link_commits(self, links: Iterable[tuple[int, Sequence[CommitReport]]]) -> None:
        """Record which commits each deployment (by ledger number) brought, in order."""
        rows = [
            (deploy_id, c.sha, c.repository, position)
            for deploy_id, commits in links
            for position, c in enumerate(commits)
        ]
        await self._insert_rows(_DEPLOY_COMMITS, _LINKED, rows, _unless_there)

    async def range(self, repository: str, base: str, head: str) -> list[tuple[str, str]] | None:
        """Return the (repository, sha) pairs after `base` up to `head`, oldest first; `None`: the way is not known."""
        rows = await self._ask(_RANGE, repository=repository, head=head, base=base)
        found: list[tuple[str, str]] = []
        for row in rows:
            found.append((repository, row.sha))
            if row.previous_sha == base:
                return found[::-1]
        return None

    async def without_range(self, services: Collection[str], since: datetime) -> list[Deploy]:
        """Return deployments from `since` on of which nobody knows what they brought, some dozen, the oldest first."""
        query = _all().where(
            _LEDGER.c.service.in_(list(services)),
            _LEDGER.c.at >= since,
            _LEDGER.c.commits_known.is_(False),
            _LEDGER.c.sha.is_not(None),
        )
        rows = await self._connection.execute(query.order_by(_LEDGER.c.at).limit(_MOST_WAITING))
        return [_deploy(row) for row in rows]

    async def set_ranges(self, ranges: Mapping[int, Sequence[tuple[str, str]]]) -> None:
        """Record what deployments (by ledger number) were found to have brought."""
        rows = [
            (deploy_id, sha, repository, position)
            for deploy_id, commits in ranges.items()
            for position, (repository, sha) in enumerate(commits)
        ]
        await self._insert_rows(_DEPLOY_COMMITS, _LINKED, rows, _unless_there)
        for part in in_slices(ranges):
            known = update(_LEDGER).where(_LEDGER.c.id.in_(part)).values(commits_known=True)
            await self._connection.execute(known)

    async def commits(self, deploy_id: int) -> list[Commit]:
        """Return the commits a deployment brought, in its sender's order; else the one commit it names, if known."""
        query = (
            select(_COMMITS)
            .select_from(_BROUGHT)
            .where(_DEPLOY_COMMITS.c.deploy_id == deploy_id)
            .order_by(_DEPLOY_COMMITS.c.position)
        )
        listed = [to_record(Commit, row, _COMMIT_COLUMNS) for row in await self._connection.execute(query)]
        return listed or await self._head(deploy_id)

    async def commits_among(self, deploy_ids: Collection[int], shas: Collection[str]) -> dict[str, Commit]:
        """Return what is known of some commits that these deployments brought, by sha."""
        found: dict[str, Commit] = {}
        for part in in_slices(shas, 1_000):
            query = select(_COMMITS).select_from(_BROUGHT).where(_DEPLOY_COMMITS.c.sha.in_(part))
            rows = await self._connection.execute(query.where(_DEPLOY_COMMITS.c.deploy_id.in_(list(deploy_ids))))
            found.update((row.sha, to_record(Commit, row, _COMMIT_COLUMNS)) for row in rows)
        return found

    async def _head(self, deploy_id: int) -> list[Commit]:
        same = (_COMMITS.c.sha == _LEDGER.c.sha) & (_COMMITS.c.repository == _LEDGER.c.repository)
        query = select(_COMMITS).select_from(_LEDGER.join(_COMMITS, same)).where(_LEDGER.c.id == deploy_id)
        return [to_record(Commit, row, _COMMIT_COLUMNS) for row in await self._connection.execute(query)]


def ledger_window(
    query: Select[Any],
    *,
    services: Collection[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    """Narrow a query on the ledger to services and `[since, until)`, newest first."""
    if services is not None:
        query = query.where(_LEDGER.c.service.in_(list(services)))
    if since is not None:
        query = query.where(_LEDGER.c.at >= since)
    if until is not None:
        query = query.where(_LEDGER.c.at < until)
    return query.order_by(_LEDGER.c.at.desc(), _LEDGER.c.id.desc())


def ledger_page(
    query: Select[Any],
    services: Collection[str] | None,
    environment: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
) -> Select[Any]:
    """Narrow a query on the ledger to a page of it, the highest number first."""
    query = ledger_window(query, services=services, since=since, until=until)
    if environment is not None:
        query = query.where(_LEDGER.c.environment == environment)
    if before is not None:
        query = query.where(_LEDGER.c.id < before)
    return query.order_by(None).order_by(_LEDGER.c.id.desc())


def _all() -> Select[Any]:
    return select(_LEDGER).where(_LEDGER.c.type == "deploy")


def _first_of(service: str) -> Select[Any]:
    """Return a look-up of one row: the smallest `at` over all rows would read the whole history."""
    columns = (_LEDGER.c.service, _LEDGER.c.at)
    first = select(*columns).where(_LEDGER.c.type == "deploy", _LEDGER.c.service == service)
    return select(first.order_by(_LEDGER.c.at).limit(1).subquery())


def _returning_keys(statement: Upsert) -> Any:
    return statement.returning(
        _LEDGER.c.id, _LEDGER.c.source, _LEDGER.c.service, _LEDGER.c.environment, _LEDGER.c.external_id
    )


def _as_it_is(statement: Upsert) -> Any:
    return statement


def _saving(statement: Upsert) -> Any:
    """Update rows that are there: Core's own way to update many takes longer than the database."""
    given = {name: statement.excluded[name] for name in _COLUMNS_GIVEN if name not in _KEY}
    return statement.on_conflict_do_update(index_elements=["id"], set_=given)


def _unless_there(statement: Upsert) -> Any:
    return statement.on_conflict_do_nothing()


def _filling_gaps(statement: Upsert) -> Any:
    names = ("authored_at", "committed_at", "author", "message", "pr", "previous_sha")
    filled: dict[str, Any] = {n: func.coalesce(_COMMITS.c[n], statement.excluded[n]) for n in names}
    filled["is_merge"] = _COMMITS.c.is_merge | statement.excluded.is_merge
    return statement.on_conflict_do_update(index_elements=["repository", "sha"], set_=filled)


def _deploy(row: Any) -> Deploy:
    return to_record(Deploy, row, _COLUMNS)


def _row(deploy: Deploy) -> tuple[Any, ...]:
    """Return the values of `_COLUMNS_GIVEN`."""
    return "deploy", deploy.finished_at or deploy.latest_at, deploy.version or deploy.sha, *_RECORD(deploy)


def _range() -> Select[Any]:
    """Return the way back from one commit, as far as it is known, to `base` or for some thousand steps."""
    first = select(_COMMITS.c.sha, _COMMITS.c.previous_sha, literal(0).label("step")).where(
        _COMMITS.c.repository == bindparam("repository"), _COMMITS.c.sha == bindparam("head")
    )
    way = first.cte("way", recursive=True)
    onward = select(_COMMITS.c.sha, _COMMITS.c.previous_sha, way.c.step + 1).where(
        _COMMITS.c.repository == bindparam("repository"),
        _COMMITS.c.sha == way.c.previous_sha,
        way.c.previous_sha != bindparam("base"),
        way.c.step < _LONGEST_RANGE,
    )
    way = way.union_all(onward)
    return select(way.c.sha, way.c.previous_sha).order_by(way.c.step)


_RANGE = Prepared(_range())
