"""Keeps what is held against which deployment, and finds the incidents that a deployment may have to answer for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, literal_column, select

from models.attribution import Blame, Suspicion, number_of
from models.rollouts import Charge
from models.store.base import Noun, in_slices, table_of
from models.store.inserts import unless_there
from models.store.prepared import Prepared
from models.tables import BlameRow, IncidentRow, IncidentServiceRow, LedgerRow, NamedCauseRow
from models.words import BlameReason, IncidentStatus

_LEDGER = table_of(LedgerRow)
_BLAMES = table_of(BlameRow)
_NAMED = table_of(NamedCauseRow)
_INCIDENTS = table_of(IncidentRow)
_SERVICES = table_of(IncidentServiceRow)

DEPLOY: Final = "deploy"
INCIDENT: Final = "incident"


@dataclass(frozen=True, slots=True)
class Held:
    """Something held against a deployment, by which rule, by an incident or a deployment (`blamer`) of which number."""

    deploy_id: int
    reason: BlameReason
    blamer: str
    blamer_id: int


class Blames(Noun):
    """What incidents and remedies (the blamers) hold against deployments."""

    async def name_causes(self, blamer: str, causes: Mapping[int, Sequence[str]]) -> None:
        """Remember the names that incidents or deployments give as their causes, in place of those given before."""
        for part in in_slices(causes):
            await self._do(_FORGET_NAMES, blamer=blamer, ids=list(part))
        rows = [
            {"name": name[:255], "blamer": blamer, "blamer_id": number}
            for number, names in causes.items()
            for name in dict.fromkeys(names)
        ]
        await self._insert_many(_NAMED, rows, unless_there)

    async def naming(self, names: Iterable[str]) -> list[tuple[str, int]]:
        """Return who (blamer, number) gave one of these names as a cause."""
        found: list[tuple[str, int]] = []
        if not await self._ask(_ANY_NAMED):  # often nobody gives any, and the names of a batch are some thousand
            return found
        for part in in_slices(set(names)):
            rows = await self._ask(_NAMING, names=list(part))
            found += [(row.blamer, row.blamer_id) for row in rows]
        return found

    async def of(self, blamer: str, ids: Collection[int]) -> dict[int, Blame]:
        """Return what each of these incidents or deployments is held against; what blames nothing is left out."""
        found: dict[int, Blame] = {}
        for part in in_slices(ids):
            for row in await self._ask(_BLAMES_OF, blamer=blamer, ids=list(part)):
                others = found[row.blamer_id].deploy_ids if row.blamer_id in found else ()
                found[row.blamer_id] = Blame(BlameReason(row.reason), (*others, row.deploy_id))
        return found

    async def against(self, deploy_ids: Collection[int]) -> list[Held]:
        """Return what is held against deployments, by whom and by which rule."""
        found: list[Held] = []
        for part in in_slices(deploy_ids):
            query = select(_BLAMES).where(_BLAMES.c.deploy_id.in_(part)).order_by(_BLAMES.c.blamer, _BLAMES.c.blamer_id)
            rows = await self._connection.execute(query)
            found += [Held(r.deploy_id, BlameReason(r.reason), r.blamer, r.blamer_id) for r in rows]
        return found

    async def replace(
        self, blamer: str, blames: Mapping[int, Blame | None], *, unwritten: Collection[int] = ()
    ) -> None:
        """Write down what incidents or deployments are held against, in place of what was written before.

        `unwritten` are those of which nothing was written yet.
        """
        for part in in_slices(blames.keys() - set(unwritten)):
            await self._do(_FORGET, blamer=blamer, ids=list(part))
        rows = [
            {"blamer": blamer, "blamer_id": number, "deploy_id": deploy_id, "reason": blame.reason.value}
            for number, blame in blames.items()
            if blame
            for deploy_id in blame.deploy_ids
        ]
        await self._insert_many(_BLAMES, rows, unless_there)

    async def charges(self, deploy_ids: Collection[int]) -> list[Charge]:
        """Return what is held against deployments, and since when that is over."""
        found: list[Charge] = []
        for part in in_slices(deploy_ids):
            rows = await self._ask(_CHARGES, ids=list(part))
            found += [_charge(row) for row in rows]
        return found

    async def suspicions(self, ids: Collection[int]) -> list[Suspicion]:
        """Return incidents by number, as attribution sees them."""
        found: list[Suspicion] = []
        for part in in_slices(ids):
            found += map(suspicion_of, await self._ask(_BY_IDS, ids=list(part)))
        return found

    async def everyone(self, received_by: datetime) -> list[Suspicion]:
        """Return every incident that had arrived by an instant. Reads the whole history."""
        rows = await self._connection.execute(select(_INCIDENTS).where(_INCIDENTS.c.received_at <= received_by))
        return [suspicion_of(row) for row in rows]


def _incident_end() -> tuple[Any, ...]:
    return _INCIDENTS.c.status, _INCIDENTS.c.resolved_at


def _charge(row: Any) -> Charge:
    if row.blamer == DEPLOY:
        return Charge(row.deploy_id, by_incident=False, over_at=row.finished_at)
    return Charge(row.deploy_id, by_incident=True, over_at=_end(row))


def suspicion_of(row: Any) -> Suspicion:
    """Return an incident, or a row of one, as attribution sees it."""
    return Suspicion(
        id=row.id,
        services=row.services,
        environment=row.environment,
        started_at=row.started_at,
        resolved_at=_end(row),
        cause=row.ruled_cause or row.cause,
        caused_by=row.ruled_causes if row.ruled_cause else row.caused_by,
        is_ruled=row.ruled_cause is not None,
        cleared=frozenset(number for name in row.cleared if (number := number_of(name)) is not None),
        is_counted=not (row.is_signal or row.is_test),
    )


def _end(row: Any) -> datetime | None:
    """Return when an incident ended; one that was reopened has not."""
    at: datetime | None = row.resolved_at
    return at if row.status is IncidentStatus.RESOLVED else None


# Made once: making a statement takes longer than running it.
_ANY_NAMED = Prepared(select(_NAMED.c.blamer_id).limit(literal_column("1")))
_NAMING = Prepared(
    select(_NAMED.c.blamer, _NAMED.c.blamer_id).where(_NAMED.c.name.in_(bindparam("names", expanding=True)))
)
_FORGET_NAMES = Prepared(
    delete(_NAMED).where(
        _NAMED.c.blamer == bindparam("blamer"), _NAMED.c.blamer_id.in_(bindparam("ids", expanding=True))
    )
)
_FORGET = Prepared(
    delete(_BLAMES).where(
        _BLAMES.c.blamer == bindparam("blamer"), _BLAMES.c.blamer_id.in_(bindparam("ids", expanding=True))
    )
)
_BLAMES_OF = Prepared(
    select(_BLAMES)
    .where(_BLAMES.c.blamer == bindparam("blamer"), _BLAMES.c.blamer_id.in_(bindparam("ids", expanding=True)))
    .order_by(_BLAMES.c.deploy_id)
)
_CHARGES = Prepared(
    select(_BLAMES.c.deploy_id, _BLAMES.c.blamer, _LEDGER.c.finished_at, *_incident_end())
    .outerjoin(_LEDGER, (_BLAMES.c.blamer == DEPLOY) & (_LEDGER.c.id == _BLAMES.c.blamer_id))
    .outerjoin(_INCIDENTS, (_BLAMES.c.blamer == INCIDENT) & (_INCIDENTS.c.id == _BLAMES.c.blamer_id))
    .where(_BLAMES.c.deploy_id.in_(bindparam("ids", expanding=True)))
)
_BY_IDS = Prepared(select(_INCIDENTS).where(_INCIDENTS.c.id.in_(bindparam("ids", expanding=True))))
