"""Indexes by which a report reads its window alone, whatever came before; the order of names within one instant."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANTS = ("started_at", "acknowledged_at", "resolved_at")
_SERVICES = sa.table("incident_services", sa.column("incident_id"), *map(sa.column, _INSTANTS))
_INCIDENTS = sa.table("incidents", sa.column("id"), sa.column("status"), *map(sa.column, _INSTANTS))
_LEDGER_INDEXES = {
    "ix_ledger_changes": "type = 'change'",
    "ix_ledger_attempts_failed": "type = 'deploy' AND tier = 'production' AND deploy_status = 'failed'",
}
_NAMES = {"source": 64, "external_id": 255}


def upgrade() -> None:
    for name, where in _LEDGER_INDEXES.items():
        clause = sa.text(where)
        op.create_index(name, "ledger", ["service", "at"], sqlite_where=clause, postgresql_where=clause)
    for name in _INSTANTS:
        op.add_column("incident_services", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute(_SERVICES.update().values({name: _of_incident(name) for name in _INSTANTS}))
    for name in _INSTANTS:
        op.create_index(f"ix_incident_services_{name}", "incident_services", ["service", name, "incident_id"])
    op.create_index("ix_incident_services_incident_id", "incident_services", ["incident_id"])
    _order_names_by("C")


def downgrade() -> None:
    _order_names_by("default")
    op.drop_index("ix_incident_services_incident_id", table_name="incident_services")
    for name in _INSTANTS:
        op.drop_index(f"ix_incident_services_{name}", table_name="incident_services")
        op.drop_column("incident_services", name)
    for name in _LEDGER_INDEXES:
        op.drop_index(name, table_name="ledger")


def _of_incident(name: str) -> sa.ScalarSelect[Any]:
    mine = _INCIDENTS.c.id == _SERVICES.c.incident_id
    ended = (_INCIDENTS.c.status == "resolved") if name == "resolved_at" else sa.true()
    return sa.select(_INCIDENTS.c[name]).where(mine, ended).scalar_subquery()


def _order_names_by(collation: str) -> None:
    """Rebuild the indexes that the names stand in, not the table. SQLite orders text by its bytes anyway."""
    if op.get_bind().dialect.name == "postgresql":
        for name, length in _NAMES.items():
            op.alter_column("ledger", name, type_=sa.String(length, collation=collation))
