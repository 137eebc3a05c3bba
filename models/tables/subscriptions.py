"""Who wants a digest of their own, and which scheduled digests people have paused."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, UtcDateTime


class SubscriptionRow(Base):
    """One person's own copy of a bridge's digest, sent by direct message on their own schedule."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(32))
    bridge: Mapped[str] = mapped_column(String(128))
    side: Mapped[str] = mapped_column(String(8))
    period: Mapped[str] = mapped_column(String(8))
    cron: Mapped[str] = mapped_column(String(128))
    timezone: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("user_id", "bridge", "period"),)


class PausedDigestRow(Base):
    """A scheduled digest that nobody gets until somebody resumes it."""

    __tablename__ = "paused_digests"

    plan: Mapped[str] = mapped_column(String(128), primary_key=True)
    paused_by: Mapped[str] = mapped_column(Text)
    paused_at: Mapped[datetime] = mapped_column(UtcDateTime)
