"""What people work on while an incident runs: hypotheses, running actions, decisions that wait."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.points import PointKind, PointOutcome
from models.tables.base import Base, BigId, UtcDateTime, Word


class PointRow(Base):
    """One point of an incident, under the number of the incident that led when it was written."""

    __tablename__ = "points"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"), index=True)
    kind: Mapped[PointKind] = mapped_column(Word(PointKind))
    text: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str | None] = mapped_column(String(32))
    check: Mapped[str | None] = mapped_column("check_text", Text)
    check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[PointOutcome | None] = mapped_column(Word(PointOutcome))
    why: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(Text)
