"""Freezes, the passes through them, who was held up, and the deploys that came all the same."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNTOLD = sa.text("told <> 'ended'")


def upgrade() -> None:
    op.create_table(
        "freezes",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("scope", sa.String(length=255), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("environment", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("incident_id", _BIG, nullable=True),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("lifted_at", _INSTANT, nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("told", sa.String(length=16), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freezes")),
        sa.UniqueConstraint("key", name=op.f("uq_freezes_key")),
    )
    op.create_index("ix_freezes_until", "freezes", ["until"])
    op.create_index("ix_freezes_untold", "freezes", ["told"], sqlite_where=_UNTOLD, postgresql_where=_UNTOLD)
    op.create_table(
        "freeze_passes",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("freeze_id", _BIG, nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("environment", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=32), nullable=True),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=True),
        sa.Column("used_at", _INSTANT, nullable=True),
        sa.Column("deploy_id", _BIG, nullable=True),
        _freeze("freeze_passes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freeze_passes")),
    )
    op.create_index(op.f("ix_freeze_passes_freeze_id"), "freeze_passes", ["freeze_id"])
    op.create_table(
        "freeze_holds",
        sa.Column("freeze_id", _BIG, nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("environment", sa.String(length=255), nullable=False),
        sa.Column("who", sa.String(length=255), nullable=False),
        sa.Column("deploy", sa.String(length=255), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("first_at", _INSTANT, nullable=False),
        sa.Column("last_at", _INSTANT, nullable=False),
        _freeze("freeze_holds"),
        sa.PrimaryKeyConstraint("freeze_id", "service", "environment", "who", "deploy", name=op.f("pk_freeze_holds")),
    )
    op.create_table(
        "frozen_deploys",
        sa.Column("deploy_id", _BIG, nullable=False),
        sa.Column("freeze_id", _BIG, nullable=False),
        sa.Column("pass_id", _BIG, nullable=True),
        _freeze("frozen_deploys"),
        sa.PrimaryKeyConstraint("deploy_id", name=op.f("pk_frozen_deploys")),
    )
    op.create_index(op.f("ix_frozen_deploys_freeze_id"), "frozen_deploys", ["freeze_id"])


def _freeze(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_freeze_id_freezes")
    return sa.ForeignKeyConstraint(["freeze_id"], ["freezes.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("frozen_deploys", "freeze_holds", "freeze_passes", "freezes"):
        op.drop_table(table)
