"""More deletions at once than the sync file allows wait for a person, who approves or refuses what was shown."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from crossroads.engine import deletes
from crossroads.engine.report import RunFailed
from crossroads.records import Record, Stream
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def person(number: int) -> dict[str, Any]:
    return {"given": f"P{number}", "family": "Lee", "mail": f"p{number}@lee.example", "changed": JAN}


def gone(w: Any) -> list[str]:
    return sorted(row["key"] for row in w.rows("Contribution") if row["connection"] == "crm" and row["gone"])


@pytest.fixture
def many(world: Callable[..., Any], customer_plan: Callable[..., Any]) -> Any:
    """Ten persons, of whom at most two may be deleted at once without a person."""

    def made(how: str) -> Any:
        plan = customer_plan("crm", "shop", crm={"deletes": {"most": "10%", "least": 2}})
        w = world([plan], crm=Memory(deletes=how, page=3), shop=Memory())
        for number in range(10):
            w.systems["crm"].put("people", str(number), **person(number))
        w.sync()
        return w

    return made


def lose(w: Any, *keys: str) -> None:
    crm = w.systems["crm"]
    for key in keys:
        if crm.deletes == "full_compare":
            del crm.records["people"][key]
        else:
            crm.delete("people", key)


@pytest.mark.parametrize("how", ["native", "tombstones", "full_compare"])
def test_a_mass_deletion_waits_for_a_person(many: Callable[[str], Any], how: str) -> None:
    w = many(how)
    lose(w, "1", "2", "3")
    with pytest.raises(RunFailed, match="3 records are said to be deleted, and none of them was marked"):
        w.run(w.plans[0], full=how == "full_compare", run="mass")
    assert gone(w) == []
    with w.store.read() as db:
        (held,) = deletes.held(db)
    assert (held.name, held.keys, held.living, held.run) == ("crm.people", ("1", "2", "3"), 10, "mass")
    with pytest.raises(RunFailed):
        w.sync()  # still red, until somebody decides

    assert deletes.decide(w.store, w.ws.clock, held, "approved", "Ann Lee") == 3
    lose(w, "4", "5")  # what comes later was not shown
    with w.store.read() as db:
        assert deletes.held(db) == []
    w.sync()
    assert set(gone(w)) >= {"1", "2", "3"}
    assert w.rows("Deletion") == []
    lines = [r["body"] for r in w.rows("Entry") if r["kind"] == "delete"]
    assert any('"approved":3' in line and '"by":"Ann Lee"' in line for line in lines)


def test_an_approval_counts_for_what_it_was_shown(many: Callable[[str], Any]) -> None:
    w = many("native")
    lose(w, "1", "2", "3")
    with pytest.raises(RunFailed):
        w.sync()
    with w.store.read() as db:
        (shown,) = deletes.held(db)
    lose(w, "4")
    with pytest.raises(RunFailed):
        w.sync()  # one more: while the others are not decided, it waits with them
    deletes.decide(w.store, w.ws.clock, shown, "approved", "Ann Lee")
    with pytest.raises(RunFailed, match="1 records"):
        w.sync()
    assert gone(w) == ["1", "2", "3"]


def test_refused_deletions_are_not_asked_again_and_nobody_is_marked(many: Callable[[str], Any]) -> None:
    w = many("full_compare")
    kept = dict(w.systems["crm"].records["people"])
    lose(w, "1", "2", "3")
    with pytest.raises(RunFailed):
        w.sync(full=True)
    with w.store.read() as db:
        deletes.decide(w.store, w.ws.clock, deletes.held(db)[0], "refused", "Ann Lee")
    looked: list[str] = []

    class Looking(MemoryConnector):
        def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
            looked.extend(keys)
            yield from super().fetch(stream, keys)

    plain = w.ws.connect
    w.ws.connect = lambda name: Looking(w.systems[name], list(plain(name).streams.values()))
    w.sync(full=True)
    assert gone(w) == []
    assert looked == []
    w.systems["crm"].records["people"] = kept
    w.sync(full=True)
    assert w.rows("Deletion") == [], "they were seen again"


def test_an_approved_deletion_of_a_record_that_is_back_is_dropped(many: Callable[[str], Any]) -> None:
    w = many("full_compare")
    kept = dict(w.systems["crm"].records["people"])
    lose(w, "1", "2", "3")
    with pytest.raises(RunFailed):
        w.sync(full=True)
    with w.store.read() as db:
        deletes.decide(w.store, w.ws.clock, deletes.held(db)[0], "approved", "Ann Lee")
    w.systems["crm"].records["people"]["2"] = kept["2"]
    w.sync()  # reads what changed only, and would not see record 2
    assert gone(w) == ["1", "3"]
