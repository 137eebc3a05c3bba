"""The soak of deployments: until when each is unverified, who watches it, how that ended."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "soaks",
        sa.Column("deploy_id", _BIG, nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("environment", sa.String(length=255), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_by_id", sa.String(length=32), nullable=True),
        sa.Column("replaced_by", _BIG, nullable=True),
        sa.Column("watcher", sa.Text(), nullable=True),
        sa.Column("watcher_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["deploy_id"], ["ledger.id"], name=op.f("fk_soaks_deploy_id_ledger"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deploy_id", name=op.f("pk_soaks")),
    )
    op.create_index("ix_soaks_open", "soaks", ["service", "environment"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_table("soaks")
