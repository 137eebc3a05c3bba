"""On-call: overrides, copies of calendars kept elsewhere, and shifts that are handed from person to person."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.handoffs import HandoffState
from models.tables.base import Base, BigId, Json, UtcDateTime, Word


class OverrideRow(Base):
    """Somebody is on call instead, for a while."""

    __tablename__ = "oncall_overrides"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule: Mapped[str] = mapped_column(String(128))
    person: Mapped[str] = mapped_column(Text)
    start: Mapped[datetime] = mapped_column(UtcDateTime)
    end: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_oncall_overrides_schedule_end", "schedule", "end"),)


class CalendarRow(Base):
    """The last good copy of a calendar or a PagerDuty schedule, and what went wrong since."""

    __tablename__ = "oncall_calendars"

    schedule: Mapped[str] = mapped_column(String(128), primary_key=True)
    shifts: Mapped[Any] = mapped_column(Json)
    etag: Mapped[str | None] = mapped_column(Text)
    good_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)


class HandoffRow(Base):
    """One shift handed from one person to the next; every time that matters is kept.

    `state` is drafted, waiting (posted, not accepted), accepted, or void (the shift changed before it was posted).
    `step` counts who was asked: the incoming person, again, the backup, the lead.
    """

    __tablename__ = "shift_handoffs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule: Mapped[str] = mapped_column(String(128))
    boundary: Mapped[datetime] = mapped_column(UtcDateTime)
    outgoing: Mapped[str] = mapped_column(Text)
    incoming: Mapped[str] = mapped_column(Text)
    state: Mapped[HandoffState] = mapped_column(Word(HandoffState))
    step: Mapped[int] = mapped_column(Integer, server_default="0")
    notes: Mapped[str] = mapped_column(Text, server_default="")
    questions: Mapped[str] = mapped_column(Text, server_default="")
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_by: Mapped[str | None] = mapped_column(Text)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_by: Mapped[str | None] = mapped_column(Text)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("schedule", "boundary"),
        Index(
            "ix_shift_handoffs_open",
            "schedule",
            sqlite_where=text("state IN ('drafted', 'waiting')"),
            postgresql_where=text("state IN ('drafted', 'waiting')"),
        ),
    )


class OfferRow(Base):
    """The command of an incident, offered by one person to another."""

    __tablename__ = "command_offers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, index=True)
    giver: Mapped[str] = mapped_column(Text)
    giver_id: Mapped[str | None] = mapped_column(String(32))
    taker: Mapped[str] = mapped_column(Text)
    taker_id: Mapped[str] = mapped_column(String(32))
    why: Mapped[str | None] = mapped_column(Text)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16), server_default="open")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TroubleRow(Base):
    """One thing that is known to be wrong with a schedule ahead; without an end it goes on."""

    __tablename__ = "oncall_troubles"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    schedule: Mapped[str] = mapped_column(String(128), index=True)
    key: Mapped[str] = mapped_column(String(255))
    words: Mapped[str] = mapped_column(Text)
    start: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[datetime | None] = mapped_column(UtcDateTime)
