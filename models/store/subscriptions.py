"""Who wants a digest of their own, and which scheduled digests are paused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from models.periods import Length
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import PausedDigestRow, SubscriptionRow
from models.words import Side

_SUBSCRIPTIONS = table_of(SubscriptionRow)
_PAUSED = table_of(PausedDigestRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One person's own digest of a bridge. `cron` is read in `timezone`; nothing is sent before `since`."""

    id: int = 0
    user_id: str
    bridge: str
    side: Side
    period: Length
    cron: str
    timezone: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A scheduled digest that is paused: by whom, and since when."""

    plan: str
    paused_by: str
    paused_at: datetime


_COLUMNS = record_fields(Subscription, renamed={})
_PAUSE_COLUMNS = record_fields(Pause, renamed={})


class Subscriptions(Noun):
    """Digests of one's own, and pauses."""

    async def all(self, user_id: str | None = None) -> list[Subscription]:
        """Return everybody's subscriptions, or one person's, in the order in which they were made."""
        query = select(_SUBSCRIPTIONS).order_by(_SUBSCRIPTIONS.c.id)
        if user_id is not None:
            query = query.where(_SUBSCRIPTIONS.c.user_id == user_id)
        return [to_record(Subscription, row, _COLUMNS) for row in await self._connection.execute(query)]

    async def save(self, subscription: Subscription) -> None:
        """Store a subscription in place of the one of the same person, bridge and period."""
        values = to_values(subscription, _COLUMNS)
        statement = self._upsert(_SUBSCRIPTIONS).values(values)
        keys = ["user_id", "bridge", "period"]
        changed: dict[str, Any] = {name: values[name] for name in values if name not in keys}
        await self._connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    async def remove(self, user_id: str, ids: list[int]) -> int:
        """Forget some of a person's subscriptions; return how many there were."""
        theirs = (_SUBSCRIPTIONS.c.user_id == user_id) & _SUBSCRIPTIONS.c.id.in_(ids)
        return (await self._connection.execute(delete(_SUBSCRIPTIONS).where(theirs))).rowcount

    async def pauses(self) -> dict[str, Pause]:
        """Return the scheduled digests that are paused, by plan."""
        rows = await self._connection.execute(select(_PAUSED))
        return {row.plan: to_record(Pause, row, _PAUSE_COLUMNS) for row in rows}

    async def pause(self, pause: Pause) -> bool:
        """Pause a scheduled digest; false when it was paused already."""
        statement = self._upsert(_PAUSED).values({name: getattr(pause, name) for name in _PAUSE_COLUMNS})
        return (await self._connection.execute(statement.on_conflict_do_nothing())).rowcount > 0

    async def resume(self, plan: str) -> bool:
        """Let a scheduled digest go on; false when it was not paused."""
        return (await self._connection.execute(delete(_PAUSED).where(_PAUSED.c.plan == plan))).rowcount > 0
