"""What people say about the cause of an incident, beside what its senders say."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = ("ruled_cause", "ruled_causes", "cleared", "ruled_by", "ruled_at", "ruled_before")


def upgrade() -> None:
    # Each may be missing from what the release before writes: it runs on while this one starts.
    op.add_column("incidents", sa.Column("ruled_cause", sa.String(length=32), nullable=True))
    op.add_column("incidents", sa.Column("ruled_causes", sa.Text(), server_default="[]", nullable=False))
    op.add_column("incidents", sa.Column("cleared", sa.Text(), server_default="[]", nullable=False))
    op.add_column("incidents", sa.Column("ruled_by", sa.Text(), nullable=True))
    op.add_column("incidents", sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("incidents", sa.Column("ruled_before", sa.Text(), nullable=True))


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("incidents", name)
