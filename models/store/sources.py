"""Senders, and when they were last heard."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from models.store.base import Noun, record_fields, table_of, to_record
from models.store.inserts import Upsert
from models.store.prepared import Prepared
from models.tables import SourceRow

_SOURCES = table_of(SourceRow)

# The share of the newest gap in the moving mean: about the last twenty gaps count.
_NEW_GAP_SHARE = 0.1
_KEPT = ("name", "missed_at")
# What files told has a row of its own: the bot itself heard nobody then. No sender can have this name.
IMPORT: Final = "import"
_FILES: Final = "imported history"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is known of a sender. `usual_gap_s` is a moving mean of the seconds between its deliveries.

    `missed_at` is when it was told to be silent; `None` while it is heard.
    """

    name: str
    kind: str
    first_received_at: datetime
    last_received_at: datetime
    last_event_at: datetime | None
    usual_gap_s: float | None
    deliveries: int
    missed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A batch of deliveries of one sender: how many, the first and last arrival, the latest event time."""

    name: str
    kind: str
    deliveries: int
    first_received_at: datetime
    last_received_at: datetime
    last_event_at: datetime | None


# Made once: making a statement takes longer than running it.
_COLUMNS = record_fields(SourceState, renamed={})
_ALL = Prepared(select(_SOURCES).order_by(_SOURCES.c.name))


class Sources(Noun):
    """When each sender was heard."""

    async def all(self) -> list[SourceState]:
        """Return every sender that was ever heard, by name."""
        return [to_record(SourceState, row, _COLUMNS) for row in await self._ask(_ALL)]

    async def hear(self, batch: Collection[Heard]) -> None:
        """Fold what was just heard into what is known."""
        known = {state.name: state for state in await self.all()}
        rows = [_folded_in(known.get(heard.name), heard) for heard in batch]
        await self._insert_many(_SOURCES, rows, _overwriting)

    async def miss(self, name: str, at: datetime) -> bool:
        """Note that a sender is missed; return whether nobody had."""
        heard = (_SOURCES.c.name == name) & _SOURCES.c.missed_at.is_(None)
        done = await self._connection.execute(update(_SOURCES).where(heard).values(missed_at=at))
        return done.rowcount == 1

    async def found(self, name: str) -> bool:
        """Note that a sender is missed no more; return whether nobody had."""
        missed = (_SOURCES.c.name == name) & _SOURCES.c.missed_at.is_not(None)
        done = await self._connection.execute(update(_SOURCES).where(missed).values(missed_at=None))
        return done.rowcount == 1

    async def recall(self, first: datetime, last: datetime) -> None:
        """Learn that a history tells of the time from `first` to `last`; of senders the bot knows what it heard."""
        known = [state for state in await self.all() if state.name == _FILES]
        row = {
            "name": _FILES,
            "kind": IMPORT,
            "first_received_at": min([first, *(state.first_received_at for state in known)]),
            "last_received_at": (latest := max([last, *(state.last_received_at for state in known)])),
            "last_event_at": latest,
            "usual_gap_s": None,
            "deliveries": 0,
        }
        await self._insert_many(_SOURCES, [row], _overwriting)


def _overwriting(statement: Upsert) -> Any:
    changed = {c.name: statement.excluded[c.name] for c in _SOURCES.c if c.name not in _KEPT}
    return statement.on_conflict_do_update(index_elements=["name"], set_=changed)


def _folded_in(known: SourceState | None, heard: Heard) -> dict[str, object]:
    """Return the row of a sender after a batch of its deliveries."""
    since = known.last_received_at if known else heard.first_received_at
    gaps = heard.deliveries if known else heard.deliveries - 1
    usual = known.usual_gap_s if known else None
    if gaps > 0:
        gap = max((heard.last_received_at - since).total_seconds(), 0.0) / gaps
        share = 1 - (1 - _NEW_GAP_SHARE) ** gaps
        usual = gap if usual is None else usual + share * (gap - usual)
    events = [at for at in (known and known.last_event_at, heard.last_event_at) if at]
    return {
        "name": heard.name,
        "kind": heard.kind,
        "first_received_at": known.first_received_at if known else heard.first_received_at,
        "last_received_at": max(heard.last_received_at, since),
        "last_event_at": max(events, default=None),
        "usual_gap_s": usual,
        "deliveries": (known.deliveries if known else 0) + heard.deliveries,
    }
