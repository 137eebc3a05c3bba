"""Replies that were carried to the other side, and what people decided for a thread."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from models.mirroring import Decision, Line
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import HeartbeatRow, LineRow, ThreadRow

_LINES = table_of(LineRow)
_THREADS = table_of(ThreadRow)
_HEARTBEATS = table_of(HeartbeatRow)
_NAME = "mirror"
_COLUMNS = record_fields(Line, renamed={})


class Mirroring(Noun):
    """Threads across two channels."""

    async def add(self, line: Line) -> int | None:
        """Store a reply; return its number, `None` if it is there already."""
        statement = self._upsert(_LINES).values(_values(line)).on_conflict_do_nothing()
        row = (await self._connection.execute(statement.returning(_LINES.c.id))).first()
        return int(row.id) if row else None

    async def get(self, number: int) -> Line | None:
        """Return a reply by its number."""
        row = (await self._connection.execute(select(_LINES).where(_LINES.c.id == number))).first()
        return _line(row) if row else None

    async def at(self, channel: str, ts: str) -> Line | None:
        """Return the reply that was written there, locked."""
        query = select(_LINES).where(_LINES.c.channel == channel, _LINES.c.ts == ts).with_for_update()
        row = (await self._connection.execute(query)).first()
        return _line(row) if row else None

    async def save(self, line: Line) -> None:
        """Write a reply back."""
        await self._connection.execute(update(_LINES).where(_LINES.c.id == line.id).values(_values(line)))

    async def standing(self, subject: str, channel: str) -> set[str]:
        """Return when the replies of a thread were written that are not deleted, as Slack counts."""
        c = _LINES.c
        query = select(c.ts).where(c.subject == subject, c.channel == channel, c.deleted_at.is_(None))
        return {str(ts) for ts in (await self._connection.execute(query)).scalars()}

    async def subjects_since(self, at: datetime) -> list[str]:
        """Return the subjects of which something was carried over since."""
        query = select(_LINES.c.subject).where(_LINES.c.written_at >= at).distinct().order_by(_LINES.c.subject)
        return [str(found) for found in (await self._connection.execute(query)).scalars()]

    async def beat(self, at: datetime) -> None:
        """Note that what was written until now was heard, or will be told again."""
        statement = self._upsert(_HEARTBEATS).values(name=_NAME, at=at)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": at}))

    async def heard_until(self) -> datetime | None:
        """Return until when some process heard what was written; `None`: none ever did."""
        query = select(_HEARTBEATS.c.at).where(_HEARTBEATS.c.name == _NAME)
        found: datetime | None = (await self._connection.execute(query)).scalar_one_or_none()
        return found

    async def decided(self, subject: str) -> Decision | None:
        """Return what a person decided for a thread; `None`: nobody did."""
        row = (await self._connection.execute(select(_THREADS).where(_THREADS.c.subject == subject))).first()
        return Decision(row.is_on, row.at) if row else None

    async def decide(self, subject: str, is_on: bool, by: str, at: datetime) -> None:
        """Write what a person decided for a thread."""
        values: dict[str, Any] = {"is_on": is_on, "by": by, "at": at}
        statement = self._upsert(_THREADS).values(subject=subject, **values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["subject"], set_=values))


def _values(line: Line) -> dict[str, Any]:
    return to_values(line, _COLUMNS)


def _line(row: Row[Any]) -> Line:
    line: Line = to_record(Line, row, _COLUMNS)
    files = tuple((name, address) for name, address in line.files)
    return replace(line, files=files, reactions={emoji: _named(who) for emoji, who in line.reactions.items()})


def _named(who: Any) -> dict[str, str]:
    """Return who reacted, by id. An earlier release kept names alone."""
    return dict(who) if isinstance(who, dict) else {name: name for name in who}
