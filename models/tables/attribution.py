"""What is blamed on which deployment, and the deployments to production as the metrics count them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Json, Names, UtcDateTime


class RolloutRow(Base):
    """One successful deployment to production; `key` is its rollout, else the ledger number of its only member."""

    __tablename__ = "rollouts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    service: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(300))
    name: Mapped[str] = mapped_column(Text)
    environments: Mapped[tuple[str, ...]] = mapped_column(Names)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_rollback: Mapped[bool] = mapped_column(Boolean)
    is_rework: Mapped[bool] = mapped_column(Boolean)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recovered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leads: Mapped[Any | None] = mapped_column(Json)

    __table_args__ = (
        UniqueConstraint("service", "key"),
        Index("ix_rollouts_service_finished_at", "service", "finished_at"),
        Index(
            "ix_rollouts_service_recovered_at",
            "service",
            "recovered_at",
            sqlite_where=text("recovered_at IS NOT NULL"),
            postgresql_where=text("recovered_at IS NOT NULL"),
        ),
        Index(
            "ix_rollouts_broken",
            "service",
            "finished_at",
            sqlite_where=text("failed_at IS NOT NULL AND recovered_at IS NULL"),
            postgresql_where=text("failed_at IS NOT NULL AND recovered_at IS NULL"),
        ),
    )


class BlameRow(Base):
    """One deployment that an incident or a remedy (`blamer`, `blamer_id`) is held against, and by which rule."""

    __tablename__ = "blames"

    blamer: Mapped[str] = mapped_column(String(8), primary_key=True)
    blamer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    deploy_id: Mapped[int] = mapped_column(ForeignKey("ledger.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(16))

    __table_args__ = (Index("ix_blames_deploy_id", "deploy_id"),)


class NamedCauseRow(Base):
    """A deployment's name (id, rollout or sha) that was given as a cause: found again when that deployment arrives."""

    __tablename__ = "named_causes"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    blamer: Mapped[str] = mapped_column(String(8), primary_key=True)
    blamer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)

    __table_args__ = (Index("ix_named_causes_blamer", "blamer", "blamer_id"),)
