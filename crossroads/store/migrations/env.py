"""What Alembic runs for each command: inside the caller's transaction, or as SQL for a person to read."""

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from crossroads.store.tables import Run

connection = context.config.attributes.get("connection")


def written(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write SQLModel's text type into revisions as the ordinary one that it is."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


context.configure(
    connection=connection,
    dialect_name=None if connection is not None else "postgresql",
    target_metadata=Run.metadata,
    render_item=written,
)
with context.begin_transaction():
    context.run_migrations()
