"""Incidents, the services they touch, and their timelines."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, BigId, Json, Names, UtcDateTime, Word
from models.words import Cause, EntryKind, IncidentStatus, Severity


class IncidentRow(Base):
    """One incident, or a stored signal that opened none (`is_signal`)."""

    __tablename__ = "incidents"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    incident_id: Mapped[str] = mapped_column(String(255))
    services: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="[]")
    environment: Mapped[str | None] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, server_default="")
    severity: Mapped[Severity | None] = mapped_column(Word(Severity))
    status: Mapped[IncidentStatus] = mapped_column(Word(IncidentStatus))
    status_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    last_acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unacknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str | None] = mapped_column(Text)
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mitigated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mitigated_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    runbook: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str | None] = mapped_column(Text)
    team: Mapped[str | None] = mapped_column(String(255))
    cause: Mapped[Cause | None] = mapped_column(Word(Cause))
    caused_by: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="[]")
    ruled_cause: Mapped[Cause | None] = mapped_column(Word(Cause))
    ruled_causes: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="[]")
    cleared: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="[]")
    ruled_by: Mapped[str | None] = mapped_column(Text)
    ruled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ruled_before: Mapped[Any | None] = mapped_column(Json)
    group_key: Mapped[str | None] = mapped_column(Text)
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))
    home_id: Mapped[int | None] = mapped_column(BigId)
    is_signal: Mapped[bool] = mapped_column(Boolean, server_default=false())
    is_test: Mapped[bool] = mapped_column(Boolean, server_default=false())
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    latest_at: Mapped[datetime] = mapped_column(UtcDateTime)
    said: Mapped[Any] = mapped_column(Json)

    __table_args__ = (
        UniqueConstraint("incident_id", "source"),
        Index("ix_incidents_started_at", "started_at"),
        Index("ix_incidents_acknowledged_at", "acknowledged_at"),
        Index("ix_incidents_resolved_at", "resolved_at"),
        Index("ix_incidents_leader_id", "leader_id"),
        Index(
            "ix_incidents_open",
            "source",
            "status",
            sqlite_where=text("status <> 'resolved'"),
            postgresql_where=text("status <> 'resolved'"),
        ),
    )


class IncidentServiceRow(Base):
    """Which services an incident touches, for look-ups by service.

    The instants are the incident's own, so that a service's incidents of a window are found without those of all
    others; `resolved_at` is null while it is open.
    """

    __tablename__ = "incident_services"

    service: Mapped[str] = mapped_column(String(255), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_incident_services_started_at", "service", "started_at", "incident_id"),
        Index("ix_incident_services_acknowledged_at", "service", "acknowledged_at", "incident_id"),
        Index("ix_incident_services_resolved_at", "service", "resolved_at", "incident_id"),
        # An incident that is written loses its rows and gets new ones.
        Index("ix_incident_services_incident_id", "incident_id"),
    )


class IncidentAliasRow(Base):
    """Under which id a service knows an incident of ours that it was asked to page for."""

    __tablename__ = "incident_aliases"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    alias: Mapped[str] = mapped_column(String(255), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"))


class TimelineRow(Base):
    """One line of an incident's history. `key` makes a retold event harmless.

    `was` is what stood before. `message` is the Slack message it was taken from (`C1:ts`), if any.
    """

    __tablename__ = "timeline"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[EntryKind] = mapped_column(Word(EntryKind))
    actor: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    via: Mapped[str] = mapped_column(String(64))
    was: Mapped[str | None] = mapped_column(Text)
    message: Mapped[str | None] = mapped_column(String(64), index=True)
    permalink: Mapped[str | None] = mapped_column(Text)
    files: Mapped[tuple[str, ...]] = mapped_column(Names, server_default="[]")
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("incident_id", "key"),)
