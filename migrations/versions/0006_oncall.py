"""On-call: overrides, copied calendars, shift handoffs, offers of an incident's command."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("state IN ('drafted', 'waiting')")


def upgrade() -> None:
    op.create_table(
        "oncall_overrides",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("schedule", sa.String(length=128), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("start", _INSTANT, nullable=False),
        sa.Column("end", _INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("cancelled_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_overrides")),
    )
    op.create_index("ix_oncall_overrides_schedule_end", "oncall_overrides", ["schedule", "end"])
    op.create_table(
        "oncall_calendars",
        sa.Column("schedule", sa.String(length=128), nullable=False),
        sa.Column("shifts", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("good_at", _INSTANT, nullable=True),
        sa.Column("tried_at", _INSTANT, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("schedule", name=op.f("pk_oncall_calendars")),
    )
    _create_handoffs()
    op.create_table(
        "command_offers",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("incident_id", _BIG, nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("giver_id", sa.String(length=32), nullable=True),
        sa.Column("taker", sa.Text(), nullable=False),
        sa.Column("taker_id", sa.String(length=32), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("offered_at", _INSTANT, nullable=False),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False),
        sa.Column("answered_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command_offers")),
    )
    op.create_index("ix_command_offers_incident_id", "command_offers", ["incident_id"])


def _create_handoffs() -> None:
    op.create_table(
        "shift_handoffs",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("schedule", sa.String(length=128), nullable=False),
        sa.Column("boundary", _INSTANT, nullable=False),
        sa.Column("outgoing", sa.Text(), nullable=False),
        sa.Column("incoming", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("questions", sa.Text(), server_default="", nullable=False),
        sa.Column("drafted_at", _INSTANT, nullable=False),
        sa.Column("posted_at", _INSTANT, nullable=True),
        sa.Column("asked_at", _INSTANT, nullable=True),
        sa.Column("declined_by", sa.Text(), nullable=True),
        sa.Column("declined_at", _INSTANT, nullable=True),
        sa.Column("accepted_by", sa.Text(), nullable=True),
        sa.Column("accepted_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_handoffs")),
        sa.UniqueConstraint("schedule", "boundary", name=op.f("uq_shift_handoffs_schedule")),
    )
    op.create_index(
        "ix_shift_handoffs_open", "shift_handoffs", ["schedule"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def downgrade() -> None:
    for table in ("command_offers", "shift_handoffs", "oncall_calendars", "oncall_overrides"):
        op.drop_table(table)
