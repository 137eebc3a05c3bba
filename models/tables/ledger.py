"""The ledger: deploys and small changes side by side under one number, and the commits that deploys brought."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Json, Names, UtcDateTime, Word, bytewise
from models.words import ChangeKind, ChangeStatus, DeployKind, DeployStatus, Remedy, Risk, Tier


def _where(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _live(name: str, *columns: str, and_: str = "") -> Index:
    """Return an index over what attribution looks at: the successful deployments to production."""
    live = "type = 'deploy' AND tier = 'production' AND deploy_status = 'succeeded'"
    return _where(name, *columns, where=f"{live} AND {and_}" if and_ else live)


class LedgerRow(Base):
    """One entry. `type` says whose columns are meant: a deploy's or a small change's; the others are null.

    `at` is the instant under which people find it: when it finished, else when it last changed. `ran` is what ran: the
    version, else the sha. `remedy` belongs to attribution: null where a deployment that an earlier release stored is
    still to be attributed.
    """

    __tablename__ = "ledger"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    type: Mapped[str] = mapped_column(String(8))
    # Of two deployments that finished at one instant these decide, and an index must know their order.
    source: Mapped[str] = mapped_column(bytewise(64))
    external_id: Mapped[str] = mapped_column(bytewise(255))
    service: Mapped[str] = mapped_column(String(255))
    environment: Mapped[str | None] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    latest_at: Mapped[datetime] = mapped_column(UtcDateTime)
    said: Mapped[Any] = mapped_column(Json)
    actor: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    team: Mapped[str | None] = mapped_column(String(255))

    deploy_status: Mapped[DeployStatus | None] = mapped_column(Word(DeployStatus))
    deploy_kind: Mapped[DeployKind | None] = mapped_column(Word(DeployKind))
    tier: Mapped[Tier | None] = mapped_column(Word(Tier))
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[str | None] = mapped_column(Text)
    sha: Mapped[str | None] = mapped_column(String(64))
    ref: Mapped[str | None] = mapped_column(Text)
    previous_sha: Mapped[str | None] = mapped_column(String(64))
    repository: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, server_default="")
    rollout_id: Mapped[str | None] = mapped_column(String(255))
    attempt: Mapped[int | None] = mapped_column(Integer)
    additions: Mapped[int | None] = mapped_column(Integer)
    deletions: Mapped[int | None] = mapped_column(Integer)
    fixes: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="[]")
    commits_known: Mapped[bool] = mapped_column(Boolean, server_default=false())
    ran: Mapped[str | None] = mapped_column(Text)
    remedy: Mapped[Remedy | None] = mapped_column(Word(Remedy))

    change_status: Mapped[ChangeStatus | None] = mapped_column(Word(ChangeStatus))
    change_kind: Mapped[ChangeKind | None] = mapped_column(Word(ChangeKind))
    summary: Mapped[str] = mapped_column(Text, server_default="")
    risk: Mapped[Risk | None] = mapped_column(Word(Risk))
    approver: Mapped[str | None] = mapped_column(Text)
    revert: Mapped[str | None] = mapped_column(Text)
    related_deploy: Mapped[str | None] = mapped_column(String(255))
    related_incident: Mapped[str | None] = mapped_column(String(255))
    is_undone: Mapped[bool] = mapped_column(Boolean, server_default=false())
    undone_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "uq_ledger_deploy",
            "external_id",
            "source",
            "service",
            "environment",
            unique=True,
            sqlite_where=text("type = 'deploy'"),
            postgresql_where=text("type = 'deploy'"),
        ),
        Index(
            "uq_ledger_change",
            "external_id",
            "source",
            unique=True,
            sqlite_where=text("type = 'change'"),
            postgresql_where=text("type = 'change'"),
        ),
        Index("ix_ledger_service_at", "service", "at"),
        Index("ix_ledger_at", "at"),
        _where("ix_ledger_changes", "service", "at", where="type = 'change'"),
        _where(
            "ix_ledger_attempts_failed",
            "service",
            "at",
            where="type = 'deploy' AND tier = 'production' AND deploy_status = 'failed'",
        ),
        _where("ix_ledger_running", "status_at", where="type = 'deploy' AND deploy_status = 'started'"),
        _live("ix_ledger_lane", "service", "environment", "finished_at", "source", "external_id"),
        _live("ix_ledger_ran", "service", "environment", "ran", "finished_at", "source", "external_id"),
        _live("ix_ledger_remedied", "service", "finished_at", and_="remedy <> 'none'"),
        _live("ix_ledger_unattributed", "id", and_="remedy IS NULL"),
        _where("ix_ledger_rollout_id", "rollout_id", where="rollout_id IS NOT NULL"),
        _where("ix_ledger_sha", "sha", where="sha IS NOT NULL"),
    )


class CommitRow(Base):
    """One commit of one repository, from whoever told of it first; later tellings fill what was missing."""

    __tablename__ = "commits"

    repository: Mapped[str] = mapped_column(String(255), primary_key=True)
    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    authored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    committed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    author: Mapped[str | None] = mapped_column(Text)
    message: Mapped[str | None] = mapped_column(Text)
    pr: Mapped[int | None] = mapped_column(Integer)
    is_merge: Mapped[bool] = mapped_column(Boolean, server_default=false())
    previous_sha: Mapped[str | None] = mapped_column(String(64))


class DeployCommitRow(Base):
    """Which commits a deployment brought, in its sender's order."""

    __tablename__ = "deploy_commits"

    deploy_id: Mapped[int] = mapped_column(ForeignKey("ledger.id", ondelete="CASCADE"), primary_key=True)
    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    repository: Mapped[str] = mapped_column(String(255))
    position: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_deploy_commits_sha", "sha"),)
