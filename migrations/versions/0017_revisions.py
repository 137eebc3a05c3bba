"""What records were before something was learnt of them late, to recall a past instant."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "revisions",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "record_id", "until", name=op.f("pk_revisions")),
    )
    op.create_index("ix_revisions_until", "revisions", ["until"], unique=False)


def downgrade() -> None:
    op.drop_table("revisions")
