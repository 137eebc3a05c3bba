"""The deployments to production as the metrics count them, and the facts that the numbers of a period follow from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import CompoundSelect, Select, bindparam, delete, func, select, text, type_coerce, union, union_all
from sqlalchemy.types import NullType

from models.delivery import Facts, IncidentFact, Rollout
from models.store.base import Noun, in_slices, record_fields, row_of, table_of
from models.store.blames import INCIDENT
from models.store.deploys import Deploys
from models.store.inserts import Upsert
from models.tables import (
    BlameRow,
    IncidentRow,
    IncidentServiceRow,
    LedgerRow,
    RolloutRow,
    SeenEventRow,
    SourceRow,
)
from models.words import IncidentStatus

_ROLLOUTS = table_of(RolloutRow)
_LEDGER = table_of(LedgerRow)
_INCIDENTS = table_of(IncidentRow)
_SERVICES = table_of(IncidentServiceRow)
_BLAMES = table_of(BlameRow)
_SEEN = table_of(SeenEventRow)
_SOURCES = table_of(SourceRow)
_COLUMNS = record_fields(Rollout, renamed={})
_OF_RECORD, _RECORD = row_of(_COLUMNS)
_EVER: Final = datetime.max.replace(tzinfo=UTC)
# Read as the driver gives them: a report reads thousands, and the types' own conversions take longer than the query.
_READ = [type_coerce(_ROLLOUTS.c[name], NullType()).label(name) for name in _COLUMNS]
_LEADS = msgspec.json.Decoder(tuple[tuple[str, float], ...])


class Rollouts(Noun):
    """Successful deployments to production, each counted once."""

    async def replace(self, counted: Mapping[tuple[str, str], Rollout | None]) -> None:
        """Write down deployments by (service, key); `None` takes one away."""
        for service, key in (unit for unit, rollout in counted.items() if rollout is None):
            await self._connection.execute(
                delete(_ROLLOUTS).where(_ROLLOUTS.c.service == service, _ROLLOUTS.c.key == key)
            )
        rows = [(key, *_RECORD(r)) for (_, key), r in counted.items() if r is not None]
        await self._insert_rows(_ROLLOUTS, ("key", *_OF_RECORD), rows, _replacing)

    async def units(self, ids: Collection[int]) -> dict[int, tuple[str, str]]:
        """Return the (service, key) under which deployments are counted, by the numbers that `facts` gave them."""
        query = select(_ROLLOUTS.c.id, _ROLLOUTS.c.service, _ROLLOUTS.c.key).where(_ROLLOUTS.c.id.in_(list(ids)))
        return {row.id: (row.service, row.key) for row in await self._connection.execute(query)}

    async def facts(
        self,
        services: Collection[str] | None,
        environment: str | None,
        start: datetime,
        end: datetime,
        as_of: datetime,
        *,
        received_by: datetime | None = None,
    ) -> Facts:
        """Return what the numbers of any period within `[start, end)`, as they stand at `as_of`, follow from.

        `services=None`: of all services. What arrived after `received_by` is left out, except from the deployments:
        those are `handlers.recall`'s.
        """
        asked = _Asked(services, environment, start, end, as_of)
        arrived_by = received_by or _EVER
        first_known = await Deploys(self._connection).first_known(services, received_by=received_by)
        first_heard = await self._first_heard(arrived_by)
        return Facts(
            rollouts=await self._rollouts(asked),
            attempts_failed=await self._ledger(asked, _attempts_failed(environment), arrived_by),
            incidents=await self._incidents(asked, arrived_by),
            changes=await self._ledger(asked, _CHANGES, arrived_by),
            duplicates=await self._duplicates(start, end),
            alive_from=first_known,
            watched_from=min((at for at in (first_heard, *first_known.values()) if at), default=None),
            received_by=received_by,
        )

    async def _first_heard(self, received_by: datetime) -> datetime | None:
        """Return when the first sender was heard."""
        heard = select(func.min(_SOURCES.c.first_received_at)).where(_SOURCES.c.first_received_at <= received_by)
        first: datetime | None = (await self._connection.execute(heard)).scalar()
        return first

    async def _rollouts(self, asked: "_Asked") -> list[Rollout]:
        """Read those that finished or recovered in the window, and those that were still broken after it."""
        c = _ROLLOUTS.c
        earlier = select(*_READ).where(c.finished_at < asked.start)
        parts = (
            select(*_READ).where(c.finished_at >= asked.start, c.finished_at < asked.end),
            earlier.where(c.recovered_at >= asked.start, c.recovered_at < asked.end),
            earlier.where(c.recovered_at >= asked.end, c.recovered_at > asked.as_of),
            earlier.where(c.failed_at.is_not(None), c.recovered_at.is_(None)),
        )
        rows = await self._connection.execute(union_all(*(asked.narrow(part, c.service) for part in parts)))
        found = [_rollout(*tuple(row)) for row in rows.all()]
        return [r for r in found if asked.environment is None or asked.environment in r.environments]

    async def _ledger(self, asked: "_Asked", query: Select[Any], received_by: datetime) -> list[tuple[str, datetime]]:
        """Return (service, instant) of the entries of the window."""
        c = _LEDGER.c
        query = query.where(c.at >= asked.start, c.at < asked.end, c.received_at <= received_by)
        return [(row.service, row.at) for row in await self._connection.execute(asked.narrow(query, c.service))]

    async def _duplicates(self, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
        query = select(_SEEN.c.seen_at, _SEEN.c.repeats).where(
            _SEEN.c.repeats > 0, _SEEN.c.seen_at >= start, _SEEN.c.seen_at < end
        )
        return [(row.seen_at, row.repeats) for row in await self._connection.execute(query)]

    async def _incidents(self, asked: "_Asked", received_by: datetime) -> list[IncidentFact]:
        """Read the numbers first, then the incidents: PostgreSQL would rather read them all than join so few."""
        numbers = await self._connection.execute(
            _ids_of_all(asked) if asked.services is None else _ids_of_services(asked)
        )
        rows: list[Any] = []
        for part in in_slices(sorted(numbers.scalars())):
            rows += await self._connection.execute(_INCIDENTS_AND_BLAMES, {"ids": part, "received_by": received_by})
        return _facts_of(rows)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose facts, of when."""

    services: Collection[str] | None
    environment: str | None
    start: datetime
    end: datetime
    as_of: datetime

    def narrow(self, query: Any, column: Any) -> Any:
        """Narrow a query to the services."""
        return query if self.services is None else query.where(column.in_(list(self.services)))


