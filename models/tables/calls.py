"""What services elsewhere are told over HTTP."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.calls import CallState
from models.tables.base import Base, BigId, UtcDateTime, Word


class CallRow(Base):
    """One thing to tell one service, from when it was written until it is done, failed or withdrawn."""

    __tablename__ = "calls"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"), index=True)
    target: Mapped[str] = mapped_column(String(128))
    what: Mapped[str] = mapped_column(String(16))
    round: Mapped[int] = mapped_column(Integer, server_default="0")
    person: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[CallState] = mapped_column(Word(CallState))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    reason: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    give_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_calls_open",
            "due_at",
            sqlite_where=text("state IN ('waiting', 'calling')"),
            postgresql_where=text("state IN ('waiting', 'calling')"),
        ),
    )
