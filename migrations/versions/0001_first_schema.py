"""The first schema: deliveries, ledger, incidents, messages, digests."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=128), nullable=True),
        sa.Column("leased_by", sa.String(length=64), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channels")),
    )
    op.create_table(
        "commits",
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("authored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("pr", sa.Integer(), nullable=True),
        sa.Column("is_merge", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "sha", name=op.f("pk_commits")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("event", sa.String(length=128), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="waiting", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_undone",
        "deliveries",
        ["state", "id"],
        unique=False,
        sqlite_where=sa.text("state <> 'done'"),
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_index("uq_deliveries_source_key", "deliveries", ["source", "key"], unique=True)
    op.create_table(
        "digest_snapshots",
        sa.Column("id", _ID, nullable=False),
        sa.Column("plan", sa.String(length=128), nullable=False),
        sa.Column("bridge", sa.String(length=128), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_snapshots")),
        sa.UniqueConstraint("plan", "bridge", "period_start", name=op.f("uq_digest_snapshots_plan")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=255), nullable=False),
        sa.Column("services", sa.Text(), server_default="[]", nullable=False),
        sa.Column("environment", sa.String(length=255), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("severity", sa.String(32), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("last_acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("runbook", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("team", sa.String(length=255), nullable=True),
        sa.Column("cause", sa.String(32), nullable=True),
        sa.Column("caused_by", sa.Text(), server_default="[]", nullable=False),
        sa.Column("group_key", sa.Text(), nullable=True),
        sa.Column("leader_id", _ID, nullable=True),
        sa.Column("is_signal", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_test", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["leader_id"], ["incidents.id"], name=op.f("fk_incidents_leader_id_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("incident_id", "source", name=op.f("uq_incidents_incident_id")),
    )
    op.create_index("ix_incidents_leader_id", "incidents", ["leader_id"], unique=False)
    op.create_index(
        "ix_incidents_open",
        "incidents",
        ["source", "status"],
        unique=False,
        sqlite_where=sa.text("status <> 'resolved'"),
        postgresql_where=sa.text("status <> 'resolved'"),
    )
    op.create_index("ix_incidents_resolved_at", "incidents", ["resolved_at"], unique=False)
    op.create_index("ix_incidents_started_at", "incidents", ["started_at"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("id", _ID, nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("environment", sa.String(length=255), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("team", sa.String(length=255), nullable=True),
        sa.Column("deploy_status", sa.String(32), nullable=True),
        sa.Column("deploy_kind", sa.String(32), nullable=True),
        sa.Column("tier", sa.String(32), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("sha", sa.String(length=64), nullable=True),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("previous_sha", sa.String(length=64), nullable=True),
        sa.Column("repository", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("rollout_id", sa.String(length=255), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("additions", sa.Integer(), nullable=True),
        sa.Column("deletions", sa.Integer(), nullable=True),
        sa.Column("fixes", sa.Text(), server_default="[]", nullable=False),
        sa.Column("commits_known", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("change_status", sa.String(32), nullable=True),
        sa.Column("change_kind", sa.String(32), nullable=True),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("risk", sa.String(32), nullable=True),
        sa.Column("approver", sa.Text(), nullable=True),
        sa.Column("revert", sa.Text(), nullable=True),
        sa.Column("related_deploy", sa.String(length=255), nullable=True),
        sa.Column("related_incident", sa.String(length=255), nullable=True),
        sa.Column("is_undone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_at", "ledger", ["at"], unique=False)
    op.create_index("ix_ledger_service_at", "ledger", ["service", "at"], unique=False)
    op.create_index(
        "uq_ledger_change",
        "ledger",
        ["external_id", "source"],
        unique=True,
        sqlite_where=sa.text("type = 'change'"),
        postgresql_where=sa.text("type = 'change'"),
    )
    op.create_index(
        "uq_ledger_deploy",
        "ledger",
        ["external_id", "source", "service", "environment"],
        unique=True,
        sqlite_where=sa.text("type = 'deploy'"),
        postgresql_where=sa.text("type = 'deploy'"),
    )
    op.create_table(
        "mappings",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("target", sa.String(length=255), nullable=False),
        sa.Column("mapped_by", sa.String(length=255), nullable=False),
        sa.Column("mapped_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_mappings")),
    )
    op.create_table(
        "messages",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=128), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("ts", sa.String(length=32), nullable=False),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("subject", "channel", "part", name=op.f("uq_messages_subject")),
    )
    op.create_index("ix_messages_channel_id_ts", "messages", ["channel_id", "ts"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=128), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("posted_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="waiting", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(
        "ix_outbox_posting",
        "outbox",
        ["channel"],
        unique=False,
        sqlite_where=sa.text("state = 'posting'"),
        postgresql_where=sa.text("state = 'posting'"),
    )
    op.create_index("ix_outbox_subject", "outbox", ["subject", "channel"], unique=False)
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["channel", "priority", "id"],
        unique=False,
        sqlite_where=sa.text("state <> 'sent'"),
        postgresql_where=sa.text("state <> 'sent'"),
    )
    op.create_table(
        "seen_events",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id", name=op.f("pk_seen_events")),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("first_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("usual_gap_s", sa.Double(), nullable=True),
        sa.Column("deliveries", _ID, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "deploy_commits",
        sa.Column("deploy_id", _ID, nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deploy_id"], ["ledger.id"], name=op.f("fk_deploy_commits_deploy_id_ledger"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deploy_id", "sha", name=op.f("pk_deploy_commits")),
    )
    op.create_table(
        "holds",
        sa.Column("delivery_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("service", sa.String(length=255), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_holds_delivery_id_deliveries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "kind", "name", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_name", "holds", ["kind", "name"], unique=False)
    op.create_table(
        "incident_services",
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("incident_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_incident_services_incident_id_incidents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("service", "incident_id", name=op.f("pk_incident_services")),
    )
    op.create_table(
        "timeline",
        sa.Column("id", _ID, nullable=False),
        sa.Column("incident_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("via", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_timeline_incident_id_incidents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
        sa.UniqueConstraint("incident_id", "key", name=op.f("uq_timeline_incident_id")),
    )


def downgrade() -> None:
    op.drop_table("timeline")
    op.drop_table("incident_services")
    op.drop_index("ix_holds_name", table_name="holds")
    op.drop_table("holds")
    op.drop_table("deploy_commits")
    op.drop_table("sources")
    op.drop_table("seen_events")
    op.drop_index(
        "ix_outbox_unsent",
        table_name="outbox",
        sqlite_where=sa.text("state <> 'sent'"),
        postgresql_where=sa.text("state <> 'sent'"),
    )
    op.drop_index("ix_outbox_subject", table_name="outbox")
    op.drop_index(
        "ix_outbox_posting",
        table_name="outbox",
        sqlite_where=sa.text("state = 'posting'"),
        postgresql_where=sa.text("state = 'posting'"),
    )
    op.drop_table("outbox")
    op.drop_index("ix_messages_channel_id_ts", table_name="messages")
    op.drop_table("messages")
    op.drop_table("mappings")
    op.drop_index(
        "uq_ledger_deploy",
        table_name="ledger",
        sqlite_where=sa.text("type = 'deploy'"),
        postgresql_where=sa.text("type = 'deploy'"),
    )
    op.drop_index(
        "uq_ledger_change",
        table_name="ledger",
        sqlite_where=sa.text("type = 'change'"),
        postgresql_where=sa.text("type = 'change'"),
    )
    op.drop_index("ix_ledger_service_at", table_name="ledger")
    op.drop_index("ix_ledger_at", table_name="ledger")
    op.drop_table("ledger")
    op.drop_index("ix_incidents_started_at", table_name="incidents")
    op.drop_index("ix_incidents_resolved_at", table_name="incidents")
    op.drop_index(
        "ix_incidents_open",
        table_name="incidents",
        sqlite_where=sa.text("status <> 'resolved'"),
        postgresql_where=sa.text("status <> 'resolved'"),
    )
    op.drop_index("ix_incidents_leader_id", table_name="incidents")
    op.drop_table("incidents")
    op.drop_table("digest_snapshots")
    op.drop_index("uq_deliveries_source_key", table_name="deliveries")
    op.drop_index(
        "ix_deliveries_undone",
        table_name="deliveries",
        sqlite_where=sa.text("state <> 'done'"),
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.drop_table("deliveries")
    op.drop_table("commits")
    op.drop_table("channels")
