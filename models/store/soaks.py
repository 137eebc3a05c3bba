"""The soaks of deployments."""

from collections.abc import Collection, Iterable

from sqlalchemy import select, update

from models.soak import Soak
from models.store.base import Noun, in_slices, record_fields, table_of, to_record, to_values
from models.store.inserts import unless_there
from models.tables import SoakRow

_SOAKS = table_of(SoakRow)
_COLUMNS = record_fields(Soak, renamed={})


class Soaks(Noun):
    """Which deployments are unverified, until when, and who watches them."""

    async def add_many(self, soaks: Iterable[Soak]) -> None:
        """Store soaks; what is there stays."""
        await self._insert_many(_SOAKS, [to_values(soak, _COLUMNS) for soak in soaks], unless_there)

    async def save(self, soak: Soak) -> None:
        """Write a soak back."""
        statement = update(_SOAKS).where(_SOAKS.c.deploy_id == soak.deploy_id)
        await self._connection.execute(statement.values(to_values(soak, _COLUMNS)))

    async def get(self, deploy_id: int, *, lock: bool = False) -> Soak | None:
        """Return the soak of a deployment, locked where wanted."""
        query = select(_SOAKS).where(_SOAKS.c.deploy_id == deploy_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return to_record(Soak, row, _COLUMNS) if row else None

    async def of(self, deploy_ids: Collection[int]) -> dict[int, Soak]:
        """Return the soaks of deployments, by ledger number; one that never had any is left out."""
        found: dict[int, Soak] = {}
        for part in in_slices(deploy_ids):
            rows = await self._connection.execute(select(_SOAKS).where(_SOAKS.c.deploy_id.in_(part)))
            found.update((row.deploy_id, to_record(Soak, row, _COLUMNS)) for row in rows)
        return found

    async def open(self, services: Collection[str] | None = None, *, lock: bool = False) -> list[Soak]:
        """Return the soaks that are not over, of some services or of all, the first to end first."""
        query = select(_SOAKS).where(_SOAKS.c.ended_at.is_(None))
        if services is not None:
            query = query.where(_SOAKS.c.service.in_(list(services)))
        query = query.order_by(_SOAKS.c.until, _SOAKS.c.deploy_id)
        rows = await self._connection.execute(query.with_for_update() if lock else query)
        return [to_record(Soak, row, _COLUMNS) for row in rows]
