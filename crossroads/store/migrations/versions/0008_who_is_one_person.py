"""Who is one person, found record by record."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "node",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("hidden", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("address"),
    )
    op.create_index("node_cluster", "node", ["cluster"], unique=False)
    op.create_table(
        "block",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "node"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retired",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "edge",
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("bits", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("a", "b"),
        sqlite_with_rowid=False,
    )
    op.create_index("edge_b", "edge", ["b"], unique=False)
    op.create_index("assertion_b", "assertion", ["b"], unique=False)


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("assertion_b", "assertion")
    op.drop_index("edge_b", "edge")
    op.drop_table("edge")
    op.drop_table("retired")
    op.drop_table("block")
    op.drop_index("node_cluster", "node")
    op.drop_table("node")
