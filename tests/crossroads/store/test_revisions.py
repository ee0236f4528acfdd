"""The revisions as SQL, for whoever lets nobody but a person change a database."""

import io

from alembic import command

from crossroads.store.schema import config


def test_the_revisions_can_be_said_to_postgresql() -> None:
    said = io.StringIO()
    wanted = config()
    wanted.output_buffer = said
    command.upgrade(wanted, "head", sql=True)
    assert "CREATE TABLE contribution" in said.getvalue()
    assert "BYTEA" in said.getvalue()
    assert '"full" BOOLEAN' in said.getvalue()
