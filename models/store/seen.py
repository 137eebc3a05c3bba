"""Event ids that were acted on: the second layer of idempotency."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, literal_column, select

from models.store.base import Noun, in_slices, table_of
from models.store.inserts import Upsert
from models.store.prepared import Prepared
from models.tables import SeenEventRow

_SEEN = table_of(SeenEventRow)
_KNOWN = Prepared(
    select(_SEEN.c.event_id).where(
        _SEEN.c.source == bindparam("source"), _SEEN.c.event_id.in_(bindparam("ids", expanding=True))
    )
)


class SeenEvents(Noun):
    """Which events, by their sender's own id, were acted on."""

    async def first_time(self, source: str, event_id: str, at: datetime) -> bool:
        """Remember an event; return whether it is new."""
        statement = self._upsert(_SEEN).values(source=source, event_id=event_id, seen_at=at)
        result = await self._connection.execute(_counting_repeats(statement).returning(_SEEN.c.repeats))
        return bool(result.scalar_one() == 0)

    async def known(self, source: str, event_ids: Collection[str]) -> set[str]:
        """Return those of the ids that were acted on before."""
        found: set[str] = set()
        for part in in_slices(event_ids):
            found.update(row.event_id for row in await self._ask(_KNOWN, source=source, ids=list(part)))
        return found

    async def remember(self, events: Collection[tuple[str, str, datetime]]) -> None:
        """Remember (source, event id, instant) triples; a repeat is counted."""
        for round_ in _without_repeats(events):
            rows = [(source, event_id, at) for (source, event_id), at in round_.items()]
            await self._insert_rows(_SEEN, ("source", "event_id", "seen_at"), rows, _counting_repeats)


def _without_repeats(events: Collection[tuple[str, str, datetime]]) -> Iterator[dict[tuple[str, str], datetime]]:
    """Deal events out in rounds that hold each id once: a statement may touch a row only once."""
    rounds: list[dict[tuple[str, str], datetime]] = []
    for source, event_id, at in events:
        fits = next((r for r in rounds if (source, event_id) not in r), None)
        if fits is None:
            rounds.append(fits := {})
        fits[source, event_id] = at
    yield from rounds


def _counting_repeats(statement: Upsert) -> Any:
    again = {"repeats": _SEEN.c.repeats + literal_column("1")}
    return statement.on_conflict_do_update(index_elements=["source", "event_id"], set_=again)
