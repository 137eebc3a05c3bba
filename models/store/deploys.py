"""Deployments in the ledger."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select, union_all

from models.records import Deploy
from models.store.base import Noun, in_slices, record_fields, row_of, table_of, to_record
from models.store.inserts import Upsert
from models.store.prepared import Prepared
from models.tables import LedgerRow
from models.words import DeployStatus, Tier

_LEDGER = table_of(LedgerRow)
_COLUMNS = record_fields(Deploy, renamed={"deploy_id": "external_id", "status": "deploy_status", "kind": "deploy_kind"})
_OF_RECORD, _RECORD = row_of(_COLUMNS)
# What never changes, and what indexes begin with; and what attribution alone changes.
_KEPT = ("type", "source", "external_id", "service", "environment", "remedy")
_COLUMNS_GIVEN = ("type", "at", "ran", *_OF_RECORD)

# Made once: making a statement takes longer than running it.
_BY_EXTERNAL_IDS = Prepared(
    select(_LEDGER)
    .where(_LEDGER.c.type == "deploy", _LEDGER.c.external_id.in_(bindparam("ids", expanding=True)))
    .with_for_update()
)

# SQLite takes 500 terms in a compound select (https://www.sqlite.org/limits.html, item 4).
_MOST_OF_A_UNION = 100
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

    async def first_known(
        self, services: Collection[str] | None, *, received_by: datetime | None = None
    ) -> dict[str, datetime]:
        """Return when the first deployment of each service is known from; a service without any is left out.

        What arrived after `received_by` is left out, too.
        """
        if services is None:
            known = select(_LEDGER.c.service).where(_LEDGER.c.type == "deploy").distinct()
            services = list((await self._connection.execute(known)).scalars())
        found: dict[str, datetime] = {}
        for part in in_slices(services, _MOST_OF_A_UNION):
            rows = await self._connection.execute(union_all(*(_first_of(service, received_by) for service in part)))
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
        if self._connection.dialect.name == "sqlite" or self._copying(len(deploys)):
            numbers = await self._next_numbers(_LEDGER, len(deploys))
            rows = [(number, *_row(d)) for number, d in zip(numbers, deploys, strict=True)]
            await self._insert_new(_LEDGER, ("id", *_COLUMNS_GIVEN), rows)
            return {deploy_key(d): number for number, d in zip(numbers, deploys, strict=True)}
        results = await self._insert_rows(_LEDGER, _COLUMNS_GIVEN, [_row(d) for d in deploys], _returning_keys)
        return {tuple(key): number for rows in results for number, *key in rows}

    async def save_many(self, deploys: Sequence[Deploy]) -> None:
        """Write changed deployments back."""
        rows = [(d.id, *_row(d)) for d in deploys]
        await self._insert_rows(_LEDGER, ("id", *_COLUMNS_GIVEN), rows, _saving)

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


def _first_of(service: str, received_by: datetime | None) -> Select[Any]:
    """Return a look-up of one row: the smallest `at` over all rows would read the whole history."""
    columns = (_LEDGER.c.service, _LEDGER.c.at)
    first = select(*columns).where(_LEDGER.c.type == "deploy", _LEDGER.c.service == service)
    if received_by is not None:
        first = first.where(_LEDGER.c.received_at <= received_by)
    return select(first.order_by(_LEDGER.c.at).limit(1).subquery())


def _returning_keys(statement: Upsert) -> Any:
    return statement.returning(
        _LEDGER.c.id, _LEDGER.c.source, _LEDGER.c.service, _LEDGER.c.environment, _LEDGER.c.external_id
    )


def _saving(statement: Upsert) -> Any:
    """Update rows that are there: Core's own way to update many takes longer than the database."""
    given = {name: statement.excluded[name] for name in _COLUMNS_GIVEN if name not in _KEPT}
    return statement.on_conflict_do_update(index_elements=["id"], set_=given)


def _deploy(row: Any) -> Deploy:
    return to_record(Deploy, row, _COLUMNS)


def _row(deploy: Deploy) -> tuple[Any, ...]:
    """Return the values of `_COLUMNS_GIVEN`."""
    return "deploy", deploy.finished_at or deploy.latest_at, deploy.version or deploy.sha, *_RECORD(deploy)
