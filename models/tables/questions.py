"""Questions that one side asks the other."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, UtcDateTime


class QuestionRow(Base):
    """A question and its first answer. `key` makes the same request one question."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), unique=True)
    bridge: Mapped[str] = mapped_column(String(128))
    side: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(128))
    home: Mapped[str] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(Text)
    about: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    asker: Mapped[str] = mapped_column(Text)
    asker_id: Mapped[str | None] = mapped_column(String(32))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_ts: Mapped[str | None] = mapped_column(String(32))
    answer: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(Text)
    times: Mapped[int] = mapped_column(Integer, server_default="0")

    __table_args__ = (Index("ix_questions_bridge", "bridge", "asked_at"),)
