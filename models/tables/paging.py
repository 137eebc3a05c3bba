"""Escalations, and the pages that they sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.paging import EscalationState
from models.tables.base import Base, BigId, UtcDateTime, Word


class EscalationRow(Base):
    """One policy at work for one incident; at any time one for each incident."""

    __tablename__ = "escalations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"), index=True)
    policy: Mapped[str] = mapped_column(String(128))
    state: Mapped[EscalationState] = mapped_column(Word(EscalationState))
    step: Mapped[int] = mapped_column(Integer, server_default="0")
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_escalations_open",
            "incident_id",
            unique=True,
            sqlite_where=text("state <> 'over'"),
            postgresql_where=text("state <> 'over'"),
        ),
    )


class PageRow(Base):
    """One attempt to reach somebody; `ref` is the key of the message or of the call that carries it."""

    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.id", ondelete="CASCADE"), index=True)
    step: Mapped[int] = mapped_column(Integer)
    target: Mapped[str] = mapped_column(String(128))
    who: Mapped[str] = mapped_column(Text)
    via: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str | None] = mapped_column(String(255))
    user_id: Mapped[str | None] = mapped_column(String(32))
    phone: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    by: Mapped[str | None] = mapped_column(Text)
    by_id: Mapped[str | None] = mapped_column(String(32))
    why: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
