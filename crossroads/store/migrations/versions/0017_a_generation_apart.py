"""Birth dates have one level more: models that are kept say of it what they said of both, so that no weight changes."""

from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import context, op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LEVELS, SHARE = 7, 0.6
"""How many levels there were; any share of the last will do, the same of every kind."""


def upgrade() -> None:
    """Make the change; said as SQL, it is left out: models are read, and one of another release is refused by name."""
    if context.is_offline_mode():
        return
    db = op.get_bind()
    for number, content in db.execute(sa.text("SELECT number, content FROM adopted_model")).all():
        parted = split(orjson.loads(content))
        packed = orjson.dumps(parted, option=orjson.OPT_SORT_KEYS)
        version = blake2b(packed, digest_size=8).hexdigest()
        changed = sa.text(
            "UPDATE adopted_model SET content = :content, version = :version WHERE number = :number"
        )
        db.execute(changed, {"content": packed, "version": version, "number": number})


def split(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model whose last level of birth dates is two."""
    born = model["chances"].get("birth_date", {})
    for kind, values in born.items():
        if len(values) == LEVELS:
            *others, last = values
            born[kind] = [*others, last * SHARE, last * (1 - SHARE)]
    return model
