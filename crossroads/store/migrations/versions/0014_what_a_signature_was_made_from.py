"""A digest of the words that a record's signature was made from: as long as they are as they were, so is the signature."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("contribution", sa.Column("words", sa.String(), nullable=True))
