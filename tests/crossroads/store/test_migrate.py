"""Migrating makes the tables that the code knows, once."""

import logging
import re

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlmodel import SQLModel

from crossroads.errors import ConfigError
from crossroads.identity.model import Model
from crossroads.store import Bulk, Store, migrate, table, tables

pytestmark = pytest.mark.both_stores
SCHEMA = {
    "sqlite": "select sql from sqlite_master where sql is not null order by sql",
    "postgresql": """
        select concat_ws(' ', table_name, column_name, data_type, collation_name, is_nullable, column_default)
        from information_schema.columns where table_schema = 'public'
        union all select indexdef from pg_indexes where schemaname = 'public' order by 1
    """,
}


def schema(url: str) -> list[str]:
    store = Store(url)
    with store.read() as db:
        found = [row[0] for row in db.execute(text(SCHEMA[db.dialect.name]))]
    store.close()
    return found


def test_a_migrated_store_has_exactly_the_tables_of_the_code(url: str) -> None:
    migrate(url)
    store = Store(url)
    with store.read() as db:
        differences = compare_metadata(MigrationContext.configure(db), tables.Run.metadata)
    store.close()
    assert differences == []


def test_a_migrated_store_has_the_same_partial_indexes_as_the_code(url: str) -> None:
    # Alembic does not compare the condition of an index.
    store = Store(url)
    SQLModel.metadata.create_all(store.engine)

    def indexes() -> list[str]:
        # PostgreSQL says the same condition with other casts once a column's collation was changed.
        found = [statement for statement in schema(url) if " INDEX " in statement]
        return [re.sub(r"::[a-z ]+(\[\])?|[()]", "", statement) for statement in found]

    made = indexes()
    SQLModel.metadata.drop_all(store.engine)
    store.close()
    migrate(url)
    assert [one for one in indexes() if "alembic" not in one] == made
    assert any("dirty > 0" in statement for statement in made)


def test_migrating_again_changes_nothing(url: str) -> None:
    migrate(url)
    before = schema(url)
    migrate(url)
    assert schema(url) == before


def test_text_is_in_the_order_of_its_bytes(url: str) -> None:
    migrate(url)
    store = Store(url)
    words = ["a", "B", "_", "b", "A", "\u00e9", "e-1", "e1", "Z", " ", "10", "9"]
    with store.write() as db:
        Bulk(tables.Due, ("connection", "stream", "profile"), update=())(db, [("c", "s", w) for w in words])
        rows = table(tables.Due)
        assert list(db.execute(select(rows.c.profile).order_by(rows.c.profile)).scalars()) == sorted(words)
        assert set(db.execute(select(rows.c.profile).where(rows.c.profile > "Z")).scalars()) == {
            word for word in words if word > "Z"
        }
    store.close()


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


def test_a_kept_model_weighs_as_before_with_a_level_more(url: str) -> None:
    migrate(url)
    today = Model.shipped().model_dump()
    born = today["chances"]["birth_date"]
    former = {kind: (*values[:-2], values[-2] + values[-1]) for kind, values in born.items()}
    store, rows = Store(url), table(tables.AdoptedModel)
    content = orjson.dumps({**today, "chances": {**today["chances"], "birth_date": former}})
    with store.write() as db:
        said = {"version": "former", "content": content, "at": "2026-01-01", "actor": "", "why": ""}
        db.execute(rows.insert().values(**said))
        db.execute(text("UPDATE alembic_version SET version_num = '0016'"))
        db.execute(text("ALTER TABLE contribution DROP COLUMN replaced"))  # of the next release
    migrate(url)
    with store.read() as db:
        (row,) = db.execute(select(rows.c.version, rows.c.content)).all()
    store.close()
    model = Model.model_validate_json(row.content)
    assert (model.problems(), model.version) == ([], row.version)
    said, known = model.chances["birth_date"], former
    for level in (-2, -1):
        assert said.person[level] / said.stranger[level] == pytest.approx(
            known["person"][-1] / known["stranger"][-1]
        )


def test_customers_are_read_anew_by_a_release_that_reads_otherwise(url: str) -> None:
    migrate(url)
    store, rows = Store(url), table(tables.Contribution)
    said = tables.Contribution(id="", entity="", connection="erp", stream="people", key="", digest="", mapping="", holds="{}",
                               said_at="2026", raw=b"", signature='[["ann"]]', words="w", dirty=0, run="r")  # fmt: skip
    with store.write() as db:
        for name in ("customer", "order"):
            own = {"id": name, "key": name, "entity": name}
            db.execute(rows.insert().values(**said.model_dump() | own))
        db.execute(text("UPDATE alembic_version SET version_num = '0018'"))
    migrate(url)
    with store.read() as db:
        found = {row.id: (row.signature, row.words, row.dirty) for row in db.execute(select(rows))}
    store.close()
    assert found == {"customer": ("", None, 1), "order": ('[["ann"]]', "w", 0)}


def test_what_is_nobodys_own_of_each_statement_is_so_with_more_bits_a_statement(url: str) -> None:
    """Three bits were: the e-mail address, the telephone, other keys."""
    migrate(url)
    store, rows = Store(url), table(tables.Node)
    before = {"alone": 0b101, "second": 0b011_000, "all": 0o77777777}
    with store.write() as db:
        for name, hidden in before.items():
            db.execute(rows.insert().values(address=name, person="[]", hidden=hidden))
        db.execute(text("UPDATE alembic_version SET version_num = '0018'"))
    migrate(url)
    with store.read() as db:
        found = {row.address: row.hidden for row in db.execute(select(rows.c.address, rows.c.hidden))}
    store.close()
    assert found == {
        "alone": 0b101,
        "second": 0b000011_000000,
        "all": sum(0b111 << 6 * place for place in range(8)),
    }
