"""Replies that were carried to the other side, and what people decided for a thread."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Json, UtcDateTime


class LineRow(Base):
    """One reply of a person. Where it was written is its identity: told again, it is the same line."""

    __tablename__ = "mirror_lines"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    ts: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(128))
    author_id: Mapped[str] = mapped_column(String(32))
    author: Mapped[str] = mapped_column(Text)
    picture: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    files: Mapped[Any] = mapped_column(Json)
    reactions: Mapped[Any] = mapped_column(Json)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_kept: Mapped[bool] = mapped_column(Boolean, server_default=false())

    __table_args__ = (
        UniqueConstraint("channel", "ts"),
        Index("ix_mirror_lines_subject", "subject", "channel", "ts"),
    )


class ThreadRow(Base):
    """What a person decided: whether a subject's threads are one conversation."""

    __tablename__ = "mirror_threads"

    subject: Mapped[str] = mapped_column(String(128), primary_key=True)
    is_on: Mapped[bool] = mapped_column(Boolean)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class HeartbeatRow(Base):
    """Until when something was known to be heard, by name: what was missed lies after it."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
