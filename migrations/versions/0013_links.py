"""Channels that people link from Slack."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "links",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("dev", sa.String(length=32), nullable=False),
        sa.Column("dev_name", sa.String(length=128), nullable=False),
        sa.Column("ops", sa.String(length=32), nullable=False),
        sa.Column("ops_name", sa.String(length=128), nullable=False),
        sa.Column("services", sa.Text(), nullable=True),
        sa.Column("mirror", sa.String(length=16), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("linked_by_id", sa.String(length=32), nullable=True),
        sa.Column("linked_at", _INSTANT, nullable=False),
        sa.Column("unlinked_by", sa.Text(), nullable=True),
        sa.Column("unlinked_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
    )
    for side in ("dev", "ops"):
        op.create_index(
            f"ix_links_{side}",
            "links",
            [side],
            unique=True,
            sqlite_where=sa.text("unlinked_at IS NULL"),
            postgresql_where=sa.text("unlinked_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("links")
