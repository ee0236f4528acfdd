"""Decisions of people, fields that wait for one, and until when a lost request may be running."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("intent", sa.Column("quiet_at", sa.String(), nullable=True))
    op.create_table(
        "decision",
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("known", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("record", "path"),
    )
    op.create_table(
        "review",
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("profile", "path"),
    )
