"""Records are read beside the syncs: the cursor stays where it is, and a newer reading is never put back."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from crossroads import engine
from crossroads.engine.backfill import backfill
from crossroads.errors import ConfigError
from crossroads.records import Record, State, Stream
from crossroads.testkit.killer import killed_at
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}


class Timed(MemoryConnector):
    """A system whose reading can start at a time."""

    def state_at(self, stream: Stream, instant: str) -> State:
        rows = self.memory.records[stream.name].values()
        return State({"seq": max((row["seq"] for row in rows if row["changed"] < instant), default=0)})


class Between(MemoryConnector):
    """A system whose answer is on its way while something else happens."""

    happens: Callable[[], object] = staticmethod(lambda: None)

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        answer = list(super().fetch(stream, keys))
        self.happens()
        yield from answer


def through(w: Any, kind: type[MemoryConnector]) -> None:
    """Connect to all systems by a certain connector."""
    real = w.ws.connect
    w.ws.connect = lambda name: kind(w.systems[name], list(real(name).streams.values()))


@pytest.fixture
def behind(world: Callable[..., Any]) -> Any:
    """A world whose cursor has passed a record that changed without being noticed."""
    w = world(erp=Memory(), crm=Memory())
    for number in ("1", "2", "3"):
        w.systems["erp"].put("people", number, **{**ANN, "mail": f"{number}@x.example"})
    w.sync()
    w.systems["erp"].records["people"]["1"] |= {"city": "Ulm", "changed": FEB}  # its number does not move
    w.sync()
    assert "Ulm" not in str(w.rows("Contribution"))
    return w


def test_records_named_by_key_are_read_and_the_cursor_stays(behind: Any) -> None:
    w, left = behind, behind.rows("StreamState")
    found = backfill(w.ws, "erp", "people", keys=["1", "2", "9"])
    assert w.rows("StreamState") == left
    assert (found.counts["read"], found.counts["applied"], found.counts["unchanged"]) == (2, 1, 1)
    assert found.absent == ["9"], "not there is not deleted"
    assert not any(row["gone"] for row in w.rows("Contribution"))
    w.sync()
    assert "Ulm" in {record["city"] for record in w.systems["crm"].records["people"].values()}
    (run,) = [row for row in w.rows("Run") if row["id"] == found.run]
    assert (run["state"], run["sync"]) == ("finished", "backfill")


def test_a_window_is_read_and_the_cursor_stays(behind: Any) -> None:
    w = behind
    through(w, Timed)
    w.systems["erp"].put("people", "4", **{**ANN, "mail": "4@x.example", "changed": FEB})
    w.systems["erp"].put("people", "5", **{**ANN, "mail": "5@x.example", "changed": MAR})
    left = w.rows("StreamState")
    found = backfill(w.ws, "erp", "people", since="2026-01-15", until="2026-02-15")
    assert found.counts["read"] == found.counts["applied"] == 1
    assert [r["key"] for r in w.rows("Contribution") if r["connection"] == "erp"] == ["1", "2", "3", "4"]
    assert w.rows("StreamState") == left
    found = backfill(w.ws, "erp", "people", since="2026-01-15")
    assert (found.counts["applied"], found.counts["unchanged"]) == (1, 1)
    assert w.rows("StreamState") == left


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"since": "2026-01-01"}, "cannot be read from a point in time"),
        ({"since": "yesterday"}, "A time is said as"),
        ({}, "Say which records"),
        ({"keys": ["1"], "since": "2026-01-01"}, "Say which records"),
    ],
)
def test_what_cannot_be_asked_is_said(behind: Any, asked: dict[str, Any], told: str) -> None:
    left = behind.rows("StreamState")
    with pytest.raises(ConfigError, match=told):
        backfill(behind.ws, "erp", "people", **asked)
    assert behind.rows("StreamState") == left


def test_a_newer_reading_of_a_sync_is_not_put_back_by_an_older_answer(behind: Any) -> None:
    w = behind

    def meanwhile() -> None:
        w.systems["erp"].put("people", "1", city="Köln", changed=MAR)
        w.ws.connect = real
        w.sync()

    real = w.ws.connect
    through(w, Between)
    Between.happens = staticmethod(meanwhile)
    found = backfill(w.ws, "erp", "people", keys=["1", "2"])
    assert (found.counts["superseded"], found.counts["unchanged"]) == (1, 1)
    (row,) = [r for r in w.rows("Contribution") if (r["connection"], r["key"]) == ("erp", "1")]
    assert orjson.loads(row["holds"])["addresses.main.locality"] == "Köln"
    w.sync()
    assert w.systems["erp"].value("people", "1", "city") == "Köln"


def test_our_own_write_meanwhile_is_not_taken_for_the_systems_word(behind: Any) -> None:
    w = behind
    (key,) = [k for k, r in w.systems["crm"].records["people"].items() if r["mail"] == "2@x.example"]

    def meanwhile() -> None:
        w.systems["crm"].put("people", key, city="Mainz", changed=MAR)
        w.ws.connect = real
        w.sync()
        assert w.systems["erp"].value("people", "2", "city") == "Mainz"

    real = w.ws.connect
    through(w, Between)
    Between.happens = staticmethod(meanwhile)
    found = backfill(w.ws, "erp", "people", keys=["2"])
    assert found.counts["superseded"] == 1
    (row,) = [r for r in w.rows("Contribution") if (r["connection"], r["key"]) == ("erp", "2")]
    assert "addresses.main.locality" in orjson.loads(row["echo"])
    w.sync(full=True)
    assert {w.systems["erp"].value("people", "2", "city"), w.systems["crm"].value("people", key, "city")} == {
        "Mainz"
    }


def test_killed_at_every_commit_a_backfill_goes_on_and_the_cursor_never_moves(
    world: Any, tmp_path: Path
) -> None:
    keys = ["1", "2", "3", "4", "5"]

    def made(folder: Path) -> Any:
        erp = Memory()
        for key in keys:
            erp.put("people", key, **{**ANN, "mail": f"{key}@x.example"})
        w = world.make_in(folder, erp=erp)
        stream = Stream("people", "key", writable=True, page_size=2)
        w.ws.connect = lambda name: MemoryConnector(w.systems[name], [stream])
        return w

    def trial(folder: Path, kill_at: int) -> bool:
        folder.mkdir()
        w = made(folder)
        engine.begin(w.ws, w.plans[0], "first")
        w.systems["erp"].records["people"] = {"1": w.systems["erp"].records["people"]["1"]}
        engine.pull(w.ws, w.plans[0], "erp.people", "first")
        cursor = w.rows("StreamState")
        w.store.close()
        killed = killed_at(kill_at, lambda: backfill(made(folder).ws, "erp", "people", keys=keys))
        w = made(folder)
        assert w.rows("StreamState") == cursor, "a backfill killed halfway moved the cursor"
        found = backfill(w.ws, "erp", "people", keys=keys)
        assert w.rows("StreamState") == cursor
        assert sorted(row["key"] for row in w.rows("Contribution")) == keys
        assert found.counts["read"] == 5 == found.counts["applied"] + found.counts["unchanged"]
        w.store.close()
        return killed

    kill_at = 1
    while trial(tmp_path / str(kill_at), kill_at):
        kill_at += 1
    assert kill_at > 5
