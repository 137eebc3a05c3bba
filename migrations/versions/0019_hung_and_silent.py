"""Deployments that run are found at once; which senders are missed is remembered."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_RUNNING = sa.text("type = 'deploy' AND deploy_status = 'started'")


def upgrade() -> None:
    op.add_column("sources", sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_ledger_running", "ledger", ["status_at"], sqlite_where=_RUNNING, postgresql_where=_RUNNING)


def downgrade() -> None:
    op.drop_index("ix_ledger_running", "ledger")
    op.drop_column("sources", "missed_at")
