"""The soak of each deployment that had one: until when it is unverified, who watches it, how that ended."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.soak import SoakState
from models.tables.base import Base, BigId, UtcDateTime, Word


class SoakRow(Base):
    """One deployment's soak, beside its line in the ledger."""

    __tablename__ = "soaks"

    deploy_id: Mapped[int] = mapped_column(ForeignKey("ledger.id", ondelete="CASCADE"), primary_key=True)
    service: Mapped[str] = mapped_column(String(255))
    environment: Mapped[str] = mapped_column(String(255))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[SoakState] = mapped_column(Word(SoakState))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_by_id: Mapped[str | None] = mapped_column(String(32))
    replaced_by: Mapped[int | None] = mapped_column(BigId)
    watcher: Mapped[str | None] = mapped_column(Text)
    watcher_id: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (
        Index(
            "ix_soaks_open",
            "service",
            "environment",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
