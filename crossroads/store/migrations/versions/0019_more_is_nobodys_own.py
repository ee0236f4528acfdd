"""Birthdays, names and addresses may be nobody's own too: six bits a statement instead of three.

What stands for nothing is nothing now: the next run compares all customers anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BEFORE, NOW, STATEMENTS = 3, 6, 8


def upgrade() -> None:
    """Make the change."""
    if op.get_context().dialect.name == "postgresql":  # SQLite's numbers are of any size
        op.alter_column(
            "node", "hidden", type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False
        )
    moved = (
        f"((hidden >> {place * BEFORE}) & {2**BEFORE - 1}) << {place * NOW}" for place in range(STATEMENTS)
    )
    op.execute(f"UPDATE node SET hidden = {' | '.join(f'({one})' for one in moved)} WHERE hidden > 0")  # noqa: S608
    op.execute(
        "UPDATE contribution SET signature = '', words = NULL, dirty = 1 WHERE entity = 'customer' AND signature <> ''"
    )
