"""Deletions that wait to be weighed or for a person, and records that their system blocks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("contribution", sa.Column("blocked", sa.String(), nullable=True))
    op.create_table(
        "deletion",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("connection", "stream", "key"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("deletion")
    with op.batch_alter_table("contribution") as contribution:
        contribution.drop_column("blocked")
