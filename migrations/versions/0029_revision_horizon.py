"""Since when what records were is kept whole: what was not kept, or is forgotten, must not be recalled wrongly."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "revision_horizon",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision_horizon")),
    )
    # Of records that were there before, nobody knows whether every change was kept: the past begins here.
    op.execute(
        "INSERT INTO revision_horizon (id, since) SELECT 1, CURRENT_TIMESTAMP "
        "WHERE EXISTS (SELECT 1 FROM ledger WHERE type = 'deploy') OR EXISTS (SELECT 1 FROM incidents)"
    )


def downgrade() -> None:
    op.drop_table("revision_horizon")
