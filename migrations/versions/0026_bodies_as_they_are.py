"""PostgreSQL keeps the bodies of deliveries as they come: they are compressed already.

Trying to compress them again took it a third of the time of storing a group
(https://www.postgresql.org/docs/current/storage-toast.html).
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _store("EXTERNAL")


def downgrade() -> None:
    _store("EXTENDED")


def _store(how: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE deliveries ALTER COLUMN body SET STORAGE {how}")