def _incidents_and_blames() -> Select[Any]:
    c = _INCIDENTS.c
    return (
        select(c.id, c.incident_id, c.services, c.started_at, c.acknowledged_at, c.resolved_at, c.status)
        .add_columns(_BLAMES.c.reason, _LEDGER.c.external_id, _LEDGER.c.rollout_id)
        .outerjoin(_BLAMES, (_BLAMES.c.blamer == INCIDENT) & (_BLAMES.c.blamer_id == c.id))
        .outerjoin(_LEDGER, _LEDGER.c.id == _BLAMES.c.deploy_id)
        .where(c.id.in_(bindparam("ids", expanding=True)), c.received_at <= bindparam("received_by"))
        .where(c.is_signal.is_(False), c.is_test.is_(False))
        .order_by(c.id, _BLAMES.c.deploy_id)
    )


_INCIDENTS_AND_BLAMES = _incidents_and_blames()

# The conditions in so many words: an index over a part of a table is used only where a query says that part.
_CHANGES = select(_LEDGER.c.service, _LEDGER.c.at).where(text("ledger.type = 'change'"), _LEDGER.c.is_undone.is_(False))
_ATTEMPTS_FAILED = select(_LEDGER.c.service, _LEDGER.c.finished_at.label("at")).where(
    text("ledger.type = 'deploy' AND ledger.tier = 'production' AND ledger.deploy_status = 'failed'")
)


def _attempts_failed(environment: str | None) -> Select[Any]:
    return _ATTEMPTS_FAILED if environment is None else _ATTEMPTS_FAILED.where(_LEDGER.c.environment == environment)


def _ids_of_all(asked: _Asked) -> CompoundSelect[Any]:
    c = _INCIDENTS.c
    return union(
        *(select(c.id).where(at >= asked.start, at < asked.end) for at in (c.started_at, c.acknowledged_at)),
        select(c.id).where(c.resolved_at >= asked.start, c.resolved_at < asked.end),
        select(c.id).where(c.resolved_at > asked.as_of),
        select(c.id).where(c.status != IncidentStatus.RESOLVED),
    )


def _ids_of_services(asked: _Asked) -> CompoundSelect[Any]:
    c = _SERVICES.c
    mine = asked.narrow(select(c.incident_id.label("id")), c.service)
    return union(
        *(mine.where(at >= asked.start, at < asked.end) for at in (c.started_at, c.acknowledged_at, c.resolved_at)),
        mine.where(c.resolved_at > asked.as_of),
        mine.where(c.resolved_at.is_(None)),
    )


def _rollout(
    number: int,
    service: str,
    name: str,
    environments: str,
    finished_at: Any,
    is_rollback: Any,
    is_rework: Any,
    failed_at: Any,
    recovered_at: Any,
    leads: str | None,
) -> Rollout:
    return Rollout(
        id=number,
        service=service,
        name=name,
        environments=_names(environments),
        finished_at=_instant(finished_at),
        is_rollback=bool(is_rollback),
        is_rework=bool(is_rework),
        failed_at=failed_at and _instant(failed_at),
        recovered_at=recovered_at and _instant(recovered_at),
        leads=None if leads is None else _LEADS.decode(leads),
    )


@lru_cache(maxsize=1024)
def _names(value: str) -> tuple[str, ...]:
    """Read a list of names; there are few different ones."""
    return tuple(msgspec.json.decode(value))


def _instant(value: Any) -> datetime:
    """Return an instant from what `UtcDateTime` stores: an aware one on PostgreSQL, text without a zone on SQLite."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(f"{value}+00:00")


def _facts_of(rows: Any) -> list[IncidentFact]:
    """Return one fact for each incident; one that is held against several deployments comes in as many rows."""
    found: dict[int, IncidentFact] = {}
    blames: dict[int, list[str]] = {}
    reasons: dict[int, str] = {}
    for row in rows:
        if row.reason is not None:
            blames.setdefault(row.id, []).append(row.rollout_id or row.external_id)
            reasons[row.id] = row.reason
        blame = f"{reasons[row.id]}:{','.join(sorted(set(blames[row.id])))}" if row.id in blames else None
        found[row.id] = IncidentFact(
            id=row.id,
            name=row.incident_id,
            services=row.services,
            started_at=row.started_at,
            acknowledged_at=row.acknowledged_at,
            resolved_at=row.resolved_at if row.status is IncidentStatus.RESOLVED else None,
            blame=blame,
        )
    return list(found.values())


def _replacing(statement: Upsert) -> Any:
    names = [name for name in _COLUMNS if name not in ("id", "service")]
    return statement.on_conflict_do_update(
        index_elements=["service", "key"], set_={name: statement.excluded[name] for name in names}
    )
