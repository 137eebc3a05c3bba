"""Pictures kept as evidence."""

from collections.abc import Collection

from sqlalchemy import select

from models.pictures import Picture
from models.store.base import Noun, in_slices, record_fields, table_of, to_record, to_values
from models.tables import EvidenceRow

_EVIDENCE = table_of(EvidenceRow)
_COLUMNS = record_fields(Picture, renamed={})


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
