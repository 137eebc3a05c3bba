"""Pictures kept as evidence."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import and_, delete, select, update

from models.pictures import Picture, Wanted
from models.store.base import Noun, in_slices, record_fields, table_of, to_record, to_values
from models.tables import EvidenceRow, EvidenceWantedRow, IncidentRow, TimelineRow
from models.words import IncidentStatus

_EVIDENCE = table_of(EvidenceRow)
_WANTED = table_of(EvidenceWantedRow)
_TIMELINE = table_of(TimelineRow)
_INCIDENTS = table_of(IncidentRow)
_COLUMNS = record_fields(Picture, renamed={})
_WANTED_COLUMNS = record_fields(Wanted, renamed={})


class Pictures(Noun):
    """Pictures of messages on timelines."""

    async def keep(self, picture: Picture, content: bytes) -> None:
        """Store a picture; one that is kept already stays as it is."""
        values = to_values(picture, _COLUMNS) | {"content": content}
        await self._connection.execute(self._upsert(_EVIDENCE).values(values).on_conflict_do_nothing())

    async def of(self, messages: Collection[str]) -> list[Picture]:
        """Return what is kept of some messages, without the contents, in the order of keeping."""
        columns = [_EVIDENCE.c[name] for name in _COLUMNS.values()]
        found: list[Picture] = []
        for part in in_slices(messages):
            rows = await self._connection.execute(select(*columns).where(_EVIDENCE.c.message.in_(part)))
            found += [to_record(Picture, row, _COLUMNS) for row in rows]
        return sorted(found, key=lambda picture: picture.id)

    async def content(self, number: int) -> bytes | None:
        """Return a picture itself."""
        query = select(_EVIDENCE.c.content).where(_EVIDENCE.c.id == number)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def want(self, wanted: Iterable[Wanted]) -> None:
        """Write down what is to be fetched; wanted again, it is due again."""
        for one in wanted:
            statement = self._upsert(_WANTED).values(to_values(one, _WANTED_COLUMNS))
            anew = {name: statement.excluded[name] for name in ("url", "since", "due_at")}
            await self._connection.execute(
                statement.on_conflict_do_update(index_elements=["message", "file_id"], set_=anew)
            )

    async def is_any_due(self, at: datetime) -> bool:
        """Say whether there is anything to fetch."""
        query = select(_WANTED.c.file_id).where(_WANTED.c.due_at <= at).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def claim(self, at: datetime, until: datetime, limit: int) -> list[Wanted]:
        """Take what is due; nobody else takes it before `until`."""
        query = select(_WANTED).where(_WANTED.c.due_at <= at).order_by(_WANTED.c.due_at).limit(limit)
        rows = await self._connection.execute(query.with_for_update(skip_locked=True))
        due = [to_record(Wanted, row, _WANTED_COLUMNS) for row in rows]
        for one in due:
            await self.save_wanted(replace(one, due_at=until))
        return due

    async def save_wanted(self, one: Wanted) -> None:
        """Write back what is to be fetched."""
        c = _WANTED.c
        mine = and_(c.message == one.message, c.file_id == one.file_id)
        await self._connection.execute(update(_WANTED).where(mine).values(to_values(one, _WANTED_COLUMNS)))

    async def forget_wanted(self, one: Wanted) -> None:
        """Fetch it no more."""
        c = _WANTED.c
        mine = and_(c.message == one.message, c.file_id == one.file_id)
        await self._connection.execute(delete(_WANTED).where(mine))

    async def wanted_of(self, messages: Collection[str]) -> list[Wanted]:
        """Return what of some messages is still to be fetched."""
        query = select(_WANTED).where(_WANTED.c.message.in_(list(messages))).order_by(_WANTED.c.since)
        return [to_record(Wanted, row, _WANTED_COLUMNS) for row in await self._connection.execute(query)]

    async def prune(self, before: datetime) -> int:
        """Delete what was kept before an instant, but for what an incident needs that is open; return how many."""
        open_ones = (
            select(_TIMELINE.c.message)
            .join(_INCIDENTS, _INCIDENTS.c.id == _TIMELINE.c.incident_id)
            .where(_TIMELINE.c.message.is_not(None), _INCIDENTS.c.status != IncidentStatus.RESOLVED)
        )
        old = and_(_EVIDENCE.c.kept_at < before, _EVIDENCE.c.message.not_in(open_ones))
        return (await self._connection.execute(delete(_EVIDENCE).where(old))).rowcount
