"""Digest snapshots: computed once, shown to both sides."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, select

from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import SnapshotRow

# The plan of what is sent to one person alone: this, the person's id and the period, with colons between.
PERSONAL: Final = "person:"
_SNAPSHOTS = table_of(SnapshotRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The numbers of one digest. The period is `[period_start, period_end)`; `numbers` is plain JSON."""

    id: int = 0
    plan: str
    bridge: str
    period_start: datetime
    period_end: datetime
    timezone: str
    computed_at: datetime
    numbers: dict[str, Any]


_COLUMNS = record_fields(Snapshot, renamed={})


class Digests(Noun):
    """Digest snapshots."""

    async def add(self, snapshot: Snapshot) -> Snapshot | None:
        """Store a snapshot and return it with its id; `None` when its plan, bridge and period have one already."""
        statement = self._upsert(_SNAPSHOTS).values(to_values(snapshot, _COLUMNS))
        unless_there = statement.on_conflict_do_nothing(index_elements=["plan", "bridge", "period_start"])
        number = (await self._connection.execute(unless_there.returning(_SNAPSHOTS.c.id))).scalar_one_or_none()
        return await self.get(number) if number is not None else None

    async def get(self, snapshot_id: int) -> Snapshot | None:
        """Return one snapshot."""
        row = (await self._connection.execute(select(_SNAPSHOTS).where(_SNAPSHOTS.c.id == snapshot_id))).first()
        return _snapshot(row) if row else None

    async def of_period(self, plans: Collection[str], bridge: str, period_start: datetime) -> Snapshot | None:
        """Return the first snapshot of one period, of any of these plans."""
        query = select(_SNAPSHOTS).where(
            _SNAPSHOTS.c.plan.in_(plans), _SNAPSHOTS.c.bridge == bridge, _SNAPSHOTS.c.period_start == period_start
        )
        row = (await self._connection.execute(query.order_by(_SNAPSHOTS.c.id).limit(1))).first()
        return _snapshot(row) if row else None

    async def latest_before(self, bridge: str, plans: Collection[str], start: datetime) -> Snapshot | None:
        """Return the snapshot of the latest period of a bridge that began before an instant, of any of these plans."""
        query = select(_SNAPSHOTS).where(
            _SNAPSHOTS.c.bridge == bridge, _SNAPSHOTS.c.plan.in_(list(plans)), _SNAPSHOTS.c.period_start < start
        )
        newest = query.order_by(_SNAPSHOTS.c.period_start.desc(), _SNAPSHOTS.c.id.desc()).limit(1)
        row = (await self._connection.execute(newest)).first()
        return _snapshot(row) if row else None

    async def latest(self, bridge: str) -> Snapshot | None:
        """Return the snapshot that was posted last to both channels of a bridge, whatever period it is of."""
        return await self._newest(_SNAPSHOTS.c.bridge == bridge, ~_SNAPSHOTS.c.plan.startswith(PERSONAL))

    async def latest_own(self, user_id: str, bridge: str | None) -> Snapshot | None:
        """Return the snapshot that was sent last to one person alone, of a bridge or of any."""
        own = _SNAPSHOTS.c.plan.startswith(f"{PERSONAL}{user_id}:", autoescape=True)
        return await self._newest(own, *([_SNAPSHOTS.c.bridge == bridge] if bridge else []))

    async def _newest(self, *conditions: ColumnElement[bool]) -> Snapshot | None:
        query = select(_SNAPSHOTS).where(*conditions).order_by(_SNAPSHOTS.c.id.desc()).limit(1)
        row = (await self._connection.execute(query)).first()
        return _snapshot(row) if row else None


def _snapshot(row: Row[Any]) -> Snapshot:
    return to_record(Snapshot, row, _COLUMNS)
