"""Pages that a person sends by hand: who, why, and what those say who are paged."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXTS = ("by", "why", "answer", "answered_by")


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("pages", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("pages", sa.Column("by_id", sa.String(length=32), nullable=True))
    op.add_column("pages", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("pages") as pages:
        for name in (*_TEXTS, "by_id", "answered_at"):
            pages.drop_column(name)
