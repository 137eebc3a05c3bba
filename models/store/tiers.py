"""The tiers that deployments were written with, to be compared with those of the configuration."""

from dataclasses import dataclass

from sqlalchemy import select

from models.store.base import Noun, table_of
from models.tables import LedgerRow
from models.words import Tier

_LEDGER = table_of(LedgerRow)


@dataclass(frozen=True, slots=True)
class LaneTier:
    """A tier that deployments of a service in an environment have."""

    service: str
    environment: str
    tier: Tier | None


class Tiers(Noun):
    """Which tiers deployments have."""

    async def all(self) -> list[LaneTier]:
        """Return every tier of every lane. It reads the whole ledger: for a start, not for a request."""
        query = select(_LEDGER.c.service, _LEDGER.c.environment, _LEDGER.c.tier).where(_LEDGER.c.type == "deploy")
        return [LaneTier(r.service, r.environment, r.tier) for r in await self._connection.execute(query.distinct())]

    async def numbers(self, lane: LaneTier, limit: int) -> list[int]:
        """Return ledger numbers of deployments of a lane that have this tier."""
        c = _LEDGER.c
        query = select(c.id).where(
            c.type == "deploy",
            c.service == lane.service,
            c.environment == lane.environment,
            c.tier.is_(None) if lane.tier is None else c.tier == lane.tier,
        )
        return list((await self._connection.execute(query.order_by(c.at, c.id).limit(limit))).scalars())
