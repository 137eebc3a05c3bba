"""Freezes, the passes through them, who was held up, and the deploys that came all the same."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Names, UtcDateTime


class FreezeRow(Base):
    """No deploys of some services for a while. `key` makes the same request, or the same window, one freeze."""

    __tablename__ = "freezes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), unique=True)
    scope: Mapped[str] = mapped_column(String(255))
    services: Mapped[tuple[str, ...]] = mapped_column(Names)
    environment: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str | None] = mapped_column(String(32))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    incident_id: Mapped[int | None] = mapped_column(BigId)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str | None] = mapped_column(Text)
    told: Mapped[str] = mapped_column(String(16), server_default="")

    __table_args__ = (
        Index("ix_freezes_until", "until"),
        Index(
            "ix_freezes_untold", "told", sqlite_where=text("told <> 'ended'"), postgresql_where=text("told <> 'ended'")
        ),
    )


class PassRow(Base):
    """One deploy may go through a freeze."""

    __tablename__ = "freeze_passes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    freeze_id: Mapped[int] = mapped_column(ForeignKey("freezes.id", ondelete="CASCADE"), index=True)
    service: Mapped[str] = mapped_column(String(255))
    environment: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str | None] = mapped_column(String(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    holder: Mapped[str | None] = mapped_column(String(255))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deploy_id: Mapped[int | None] = mapped_column(BigId)


class FreezeHoldRow(Base):
    """Somebody asked the gate, and was told to wait."""

    __tablename__ = "freeze_holds"

    freeze_id: Mapped[int] = mapped_column(ForeignKey("freezes.id", ondelete="CASCADE"), primary_key=True)
    service: Mapped[str] = mapped_column(String(255), primary_key=True)
    environment: Mapped[str] = mapped_column(String(255), primary_key=True)
    who: Mapped[str] = mapped_column(String(255), primary_key=True)
    deploy: Mapped[str] = mapped_column(String(255), primary_key=True)
    url: Mapped[str | None] = mapped_column(Text)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FrozenDeployRow(Base):
    """A deploy that began during a freeze, with the pass that let it, if any."""

    __tablename__ = "frozen_deploys"

    deploy_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    freeze_id: Mapped[int] = mapped_column(ForeignKey("freezes.id", ondelete="CASCADE"), index=True)
    pass_id: Mapped[int | None] = mapped_column(BigId)
