"""Raw deliveries as they came in, the event ids seen in them, and what holds some of them back."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Json, UtcDateTime


class DeliveryRow(Base):
    """One request that was answered with 202. `body` is zstd-compressed; `state` is waiting, done, held or failed."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    event: Mapped[str] = mapped_column(String(128))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    headers: Mapped[Any] = mapped_column(Json)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16), server_default="waiting")
    error: Mapped[str | None] = mapped_column(Text)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_deliveries_source_key", "source", "key", unique=True),
        # Only what is not done is ever looked for by state; done rows stay out of the index.
        Index(
            "ix_deliveries_undone",
            "state",
            "id",
            sqlite_where=text("state <> 'done'"),
            postgresql_where=text("state <> 'done'"),
        ),
    )


class SeenEventRow(Base):
    """An event id that was acted on: the second layer of idempotency, for batches and for Slack's own retries."""

    __tablename__ = "seen_events"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    repeats: Mapped[int] = mapped_column(Integer, server_default="0")

    __table_args__ = (
        Index(
            "ix_seen_events_repeated",
            "seen_at",
            sqlite_where=text("repeats > 0"),
            postgresql_where=text("repeats > 0"),
        ),
    )


class HoldRow(Base):
    """A name in a delivery that no table of the configuration knows; mapping it applies the delivery again."""

    __tablename__ = "holds"

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    service: Mapped[str] = mapped_column(String(255), server_default="")

    __table_args__ = (Index("ix_holds_name", "kind", "name"),)


class MappingRow(Base):
    """A name that a person mapped to a service or an environment of the configuration."""

    __tablename__ = "mappings"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    target: Mapped[str] = mapped_column(String(255))
    mapped_by: Mapped[str] = mapped_column(String(255))
    mapped_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SourceRow(Base):
    """What is known of a sender: when it was last heard, and how long it is usually quiet (seconds, a moving mean).

    `missed_at` is when it was told to be silent; null while it is heard.
    """

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    first_received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_event_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    usual_gap_s: Mapped[float | None] = mapped_column()
    deliveries: Mapped[int] = mapped_column(BigId, server_default="0")
    missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
