"""What people work on while incidents run."""

from collections.abc import Collection

from sqlalchemy import select, update

from models.points import Point
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import PointRow

_POINTS = table_of(PointRow)
_COLUMNS = record_fields(Point, renamed={"check": "check_text"})


class Points(Noun):
    """Hypotheses, running actions, decisions that wait."""

    async def add(self, point: Point) -> int:
        """Store a point; return its number."""
        statement = self._upsert(_POINTS).values(to_values(point, _COLUMNS)).returning(_POINTS.c.id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def get(self, number: int, *, lock: bool = False) -> Point | None:
        """Return a point by its number, locked where wanted."""
        query = select(_POINTS).where(_POINTS.c.id == number)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return to_record(Point, row, _COLUMNS) if row else None

    async def save(self, point: Point) -> None:
        """Write a point back."""
        statement = update(_POINTS).where(_POINTS.c.id == point.id)
        await self._connection.execute(statement.values(to_values(point, _COLUMNS)))

    async def of(self, incident_ids: Collection[int]) -> list[Point]:
        """Return the points of incidents, in the order in which they were written."""
        query = select(_POINTS).where(_POINTS.c.incident_id.in_(list(incident_ids))).order_by(_POINTS.c.id)
        return [to_record(Point, row, _COLUMNS) for row in await self._connection.execute(query)]
