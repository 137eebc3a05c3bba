"""Keeps what records were before something was learnt of them late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import delete, select

from models.attribution import Member, Suspicion
from models.store.base import Noun, table_of
from models.store.inserts import Upsert, unless_there
from models.tables import RevisionHorizonRow, RevisionRow

_REVISIONS = table_of(RevisionRow)
_HORIZON = table_of(RevisionHorizonRow)
_DEPLOY: Final = "deploy"
_INCIDENT: Final = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRevision:
    """What a deployment counted as until an instant; `None`: not as a successful one to production."""

    id: int
    until: datetime
    was: Member | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRevision:
    """What was known of an incident until an instant."""

    id: int
    until: datetime
    was: Suspicion
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Then:
    """Records that were something else at an instant, by number."""

    deploys: dict[int, Member | None]
    incidents: dict[int, IncidentRevision]


class Revisions(Noun):
    """What was known before."""

    async def keep(self, revisions: Sequence[DeployRevision | IncidentRevision]) -> None:
        """Keep what records were; of several until the same instant the first is what was known."""
        await self._insert_many(_REVISIONS, [_values(r) for r in revisions], unless_there)

    async def horizon(self) -> datetime | None:
        """Return the earliest instant that can be recalled; `None` where none was forgotten."""
        return (await self._connection.execute(select(_HORIZON.c.since))).scalar_one_or_none()

    async def any_since(self, instant: datetime) -> bool:
        """Say whether any record was something else at an instant than it is now."""
        query = select(_REVISIONS.c.record_id).where(_REVISIONS.c.until > instant).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def prune(self, before: datetime) -> int:
        """Forget what records were until an instant or earlier, and that it was forgotten never; return how many."""
        gone = (await self._connection.execute(delete(_REVISIONS).where(_REVISIONS.c.until <= before))).rowcount
        known_since = await self.horizon()
        if gone and (known_since is None or known_since < before):
            await self._insert_many(_HORIZON, [{"id": 1, "since": before}], _moved)
        return gone

    async def at(self, instant: datetime) -> Then:
        """Return the records that were something else at an instant than they are now."""
        query = select(_REVISIONS).where(_REVISIONS.c.until > instant).order_by(_REVISIONS.c.until.desc())
        then = Then({}, {})
        # The earliest of what came after the instant is what was known at it: it comes last, and stays.
        for row in await self._connection.execute(query):
            if row.kind == _DEPLOY:
                then.deploys[row.record_id] = None if row.was is None else msgspec.convert(row.was, Member)
            else:
                then.incidents[row.record_id] = IncidentRevision(
                    id=row.record_id,
                    until=row.until,
                    was=msgspec.convert(row.was["was"], Suspicion),
                    acknowledged_at=msgspec.convert(row.was["acknowledged_at"], datetime | None),
                )
        return then


def _values(revision: DeployRevision | IncidentRevision) -> dict[str, Any]:
    row = {"record_id": revision.id, "until": revision.until}
    if isinstance(revision, DeployRevision):
        return {**row, "kind": _DEPLOY, "was": revision.was}
    return {**row, "kind": _INCIDENT, "was": {"was": revision.was, "acknowledged_at": revision.acknowledged_at}}


def _moved(statement: Upsert) -> Any:
    return statement.on_conflict_do_update(index_elements=["id"], set_={"since": statement.excluded.since})
