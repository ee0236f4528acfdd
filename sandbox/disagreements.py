"""Systems in memory that declare how they are seen, and every way in which they and the store can come to disagree."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import update

from crossroads.errors import Unavailable
from crossroads.records import Batch, Change, State, Stream, WriteResult
from crossroads.store import table
from crossroads.store.tables import Contribution, Link, Profile
from crossroads.testkit.memory import Memory, MemoryConnector

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": "2026-01-01T00:00:00Z"}
BO = {"given": "Bo", "family": "Ek", "mail": "bo@ek.example", "changed": "2026-01-01T00:00:00Z"}
FEB = "2026-02-01T00:00:00Z"


class Declared(Memory):
    """A system in memory that declares how its deletions are seen, whose listing may not be proved, and that may not answer."""

    deletes: Any = "full_compare"
    proved = True
    versioned = False
    breaks_after: int | None = None
    outlives: Path | None = None
    meanwhile: Callable[[], Any] | None = None

    def save(self) -> None:
        """Keep what this process wrote for the one that forked it."""
        if self.outlives is not None:
            kept = {
                "records": self.records,
                "writes": self.writes,
                "requests": self.requests,
                "tick": self.tick,
            }
            self.outlives.write_bytes(orjson.dumps(kept))

    def load(self) -> None:
        """Take over what a forked process wrote."""
        if self.outlives is not None and self.outlives.exists():
            for name, value in orjson.loads(self.outlives.read_bytes()).items():
                setattr(self, name, value)

    def connector(self, *streams: str, writable: bool = True) -> "DeclaredConnector":
        version = "version" if self.versioned else None
        made = super().connector(*streams, writable=writable).streams.values()
        return DeclaredConnector(self, [replace(one, deletes=self.deletes, version=version) for one in made])


class DeclaredConnector(MemoryConnector):
    """Reads as its system declares."""

    memory: Declared

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        batches = list(super().read(stream, since))
        if self.memory.meanwhile is not None:
            call, self.memory.meanwhile = self.memory.meanwhile, None
            call()
        for number, batch in enumerate(batches):
            if number == self.memory.breaks_after:
                raise Unavailable("the system in memory broke down")
            yield batch if self.memory.proved else replace(batch, last=False)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        for result in super().write(stream, changes):
            self.memory.save()
            yield result


def key_of(w: Any, system: str, given: str) -> str:
    people = w.systems[system].records["people"]
    return str(next(key for key, record in people.items() if record["given"] == given))


def profile_of(w: Any, system: str, key: str) -> str:
    (row,) = [r for r in w.rows("Contribution") if (r["connection"], r["key"]) == (system, key)]
    (link,) = [r for r in w.rows("Link") if r["contribution"] == row["id"]]
    return str(link["profile"])


def edit_in_the_store(w: Any, system: str, key: str, **fields: Any) -> None:
    """Let the store and the system say the same of a record, and the profile something else, as after a lost mark."""
    w.systems[system].put("people", key, **fields)
    record = w.systems[system].records["people"][key]
    (row,) = [r for r in w.rows("Contribution") if (r["connection"], r["key"]) == (system, key)]
    holds = w.ws.lens(system, "people").get(record)
    rows = table(Contribution)
    with w.store.write() as db:
        db.execute(
            update(rows)
            .where(rows.c.id == row["id"])
            .values(holds=orjson.dumps(holds).decode(), said=None, echo=None, digest="")
        )


def a_record_we_never_read(w: Any) -> None:
    w.systems["crm"].put("people", "new", given="Cy", family="Poe", mail="cy@poe.example", changed=FEB)


def a_record_we_took_for_deleted(w: Any) -> None:
    rows = table(Contribution)
    with w.store.write() as db:
        mine = (rows.c.connection == "crm", rows.c.key == key_of(w, "crm", "Ann"))
        db.execute(update(rows).where(*mine).values(gone=True))


def a_change_we_did_not_read(w: Any) -> None:
    w.systems["crm"].put("people", key_of(w, "crm", "Ann"), family="Poe", changed=FEB)


def a_record_that_vanished(w: Any) -> None:
    del w.systems["crm"].records["people"][key_of(w, "crm", "Ann")]


def a_record_that_says_something_else(w: Any) -> None:
    edit_in_the_store(w, "crm", key_of(w, "crm", "Ann"), family="Poe")


def a_person_who_should_be_there(w: Any) -> None:
    key = key_of(w, "crm", "Ann")
    w.systems["crm"].delete("people", key)
    (row,) = [r for r in w.rows("Contribution") if (r["connection"], r["key"]) == ("crm", key)]
    with w.store.write() as db:
        for rows, column in ((table(Link), "contribution"), (table(Contribution), "id")):
            db.execute(rows.delete().where(rows.c[column] == row["id"]))


def a_record_without_profile(w: Any) -> None:
    (row,) = [r for r in w.rows("Contribution") if (r["connection"], r["key"]) == ("erp", "1")]
    with w.store.write() as db:
        db.execute(table(Link).delete().where(table(Link).c.contribution == row["id"]))


def a_profile_that_is_gone(w: Any) -> None:
    with w.store.write() as db:
        db.execute(table(Profile).delete().where(table(Profile).c.id == profile_of(w, "erp", "1")))


def a_profile_without_records(w: Any) -> None:
    with w.store.write() as db:
        lonely = {"id": "lonely", "entity": "customer", "document": "{}", "provenance": "{}"}
        db.execute(table(Profile).insert().values(**lonely, settled_at="", run="r"))


def a_link_of_no_record(w: Any) -> None:
    with w.store.write() as db:
        loose = {"contribution": "nobody", "profile": profile_of(w, "erp", "1"), "evidence": "[]"}
        db.execute(table(Link).insert().values(**loose, at="", run="r"))


PLANTED: list[tuple[Callable[[Any], None], dict[str, dict[str, int]]]] = [
    (a_record_we_never_read, {"crm.people": {"missed": 1}}),
    (a_record_we_took_for_deleted, {"crm.people": {"missed": 1}}),
    (a_change_we_did_not_read, {"crm.people": {"stale": 1}}),
    (a_record_that_vanished, {"crm.people": {"vanished": 1}}),
    (a_record_that_says_something_else, {"crm.people": {"drift": 1}}),
    (a_person_who_should_be_there, {"crm.people": {"missing": 1}}),
    (a_record_without_profile, {"erp.people": {"missing": 1, "orphan": 1}}),
    (
        a_profile_that_is_gone,
        {name: {"orphan": 1} for name in ("erp.people", "crm.people", "shop.people")},
    ),
    (a_profile_without_records, {"store": {"orphan": 1}}),
    (a_link_of_no_record, {"store": {"orphan": 1}}),
]
MENDED = [row for row in PLANTED if row[0] not in (a_profile_without_records, a_link_of_no_record)]
