"""Who is one person is found anew by all that records say: what was compared until now was keys and a name."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.execute("UPDATE contribution SET signature = '', dirty = 1 WHERE signature <> ''")
    op.execute(
        "DELETE FROM identity_key WHERE contribution IN (SELECT id FROM contribution WHERE entity = 'customer')"
    )
