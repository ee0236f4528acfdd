"""Who said that two records are one person's, or are not, and what stood there before."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    for name in ("actor", "over"):
        op.add_column("assertion", sa.Column(name, sa.String(), nullable=False, server_default=""))
