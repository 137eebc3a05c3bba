"""What is to be said, where it was said, and the state of each channel."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Json, UtcDateTime


class OutboxRow(Base):
    """One thing to say in one channel; a card that changes is the same row again, with a higher `version`.

    `state` is waiting, posting (handed to Slack, no answer recorded yet), sent or failed. What is said is rendered
    from `subject` and `part` when it is posted, so that a burst of changes is one edit. `trail` are the numbers of the
    deliveries that wanted it said.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), unique=True)
    subject: Mapped[str] = mapped_column(String(128))
    part: Mapped[str] = mapped_column(String(64))
    side: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(128))
    params: Mapped[Any] = mapped_column(Json)
    trail: Mapped[str] = mapped_column(Text, server_default="")
    priority: Mapped[int] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    posted_version: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[str] = mapped_column(String(16), server_default="waiting")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    reason: Mapped[str | None] = mapped_column(String(128))

    __table_args__ = (
        Index(
            "ix_outbox_unsent",
            "channel",
            "priority",
            "id",
            sqlite_where=text("state <> 'sent'"),
            postgresql_where=text("state <> 'sent'"),
        ),
        Index(
            "ix_outbox_posting",
            "channel",
            sqlite_where=text("state = 'posting'"),
            postgresql_where=text("state = 'posting'"),
        ),
        Index("ix_outbox_subject", "subject", "channel"),
    )


class MessageRow(Base):
    """A message of the bot in Slack: what an edit or a thread reply needs, also after a restart."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[str] = mapped_column(String(128))
    part: Mapped[str] = mapped_column(String(64))
    side: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(128))
    channel_id: Mapped[str] = mapped_column(String(32))
    ts: Mapped[str] = mapped_column(String(32))
    permalink: Mapped[str | None] = mapped_column(Text)
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("subject", "channel", "part"),
        Index("ix_messages_channel_id_ts", "channel_id", "ts"),
    )


class ChannelRow(Base):
    """One channel the bot posts to. The lease makes one process at a time its voice: order and pace hold everywhere."""

    __tablename__ = "channels"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    channel_id: Mapped[str | None] = mapped_column(String(32))
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str | None] = mapped_column(String(128))
    leased_by: Mapped[str | None] = mapped_column(String(64))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SnapshotRow(Base):
    """The numbers of one digest, computed once; both channels are shown these."""

    __tablename__ = "digest_snapshots"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan: Mapped[str] = mapped_column(String(128))
    bridge: Mapped[str] = mapped_column(String(128))
    period_start: Mapped[datetime] = mapped_column(UtcDateTime)
    period_end: Mapped[datetime] = mapped_column(UtcDateTime)
    timezone: Mapped[str] = mapped_column(String(64))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    numbers: Mapped[Any] = mapped_column(Json)

    __table_args__ = (UniqueConstraint("plan", "bridge", "period_start"),)
