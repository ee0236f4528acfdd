"""Ways through a large store: what is to be matched in its order, and the few writes in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

DIRTY = sa.text("dirty > 0")
DOUBT = sa.text("(state in ('sent', 'unknown') or (state = 'planned' and slot = '' and attempts > 0))")


def upgrade() -> None:
    """Make the change."""
    op.drop_index("contribution_dirty", "contribution")
    op.create_index(
        "contribution_dirty", "contribution", ["entity", "id"], sqlite_where=DIRTY, postgresql_where=DIRTY
    )
    op.create_index(
        "intent_doubt",
        "intent",
        ["connection", "stream", "profile"],
        sqlite_where=DOUBT,
        postgresql_where=DOUBT,
    )
