"""Channels that people linked."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from models.links import Link
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import LinkRow

_LINKS = table_of(LinkRow)
_COLUMNS = record_fields(Link, renamed={})


class Links(Noun):
    """Links between channels."""

    async def standing(self) -> list[Link]:
        """Return the links that there are, oldest first."""
        query = select(_LINKS).where(_LINKS.c.unlinked_at.is_(None)).order_by(_LINKS.c.id)
        return [_link(row) for row in await self._connection.execute(query)]

    async def get(self, number: int) -> Link | None:
        """Return a link by its number, also one that was ended."""
        row = (await self._connection.execute(select(_LINKS).where(_LINKS.c.id == number))).first()
        return _link(row) if row else None

    async def add(self, link: Link) -> Link:
        """Store a link; return it with its number."""
        statement = insert(_LINKS).values(to_values(link, _COLUMNS)).returning(_LINKS.c.id)
        return replace(link, id=(await self._connection.execute(statement)).scalar_one())

    async def end(self, number: int, by: str, at: datetime) -> None:
        """Note that a link was ended, by whom and when."""
        mine = (_LINKS.c.id == number) & _LINKS.c.unlinked_at.is_(None)
        await self._connection.execute(update(_LINKS).where(mine).values(unlinked_by=by, unlinked_at=at))


def _link(row: Row[Any]) -> Link:
    link: Link = to_record(Link, row, _COLUMNS)
    return replace(link, services=None if link.services is None else tuple(link.services))
