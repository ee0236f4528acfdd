"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "assertion",
        sa.Column("a", sa.String(), nullable=False),
        sa.Column("b", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("a", "b"),
    )
    op.create_table(
        "contribution",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("mapping", sa.String(), nullable=False),
        sa.Column("holds", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=True),
        sa.Column("echo", sa.String(), nullable=True),
        sa.Column("since", sa.String(), nullable=True),
        sa.Column("said_at", sa.String(), nullable=False),
        sa.Column("changed_at", sa.String(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("dictionary", sa.Integer(), nullable=True),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("dirty", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connection", "stream", "key"),
    )
    op.create_index(
        "contribution_dirty",
        "contribution",
        ["entity", "dirty"],
        unique=False,
        sqlite_where=sa.text("dirty > 0"),
        postgresql_where=sa.text("dirty > 0"),
    )
    op.create_table(
        "dictionary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "due",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", "profile"),
    )
    op.create_table(
        "identity_key",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("contribution", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "contribution"),
    )
    op.create_index("identity_key_contribution", "identity_key", ["contribution"], unique=False)
    op.create_table(
        "intent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("patch", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("reasons", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("sent_at", sa.String(), nullable=True),
        sa.Column("planned_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "intent_open",
        "intent",
        ["connection", "stream", "profile", "slot"],
        unique=True,
        sqlite_where=sa.text("state in ('planned', 'sent', 'unknown')"),
        postgresql_where=sa.text("state in ('planned', 'sent', 'unknown')"),
    )
    op.create_index("intent_state", "intent", ["connection", "stream", "state", "id"], unique=False)
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("journal_subject", "journal", ["subject"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "lineage",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_lineage_before"), "lineage", ["before"], unique=False)
    op.create_table(
        "link",
        sa.Column("contribution", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("contribution"),
    )
    op.create_index("link_profile", "link", ["profile"], unique=False)
    op.create_table(
        "notice",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", "key", "path"),
    )
    op.create_table(
        "page",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("outcomes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "step", "member", "seq"),
    )
    op.create_table(
        "parked",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("waits_for", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", "what", "step"),
    )
    op.create_index("parked_waits_for", "parked", ["waits_for"], unique=False)
    op.create_table(
        "profile",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("provenance", sa.String(), nullable=False),
        sa.Column("settled_at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_profile_entity"), "profile", ["entity"], unique=False)
    op.create_table(
        "rejected",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", "key", "step"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sync", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("airflow", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_run_sync"), "run", ["sync"], unique=False)
    op.create_table(
        "source_field",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", "field"),
    )
    op.create_table(
        "step",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("compared", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("run", "step", "member"),
    )
    op.create_table(
        "stream_state",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("mapping", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("connection", "stream"),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("stream_state")
    op.drop_table("step")
    op.drop_table("source_field")
    op.drop_index(op.f("ix_run_sync"), table_name="run")
    op.drop_table("run")
    op.drop_table("rejected")
    op.drop_index(op.f("ix_profile_entity"), table_name="profile")
    op.drop_table("profile")
    op.drop_index("parked_waits_for", table_name="parked")
    op.drop_table("parked")
    op.drop_table("page")
    op.drop_table("notice")
    op.drop_index("link_profile", table_name="link")
    op.drop_table("link")
    op.drop_index(op.f("ix_lineage_before"), table_name="lineage")
    op.drop_table("lineage")
    op.drop_table("lease")
    op.drop_index("journal_subject", table_name="journal")
    op.drop_table("journal")
    op.drop_index("intent_state", table_name="intent")
    op.drop_index(
        "intent_open",
        table_name="intent",
        sqlite_where=sa.text("state in ('planned', 'sent', 'unknown')"),
        postgresql_where=sa.text("state in ('planned', 'sent', 'unknown')"),
    )
    op.drop_table("intent")
    op.drop_index("identity_key_contribution", table_name="identity_key")
    op.drop_table("identity_key")
    op.drop_table("due")
    op.drop_table("dictionary")
    op.drop_index(
        "contribution_dirty",
        table_name="contribution",
        sqlite_where=sa.text("dirty > 0"),
        postgresql_where=sa.text("dirty > 0"),
    )
    op.drop_table("contribution")
    op.drop_table("assertion")
