"""Channels that people linked, by whom and when, and who unlinked them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Json, UtcDateTime


class LinkRow(Base):
    """A link between two channels. Rows are never deleted: they are the record of who linked what."""

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    dev: Mapped[str] = mapped_column(String(32))
    dev_name: Mapped[str] = mapped_column(String(128))
    ops: Mapped[str] = mapped_column(String(32))
    ops_name: Mapped[str] = mapped_column(String(128))
    services: Mapped[Any | None] = mapped_column(Json)
    mirror: Mapped[str] = mapped_column(String(16))
    linked_by: Mapped[str] = mapped_column(Text)
    linked_by_id: Mapped[str | None] = mapped_column(String(32))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unlinked_by: Mapped[str | None] = mapped_column(Text)
    unlinked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = tuple(
        Index(
            f"ix_links_{side}",
            side,
            unique=True,
            sqlite_where=text("unlinked_at IS NULL"),
            postgresql_where=text("unlinked_at IS NULL"),
        )
        for side in ("dev", "ops")
    )
