"""What is stored is read again by another mapping as if it had been read so from the start; the system is not asked."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crossroads import journal
from crossroads.engine.echo import Held
from crossroads.engine.remapped import remapped
from crossroads.engine.replay import replay
from crossroads.mapping import Lens
from crossroads.testkit.killer import killed_at
from crossroads.testkit.memory import Memory

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {
    "given": "Ann",
    "family": "Lee",
    "mail": "ann@lee.example",
    "city": "Bonn",
    "changed": JAN,
    "second": "Maria",
}
SECOND = {"at": "second"}
NEVER = {"create": "never", "write": False}
numbers = itertools.count()


def read_by(w: Any, name: str, lens: Lens) -> None:
    w.ws.lenses[name, "people"] = lens


def documents(w: Any) -> dict[str, Any]:
    """Return what every record holds and says itself, without the times of the reads."""
    return {
        f"{row['connection']}/{row['key']}": [
            orjson.loads(row["holds"]),
            row["said"],
            row["echo"],
            row["mapping"],
        ]
        for row in w.rows("Contribution")
    }


def golden(w: Any) -> list[Any]:
    return sorted((sorted(orjson.loads(row["document"]).items()) for row in w.rows("Profile")), key=str)


value = st.sampled_from(["", "Ann", "Bo", "Lee"])
record = st.fixed_dictionaries(dict.fromkeys(("given", "family", "city", "street", "second"), value))


@given(
    people=st.lists(st.tuples(st.sampled_from(["erp", "crm"]), st.integers(0, 5), record), max_size=8),
    gains=st.booleans(),
    loses=st.sampled_from([None, "given_name", "addresses.main.street"]),
)
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_replay_ends_where_reading_so_from_the_start_would(
    world: Any,
    lens: Any,
    customer_plan: Any,
    tmp_path: Path,
    people: list[Any],
    gains: bool,
    loses: str | None,
) -> None:
    more: dict[str, Any] = {"family_name2": SECOND} if gains else {}
    if loses:
        more[loses] = None
    worlds = []
    for another in (False, True):
        (folder := tmp_path / str(next(numbers))).mkdir()
        plans = [customer_plan("erp", "crm", erp=NEVER, crm=NEVER)]
        w = world.make_in(folder, plans, erp=Memory(), crm=Memory())
        for system, number, fields in people:
            w.systems[system].put("people", f"h{number}", **fields)
        if another:
            read_by(w, "erp", lens("erp", "customer", **more))
        w.sync()
        worlds.append(w)
    replayed, fresh = worlds
    read_by(replayed, "erp", lens("erp", "customer", **more))
    replayed.systems["erp"].down = True
    left = replayed.rows("StreamState")
    _, counts = replay(replayed.ws, "erp", "people")
    assert replayed.rows("StreamState") == left
    assert counts["read"] == (0 if not more else len(replayed.systems["erp"].records.get("people", {})))
    replayed.systems["erp"].down = False
    replayed.ws.plans[0].between[0].__dict__["read"] = False
    replayed.sync()
    assert documents(replayed) == documents(fresh)
    assert golden(replayed) == golden(fresh)


@pytest.fixture
def old(world: Callable[..., Any], lens: Any) -> Any:
    """A world whose ERP is from now on read by a mapping that knows second names."""
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **{**ANN, "city": "Ulm", "changed": FEB})
    w.sync()
    read_by(w, "erp", lens("erp", "customer", family_name2=SECOND))
    return w


def test_what_a_new_mapping_shows_is_the_systems_own_word_and_reaches_the_others(old: Any, lens: Any) -> None:
    read_by(old, "crm", lens("crm", "customer", family_name2={"at": "zweiter"}))
    run, counts = replay(old.ws, "erp", "people")
    assert (counts["read"], counts["applied"]) == (1, 1)
    (row,) = [r for r in old.rows("Contribution") if r["connection"] == "erp"]
    assert orjson.loads(row["since"])["family_name2"] == "2026-01-01T00:00:00.000000Z"
    assert orjson.loads(row["echo"]).keys() == {"addresses.main.locality"}, "what came from us stays an echo"
    old.ws.plans[0].between[0].__dict__["read"] = False
    old.sync()
    assert old.systems["crm"].value("people", "a", "zweiter") == "Maria"
    (told,) = [r for r in old.rows("Run") if r["id"] == run]
    assert (told["state"], orjson.loads(told["summary"])["problems"]) == ("finished", [])
    with old.store.read() as db:
        assert list(journal.verify(db)) == []


def test_a_replay_of_what_this_mapping_has_read_does_nothing(old: Any) -> None:
    replay(old.ws, "erp", "people")
    before = old.rows("Contribution")
    for every in (False, True):
        _, counts = replay(old.ws, "erp", "people", every=every)
        assert (counts["read"], counts["unchanged"]) == (int(every), int(every))
    assert old.rows("Contribution") == before
    _, counts = replay(old.ws, "crm", "people", keys=["a", "nobody"], every=True)
    assert counts["read"] == 1


def test_a_sync_that_reads_known_content_by_a_new_mapping_takes_no_value_of_ours_for_news(
    old: Any, lens: Any
) -> None:
    loud = {"at": "city", "as": "choice", "of": {"ULM": "Ulm", "BONN": "Bonn"}}
    read_by(old, "erp", lens("erp", "customer", **{"addresses.main.locality": loud}))
    writes = old.writes()
    old.sync()
    (row,) = [r for r in old.rows("Contribution") if r["connection"] == "erp"]
    assert orjson.loads(row["holds"])["addresses.main.locality"] == "ULM"
    assert old.systems["crm"].value("people", "a", "city") == "Ulm"
    assert old.writes() == writes


@pytest.mark.parametrize("true", [True, False])
def test_a_value_of_ours_stays_ours_however_it_is_read(true: bool, lens: Any) -> None:
    held = Held("1", {"family_name": "Müller", "given_name": "Ann"}, {"family_name": "M."},
                {"family_name": ["Müller", "Müller", JAN]}, {}, JAN, JAN)  # fmt: skip
    found = remapped(
        held, {"family_name": "MULLER", "given_name": "ANN"}, lens("erp", "customer"), FEB, true=true
    )
    assert found.own == {"family_name": "M.", "given_name": "ANN"}
    assert found.holds["family_name"] == ("MULLER" if true else "Müller")
    assert found.means("family_name", "Müller")
    assert found.echo["family_name"][2] == JAN, "when its source said it"
    assert found.differs


def test_a_copy_older_than_our_write_does_not_take_it_back(world: Any, lens: Any) -> None:
    w = world(erp=Memory(shows=False), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **{**ANN, "city": "Ulm", "changed": FEB})
    w.sync()
    read_by(w, "erp", lens("erp", "customer", family_name2=SECOND))
    replay(w.ws, "erp", "people")
    w.ws.plans[0].between[0].__dict__["read"] = False
    writes = w.writes()
    w.sync()
    assert w.writes() == writes
    assert {
        system.value("people", key, "city")
        for system, key in ((w.systems["erp"], "1"), (w.systems["crm"], "a"))
    } == {"Ulm"}


def test_records_that_were_set_aside_are_read_again_and_newer_ones_are_not_forgotten(
    world: Any, lens: Any
) -> None:
    state = {"at": "state", "as": "choice", "of": {"active": "A"}, "refuse": True}
    w = world(erp=Memory())
    read_by(w, "erp", lens("erp", "customer", status=state))
    for number, said in (("1", "A"), ("2", "X"), ("3", "A")):
        w.systems["erp"].put("people", number, **{**ANN, "mail": f"{number}@x.example", "state": said})
    w.sync()
    w.systems["erp"].put("people", "3", state="Z")
    w.sync()
    assert sorted(row["key"] for row in w.rows("Rejected")) == ["2", "3"]
    more = {**state, "of": {"active": "A", "blocked": "X"}}
    read_by(w, "erp", lens("erp", "customer", status=more))
    _, counts = replay(w.ws, "erp", "people")
    assert (counts["read"], counts["applied"], counts["rejected"]) == (3, 1, 1)
    (left,) = w.rows("Rejected")
    assert (left["key"], orjson.loads(left["raw"])["state"]) == ("3", "Z")
    assert len(w.rows("Contribution")) == 3


def test_killed_at_every_commit_a_replay_goes_on_and_adds_up(world: Any, lens: Any, tmp_path: Path) -> None:
    from crossroads.engine import replay as module

    people = 5

    def made(folder: Path) -> Any:
        erp = Memory()
        for n in range(people):
            erp.put("people", str(n), **{**ANN, "mail": f"{n}@x.example"})
        return world.make_in(folder, erp=erp)

    def trial(folder: Path, kill_at: int) -> bool:
        folder.mkdir()
        w = made(folder)
        w.sync()
        cursor = w.rows("StreamState")
        w.store.close()

        def work() -> None:
            module.CHUNK = 2
            again = made(folder)
            read_by(again, "erp", lens("erp", "customer", family_name2=SECOND))
            replay(again.ws, "erp", "people")

        killed = killed_at(kill_at, work)
        w = made(folder)
        read_by(w, "erp", lens("erp", "customer", family_name2=SECOND))
        assert w.rows("StreamState") == cursor, "a replay killed halfway moved the cursor"
        run, counts = replay(w.ws, "erp", "people")
        assert w.rows("StreamState") == cursor
        assert all(orjson.loads(row["holds"])["family_name2"] == "Maria" for row in w.rows("Contribution"))
        if run.endswith("/1"):
            assert (counts["read"], counts["applied"]) == (people, people), (
                "counted once, however many attempts"
            )
        else:
            assert counts["read"] == 0, "the first one had come to its end"
        w.store.close()
        return killed

    kill_at = 1
    while trial(tmp_path / str(kill_at), kill_at):
        kill_at += 1
    assert kill_at > 5


def test_everything_is_read_once_by_a_new_mapping_and_not_again_and_again(world: Callable[..., Any]) -> None:
    w = world(erp=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", "2", **{**ANN, "mail": "bo@ek.example"})
    w.sync()
    w.systems["erp"].delete("people", "2")  # nobody will ever read it by another mapping
    w.sync()
    w.ws.lens("erp", "people").version = "another"
    read = [w.sync()[0]["members"]["erp.people"]["pull"] for _ in range(2)]
    assert [counts["applied"] for counts in read] == [1, 0]
    assert read[1]["read"] == 0
