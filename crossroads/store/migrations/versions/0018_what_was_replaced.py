"""What a system showed in labelled fields before somebody there replaced it; until now none of it was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("contribution", sa.Column("replaced", sa.String(), nullable=True))
