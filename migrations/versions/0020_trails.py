"""Which deliveries are behind a message."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("trail", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("outbox", "trail")
