"""Which side took part in which incident: who acted on it, or wrote in its thread, in that side's channel."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, String, cast, func, literal, select

from models.store.base import Noun, in_slices, table_of
from models.tables import IncidentRow, LineRow, MessageRow, TimelineRow

_INCIDENTS = table_of(IncidentRow)
_TIMELINE = table_of(TimelineRow)
_LINES = table_of(LineRow)
_CARDS = table_of(MessageRow)
# An incident is talked about and acted on in its group's message, and was in its own group's before it was merged.
_GROUPS = (_INCIDENTS.c.id, _INCIDENTS.c.leader_id, _INCIDENTS.c.home_id)

# How a timeline says where a person acted; what was written before the side was kept says only `slack`.
SIDE_BY_VIA: Final = {"slack:dev": "dev", "slack:ops": "ops", "slack": "unknown"}

_First: TypeAlias = tuple[int, str, datetime]


class Sides(Noun):
    """The two sides of incidents."""

    async def first_signs(self, ids: Collection[int], until: datetime) -> dict[int, dict[str, datetime]]:
        """Return when each side (`dev`, `ops`; `unknown`: it was not kept) first acted or spoke, for each incident.

        What is done to the group of an incident, or said in its thread, is done to it. What came after `until`
        is left out.
        """
        found: dict[int, dict[str, datetime]] = {}
        for part in in_slices(ids):
            for number, side, at in (*await self._acts(part, until), *await self._words(part, until)):
                first = found.setdefault(number, {})
                first[side] = min(at, first.get(side, at))
        return found

    async def _acts(self, ids: Collection[int], until: datetime) -> Iterable[_First]:
        query = (
            select(_INCIDENTS.c.id, _TIMELINE.c.via, func.min(_TIMELINE.c.at).label("at"))
            .join(_TIMELINE, _TIMELINE.c.incident_id.in_(_GROUPS))
            .where(_INCIDENTS.c.id.in_(ids), _TIMELINE.c.via.in_(SIDE_BY_VIA), _TIMELINE.c.at <= until)
            .group_by(_INCIDENTS.c.id, _TIMELINE.c.via)
        )
        return [(row.id, SIDE_BY_VIA[row.via], row.at) for row in await self._connection.execute(query)]

    async def _words(self, ids: Collection[int], until: datetime) -> Iterable[_First]:
        """Read the replies of people that stand; that of another bot has no author, and is nobody's word."""
        line, card = _LINES.c, _CARDS.c
        query = (
            select(_INCIDENTS.c.id, card.side, func.min(line.written_at).label("at"))
            .join(_LINES, line.subject.in_([subject_of(number) for number in _GROUPS]))
            .join(_CARDS, (card.subject == line.subject) & (card.channel_id == line.channel) & (card.part == "card"))
            .where(_INCIDENTS.c.id.in_(ids), line.author_id != "", line.deleted_at.is_(None))
            .where(card.side.in_(("dev", "ops")), line.written_at <= until)
            .group_by(_INCIDENTS.c.id, card.side)
        )
        return [(row.id, row.side, row.at) for row in await self._connection.execute(query)]


def subject_of(number: ColumnElement[int]) -> ColumnElement[str]:
    """Return under which subject the messages of an incident's number are kept."""
    return literal("incident:") + cast(number, String)
