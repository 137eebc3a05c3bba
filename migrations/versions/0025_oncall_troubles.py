"""What is known to be wrong with schedules ahead, so that what is new and what is over can be told."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "oncall_troubles",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("schedule", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("start", _INSTANT, nullable=True),
        sa.Column("end", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_troubles")),
    )
    op.create_index(op.f("ix_oncall_troubles_schedule"), "oncall_troubles", ["schedule"])


def downgrade() -> None:
    op.drop_table("oncall_troubles")
