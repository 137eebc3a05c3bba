"""Event ids that were acted on: the second layer of idempotency."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from models.store.base import Noun, in_slices, table_of
from models.tables import SeenEventRow

_SEEN = table_of(SeenEventRow)


class SeenEvents(Noun):
    """Which events, by their sender's own id, were acted on."""

    async def first_time(self, source: str, event_id: str, at: datetime) -> bool:
        """Remember an event; return whether it is new."""
        statement = self._upsert(_SEEN).values(source=source, event_id=event_id, seen_at=at)
        repeat = statement.on_conflict_do_update(
            index_elements=["source", "event_id"], set_={"repeats": _SEEN.c.repeats + 1}
        )
        result = await self._connection.execute(repeat.returning(_SEEN.c.repeats))
        return bool(result.scalar_one() == 0)

    async def known(self, source: str, event_ids: Collection[str]) -> set[str]:
        """Return those of the ids that were acted on before."""
        found: set[str] = set()
        for part in in_slices(event_ids):
            query = select(_SEEN.c.event_id).where(_SEEN.c.source == source, _SEEN.c.event_id.in_(part))
            found.update((await self._connection.execute(query)).scalars())
        return found

    async def remember(self, events: Collection[tuple[str, str, datetime]]) -> None:
        """Remember (source, event id, instant) triples; a repeat is counted."""
        if not events:
            return
        statement = self._upsert(_SEEN)
        repeat = statement.on_conflict_do_update(
            index_elements=["source", "event_id"], set_={"repeats": _SEEN.c.repeats + 1}
        )
        await self._connection.execute(repeat, [{"source": s, "event_id": e, "seen_at": at} for s, e, at in events])
