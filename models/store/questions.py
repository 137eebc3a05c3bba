"""Questions across, and their answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from models.questions import Question
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import QuestionRow

_QUESTIONS = table_of(QuestionRow)
_COLUMNS = record_fields(Question, renamed={})


class Questions(Noun):
    """Questions that one side asks the other."""

    async def add(self, question: Question) -> Question:
        """Store a question; the same key again returns what is stored."""
        statement = self._upsert(_QUESTIONS).values(to_values(question, _COLUMNS)).on_conflict_do_nothing()
        await self._connection.execute(statement)
        row = (await self._connection.execute(select(_QUESTIONS).where(_QUESTIONS.c.key == question.key))).one()
        return _question(row)

    async def get(self, number: int) -> Question | None:
        """Return a question by its number, locked."""
        query = select(_QUESTIONS).where(_QUESTIONS.c.id == number).with_for_update()
        row = (await self._connection.execute(query)).first()
        return _question(row) if row else None

    async def save(self, question: Question) -> None:
        """Write a question back."""
        values = to_values(question, _COLUMNS)
        await self._connection.execute(update(_QUESTIONS).where(_QUESTIONS.c.id == question.id).values(values))

    async def waiting(self, bridges: Sequence[str] | None = None) -> list[Question]:
        """Return what waits for an answer, oldest first."""
        c = _QUESTIONS.c
        query = select(_QUESTIONS).where(c.answered_at.is_(None), c.closed_at.is_(None)).order_by(c.id)
        if bridges is not None:
            query = query.where(c.bridge.in_(bridges))
        return [_question(row) for row in await self._connection.execute(query)]

    async def asked(self, bridge: str, start: datetime, end: datetime) -> list[Question]:
        """Return what was asked in `[start, end)` across a bridge, oldest first."""
        c = _QUESTIONS.c
        query = select(_QUESTIONS).where(c.bridge == bridge, c.asked_at >= start, c.asked_at < end).order_by(c.id)
        return [_question(row) for row in await self._connection.execute(query)]


def _question(row: Row[Any]) -> Question:
    return to_record(Question, row, _COLUMNS)
