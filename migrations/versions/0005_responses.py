"""The response to incidents: mitigation, closing, merging, roles, updates, reminders, action items, conversation."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HELD = sa.text("until IS NULL")


def upgrade() -> None:
    op.add_column("incidents", sa.Column("mitigated_at", _INSTANT, nullable=True))
    op.add_column("incidents", sa.Column("mitigated_by", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("closed_at", _INSTANT, nullable=True))
    op.add_column("incidents", sa.Column("closed_by", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("home_id", _BIG, nullable=True))
    op.add_column("timeline", sa.Column("was", sa.Text(), nullable=True))
    op.add_column("timeline", sa.Column("message", sa.String(length=64), nullable=True))
    op.add_column("timeline", sa.Column("permalink", sa.Text(), nullable=True))
    op.add_column("timeline", sa.Column("files", sa.Text(), server_default="[]", nullable=False))
    op.add_column("timeline", sa.Column("removed_at", _INSTANT, nullable=True))
    op.create_index("ix_timeline_message", "timeline", ["message"])
    _create_responses()
    _create_roles()
    op.create_table(
        "reminders",
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("said_at", _INSTANT, nullable=True),
        sa.Column("times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("snoozed_until", _INSTANT, nullable=True),
        sa.Column("dismissed_at", _INSTANT, nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "kind", name=op.f("pk_reminders")),
    )
    _create_action_items()


def _create_responses() -> None:
    op.create_table(
        "responses",
        sa.Column("incident_id", _BIG, nullable=False),
        sa.Column("impact_at", _INSTANT, nullable=True),
        sa.Column("update", sa.Text(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("updated_at", _INSTANT, nullable=True),
        sa.Column("next_update_at", _INSTANT, nullable=True),
        sa.Column("channel_id", sa.String(length=32), nullable=True),
        sa.Column("channel_name", sa.String(length=128), nullable=True),
        sa.Column("archived_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_responses_incident_id_incidents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_responses")),
    )
    op.create_index("ix_responses_channel_id", "responses", ["channel_id"])


def _create_roles() -> None:
    op.create_table(
        "incident_roles",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("incident_id", _BIG, nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_roles_incident_id_incidents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_roles")),
    )
    op.create_index(
        "uq_incident_roles_held",
        "incident_roles",
        ["incident_id", "role"],
        unique=True,
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    )
    op.create_index(
        "ix_incident_roles_user_id", "incident_roles", ["user_id"], sqlite_where=_HELD, postgresql_where=_HELD
    )


def _create_action_items() -> None:
    op.create_table(
        "action_items",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("incident_id", _BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.Column("reminded_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_action_items_incident_id_incidents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_items")),
    )
    op.create_index("ix_action_items_incident_id", "action_items", ["incident_id"])


def downgrade() -> None:
    for table in ("action_items", "reminders", "incident_roles", "responses"):
        op.drop_table(table)
    op.drop_index("ix_timeline_message", table_name="timeline")
    for name in ("removed_at", "files", "permalink", "message", "was"):
        op.drop_column("timeline", name)
    for name in ("home_id", "closed_by", "closed_at", "mitigated_by", "mitigated_at"):
        op.drop_column("incidents", name)
