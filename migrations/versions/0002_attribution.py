"""Attribution: what is blamed on which deployment, and the deployments to production as the metrics count them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LIVE = "type = 'deploy' AND tier = 'production' AND deploy_status = 'succeeded'"
_LEDGER_INDEXES = {
    "ix_ledger_lane": (["service", "environment", "finished_at", "source", "external_id"], _LIVE),
    "ix_ledger_ran": (["service", "environment", "ran", "finished_at", "source", "external_id"], _LIVE),
    "ix_ledger_remedied": (["service", "finished_at"], f"{_LIVE} AND remedy <> 'none'"),
    "ix_ledger_unattributed": (["id"], f"{_LIVE} AND remedy IS NULL"),
    "ix_ledger_rollout_id": (["rollout_id"], "rollout_id IS NOT NULL"),
    "ix_ledger_sha": (["sha"], "sha IS NOT NULL"),
}


def upgrade() -> None:
    op.add_column("ledger", sa.Column("ran", sa.Text(), nullable=True))
    op.add_column("ledger", sa.Column("remedy", sa.String(length=32), nullable=True))
    op.add_column("commits", sa.Column("previous_sha", sa.String(length=64), nullable=True))
    op.execute("UPDATE ledger SET ran = coalesce(version, sha) WHERE type = 'deploy'")
    for name, (columns, where) in _LEDGER_INDEXES.items():
        _index(name, "ledger", columns, where)
    op.create_index("ix_deploy_commits_sha", "deploy_commits", ["sha"], unique=False)
    op.create_index("ix_incidents_acknowledged_at", "incidents", ["acknowledged_at"], unique=False)
    _index("ix_seen_events_repeated", "seen_events", ["seen_at"], "repeats > 0")
    _create_rollouts()
    op.create_table(
        "blames",
        sa.Column("blamer", sa.String(length=8), nullable=False),
        sa.Column("blamer_id", sa.BigInteger(), nullable=False),
        sa.Column("deploy_id", _ID, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["deploy_id"], ["ledger.id"], name=op.f("fk_blames_deploy_id_ledger"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("blamer", "blamer_id", "deploy_id", name=op.f("pk_blames")),
    )
    op.create_index("ix_blames_deploy_id", "blames", ["deploy_id"], unique=False)
    op.create_table(
        "named_causes",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("blamer", sa.String(length=8), nullable=False),
        sa.Column("blamer_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "blamer", "blamer_id", name=op.f("pk_named_causes")),
    )
    op.create_index("ix_named_causes_blamer", "named_causes", ["blamer", "blamer_id"], unique=False)


def _create_rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("environments", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_rollback", sa.Boolean(), nullable=False),
        sa.Column("is_rework", sa.Boolean(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leads", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
        sa.UniqueConstraint("service", "key", name=op.f("uq_rollouts_service")),
    )
    _index("ix_rollouts_service_finished_at", "rollouts", ["service", "finished_at"])
    _index(
        "ix_rollouts_service_recovered_at", "rollouts", ["service", "recovered_at"], where="recovered_at IS NOT NULL"
    )
    _index(
        "ix_rollouts_broken",
        "rollouts",
        ["service", "finished_at"],
        where="failed_at IS NOT NULL AND recovered_at IS NULL",
    )


def _index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    clause = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=False, sqlite_where=clause, postgresql_where=clause)


def downgrade() -> None:
    for table in ("named_causes", "blames", "rollouts"):
        op.drop_table(table)
    op.drop_index("ix_seen_events_repeated", table_name="seen_events")
    op.drop_index("ix_incidents_acknowledged_at", table_name="incidents")
    op.drop_index("ix_deploy_commits_sha", table_name="deploy_commits")
    for name in _LEDGER_INDEXES:
        op.drop_index(name, table_name="ledger")
    op.drop_column("commits", "previous_sha")
    op.drop_column("ledger", "remedy")
    op.drop_column("ledger", "ran")
