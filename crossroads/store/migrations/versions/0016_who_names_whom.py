"""Which golden records name a record of another entity; all are settled anew, which notes it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "naming",
        sa.Column("address", sa.String(), primary_key=True),
        sa.Column("profile", sa.String(), primary_key=True),
        sa.Column("entity", sa.String(), nullable=False),
    )
    op.create_table(
        "renamed",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
    )
    op.create_index("ix_renamed_entity", "renamed", ["entity"])
    op.execute("DELETE FROM settled_by")
