"""The rules of who wins, by which all profiles of an entity were settled."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "settled_by",
        sa.Column("entity", sa.String(), primary_key=True),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
    )
