"""Migrating makes the tables that the code knows, once."""

import io
import logging
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

from crossroads.errors import ConfigError
from crossroads.store import Store, migrate, tables
from crossroads.store.schema import config


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def schema(url: str) -> list[str]:
    store = Store(url)
    with store.read() as db:
        found = [
            row[0]
            for row in db.execute(text("select sql from sqlite_master where sql is not null order by sql"))
        ]
    store.close()
    return found


def test_a_migrated_store_has_exactly_the_tables_of_the_code(url: str) -> None:
    migrate(url)
    store = Store(url)
    with store.read() as db:
        differences = compare_metadata(MigrationContext.configure(db), tables.Run.metadata)
    store.close()
    assert differences == []


def test_a_migrated_store_has_the_same_partial_indexes_as_the_code(url: str, tmp_path: Path) -> None:
    # Alembic does not compare the condition of an index.
    migrate(url)
    made = Store(f"sqlite:///{tmp_path / 'made.db'}")
    SQLModel.metadata.create_all(made.engine)
    made.close()

    def indexes(of: str) -> list[str]:
        return [statement for statement in schema(of) if "INDEX" in statement]

    assert indexes(url) == indexes(made.url)
    assert any("WHERE dirty > 0" in statement for statement in indexes(url))


def test_migrating_again_changes_nothing(url: str) -> None:
    migrate(url)
    before = schema(url)
    migrate(url)
    assert schema(url) == before


def test_migrating_says_nothing_in_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        migrate(url)
    assert [record.name for record in caplog.records if record.name.startswith("alembic")] == []


def test_a_store_of_another_program_is_left_alone_and_named(url: str) -> None:
    store = Store(url)
    with store.write() as db:
        db.execute(text("create table alembic_version (version_num varchar(32))"))
        db.execute(text("insert into alembic_version values ('airflow')"))
    store.close()
    before = schema(url)
    with pytest.raises(ConfigError, match="another program's database"):
        migrate(url)
    assert schema(url) == before


def test_a_migration_that_fails_halfway_leaves_the_store_as_it_was(url: str) -> None:
    store = Store(url)
    with store.write() as db:
        db.execute(text("create table step (run varchar)"))  # one of the last that the first revision makes
    store.close()
    before = schema(url)
    with pytest.raises(Exception, match="step"):
        migrate(url)
    assert schema(url) == before


def test_the_revisions_can_be_said_to_postgresql() -> None:
    said = io.StringIO()
    wanted = config()
    wanted.output_buffer = said
    command.upgrade(wanted, "head", sql=True)
    assert "CREATE TABLE contribution" in said.getvalue()
    assert "BYTEA" in said.getvalue()
    assert '"full" BOOLEAN' in said.getvalue()
