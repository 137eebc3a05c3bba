"""Names that no table of the configuration knows: what they hold back, and what people mapped them to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from models.store.base import Noun, table_of
from models.tables import DeliveryRow, HoldRow, MappingRow
from models.topology import MapKind, folded

_HOLDS = table_of(HoldRow)
_MAPPINGS = table_of(MappingRow)
_DELIVERIES = table_of(DeliveryRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldName:
    """A name nobody knows, as its sender wrote it, and how many deliveries wait for it. `service` is the canonical
    service an unknown environment was named with, else empty.
    """

    kind: MapKind
    name: str
    service: str
    deliveries: int


class HeldNames(Noun):
    """Unmapped names and mappings. Names are compared folded."""

    async def hold(self, holds: Collection[tuple[int, MapKind, str, str]]) -> None:
        """Record (delivery id, kind, name, service): this delivery waits for this name."""
        rows = [{"delivery_id": d, "kind": k, "name": n, "service": s} for d, k, n, s in holds]
        if rows:
            await self._connection.execute(self._upsert(_HOLDS).on_conflict_do_nothing(), rows)

    async def held(self) -> list[HeldName]:
        """Return the unknown names, those that hold most first."""
        count = func.count().label("deliveries")
        query = (
            select(_HOLDS.c.kind, _HOLDS.c.name, _HOLDS.c.service, count)
            .group_by(_HOLDS.c.kind, _HOLDS.c.name, _HOLDS.c.service)
            .order_by(count.desc(), _HOLDS.c.name)
        )
        return [
            HeldName(kind=r.kind, name=r.name, service=r.service, deliveries=r.deliveries)
            for r in await self._connection.execute(query)
        ]

    async def map(self, kind: MapKind, name: str, target: str, *, by: str, at: datetime) -> int:
        """Map a name for good; return how many held deliveries are applied again because of it."""
        row = {"kind": kind, "name": folded(name), "target": target, "mapped_by": by, "mapped_at": at}
        changed = {key: row[key] for key in ("target", "mapped_by", "mapped_at")}
        statement = self._upsert(_MAPPINGS).values(row)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["kind", "name"], set_=changed))
        wanted = [h.name for h in await self.held() if h.kind == kind and folded(h.name) == folded(name)]
        return await self.release({(kind, held) for held in wanted})

    async def release(self, names: Collection[tuple[MapKind, str]]) -> int:
        """Let the deliveries held by these (kind, name) pairs be applied again; return how many."""
        released = 0
        for kind, name in names:
            ids = select(_HOLDS.c.delivery_id).where(_HOLDS.c.kind == kind, _HOLDS.c.name == name)
            statement = update(_DELIVERIES).where(_DELIVERIES.c.id.in_(ids), _DELIVERIES.c.state == "held")
            released += (await self._connection.execute(statement.values(state="waiting"))).rowcount
            await self._connection.execute(delete(_HOLDS).where(_HOLDS.c.kind == kind, _HOLDS.c.name == name))
        return released

    async def mappings(self) -> dict[tuple[MapKind, str], str]:
        """Return what people mapped, by (kind, folded name)."""
        return {(r.kind, r.name): r.target for r in await self._connection.execute(select(_MAPPINGS))}
