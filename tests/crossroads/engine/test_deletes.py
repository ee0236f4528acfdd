"""Deletions are never guessed: what proves them, what holds them back, what waits for a person, what comes back."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from crossroads import engine
from crossroads.engine.listing import Listing
from crossroads.errors import ConfigError, HistoryLost, Unavailable
from crossroads.records import Batch, Record, State, Stream
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def person(number: int, **more: Any) -> dict[str, Any]:
    name = f"P{number}"
    return {
        "given": name,
        "family": "Lee",
        "mail": f"{name}@lee.example",
        "city": "Bonn",
        "changed": JAN,
        **more,
    }


@pytest.fixture
def three(world: Callable[..., Any]) -> Any:
    """Three persons of the CRM, which shows deletions by absence only, and of the shop."""
    w = world(crm=Memory(deletes="full_compare"), shop=Memory())
    for number in (1, 2, 3):
        w.systems["crm"].put("people", str(number), **person(number))
    w.sync()
    return w


def gone(w: Any, connection: str = "crm") -> list[str]:
    return sorted(r["key"] for r in w.rows("Contribution") if r["connection"] == connection and r["gone"])


def taken(w: Any, key: str, connection: str = "crm") -> None:
    """Let a record vanish without a trace."""
    del w.systems[connection].records["people"][key]


class Scripted(MemoryConnector):
    """Does something before each page and each look."""

    page: Callable[[int], None] = staticmethod(lambda number: None)
    look: Callable[[Sequence[str]], None] = staticmethod(lambda keys: None)

    def read(self, stream: Stream, since: State) -> Iterator[Batch]:
        for number, batch in enumerate(super().read(stream, since)):
            self.page(number)
            yield batch

    def fetch(self, stream: Stream, keys: Sequence[str]) -> Iterator[Record]:
        self.look(keys)
        yield from super().fetch(stream, keys)


def scripted(w: Any, name: str, **hooks: Callable[..., None]) -> None:
    plain = w.workspace().connect

    def connect(asked: str) -> Any:
        made = plain(asked)
        if asked == name:
            made = Scripted(w.systems[name], list(made.streams.values()))
            for hook, does in hooks.items():
                setattr(made, hook, does)
        return made

    w.ws.connect = connect


def test_a_record_that_a_proved_listing_does_not_show_is_gone(three: Any) -> None:
    taken(three, "2")
    three.sync()
    assert gone(three) == [], "only what changed was read"
    (summary,) = three.sync(full=True)
    assert gone(three) == ["2"]
    assert summary["members"]["crm.people"]["pull"] == {
        "read": 3, "applied": 1, "unchanged": 2, "parked": 0, "withheld": 0, "rejected": 0, "superseded": 0,
    }  # fmt: skip
    three.sync(full=True)
    assert "2" not in three.systems["crm"].records["people"], "it is not made again"


def test_a_deleted_record_that_comes_back_is_itself_again(three: Any) -> None:
    before = {r["key"]: r["id"] for r in three.rows("Contribution") if r["connection"] == "crm"}
    links = {r["contribution"]: r["profile"] for r in three.rows("Link")}
    record = three.systems["crm"].records["people"]["2"]
    taken(three, "2")
    three.sync(full=True)
    three.systems["crm"].records["people"]["2"] = record  # with its old change time, as from a bin
    three.sync(full=True)
    assert gone(three) == []
    assert before == {r["key"]: r["id"] for r in three.rows("Contribution") if r["connection"] == "crm"}
    assert links == {r["contribution"]: r["profile"] for r in three.rows("Link")}


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"deletes": "none"}, None),
        ({"counted": 4}, "the system counts 4 records, and 2 came"),
        ({"counted": 2, "page": 1}, "the system's own count of it changed on the way"),
        ({"page": 1}, "the system did not mark its end"),
    ],
)
def test_a_listing_that_is_not_proved_complete_deletes_nobody(
    three: Any, how: dict[str, Any], why: str | None
) -> None:
    for name, value in how.items():
        setattr(three.systems["crm"], name, value)
    taken(three, "2")

    class Doubtful(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Iterator[Batch]:
            for number, batch in enumerate(super().read(stream, since)):
                if why == "the system's own count of it changed on the way":
                    yield Batch(batch.records, batch.state, last=batch.last, total=2 + number)
                elif why == "the system did not mark its end":
                    yield Batch(batch.records, batch.state)
                else:
                    yield batch

    plain = three.ws.connect
    three.ws.connect = lambda name: Doubtful(three.systems[name], list(plain(name).streams.values()))
    three.sync(full=True)
    assert gone(three) == []
    told = [
        r["body"]
        for r in three.rows("Entry")
        if "proves nothing" in r["body"] and r["subject"] == "crm.people"
    ]
    assert [why in body for body in told] == ([True] if why else [])


def test_a_page_that_fails_deletes_nobody(three: Any) -> None:
    taken(three, "1")

    def fail(number: int) -> None:
        raise Unavailable("page lost")

    scripted(three, "crm", page=fail)
    with pytest.raises(Unavailable):
        three.run(three.plans[0], full=True)
    assert gone(three) == []


def test_a_record_that_left_the_selection_is_asked_for_and_lives(three: Any) -> None:
    three.systems["crm"].unlisted = {"1"}
    taken(three, "2")
    asked: list[Sequence[str]] = []
    scripted(three, "crm", look=asked.append)
    three.sync(full=True)
    assert gone(three) == ["2"]
    assert asked == [["1", "2"]], "those not shown, in one call, and nobody else"


def test_what_was_made_while_the_listing_was_read_is_not_absent(three: Any) -> None:
    crm, other, made = three.systems["crm"], three.plans[0], list[bool]()
    engine.begin(three.ws, other, "beside")
    engine.pull(three.ws, other, "crm.people", "beside")

    def meanwhile(_: int) -> None:
        if not made:
            three.systems["shop"].put("people", "s9", **person(9))
            crm.unlisted = {"people-4"}
            crm.records["people"] = dict(crm.records["people"])  # the list goes on with what it had
            engine.pull(three.ws, other, "shop.people", "beside")
            engine.match(three.ws, other, "beside")
            engine.push(three.ws, other, "crm.people", "beside")
            made.append("people-4" in crm.records["people"])

    looked: list[Sequence[str]] = []
    scripted(three, "crm", page=meanwhile, look=looked.append)
    three.sync(full=True)
    assert gone(three) == []
    assert looked == [], "it is newer than the listing, so there is nothing to ask"
    assert made == [True]


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("when", [0, 1, 2])
def test_killed_while_it_compares_it_begins_anew_and_finds_the_same(three: Any, when: int) -> None:
    three.systems["crm"].page = 1
    taken(three, "3")

    def die(at: Any) -> None:
        if at == when or (when == 2 and at == ["3"]):
            raise Killed

    scripted(three, "crm", page=die, look=die)
    engine.begin(three.ws, three.plans[0], "killed", full=True)
    with pytest.raises(Killed):
        engine.pull(three.ws, three.plans[0], "crm.people", "killed")
    assert gone(three) == []
    three.ws = three.workspace()
    summary = three.run(three.plans[0], full=True, run="killed")
    assert gone(three) == ["3"]
    assert summary["members"]["crm.people"]["pull"]["applied"] == 1


def test_a_deletion_that_was_told_before_a_kill_is_carried_out_after_it(world: Callable[..., Any]) -> None:
    w = world(crm=Memory(), shop=Memory())
    for number in (1, 2, 3):
        w.systems["crm"].put("people", str(number), **person(number))
    w.sync()
    w.systems["crm"].delete("people", "2")

    def die(_: int) -> None:
        raise Killed

    class DiesAfterTelling(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Iterator[Batch]:
            yield from super().read(stream, since)
            raise Killed

    plain = w.ws.connect
    w.ws.connect = lambda name: DiesAfterTelling(w.systems[name], list(plain(name).streams.values()))
    engine.begin(w.ws, w.plans[0], "killed")
    with pytest.raises(Killed):
        engine.pull(w.ws, w.plans[0], "crm.people", "killed")
    assert gone(w) == [], "it is weighed when all is told"
    w.ws = w.workspace()
    w.systems["crm"].gone.clear()  # the cursor has moved on, and nothing tells of it a second time
    w.sync()
    assert gone(w) == ["2"]
    assert w.rows("Deletion") == []


def test_a_log_that_does_not_reach_back_makes_everything_be_compared(world: Callable[..., Any]) -> None:
    w = world(crm=Memory(deletes="tombstones"), shop=Memory())
    for number in (1, 2):
        w.systems["crm"].put("people", str(number), **person(number))
    w.sync()
    taken(w, "2")  # and the log tells nothing of it

    class Forgetful(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Iterator[Batch]:
            if since and self.memory is w.systems["crm"]:
                raise HistoryLost("the log begins later.")
            yield from super().read(stream, since)

    plain = w.ws.connect
    w.ws.connect = lambda name: Forgetful(w.systems[name], list(plain(name).streams.values()))
    w.sync()
    assert gone(w) == ["2"]
    assert any("the log begins later" in (r["body"] or "") for r in w.rows("Entry"))
    assert [r["compared"] for r in w.rows("Step") if r["member"] == "crm.people" and r["step"] == "pull"] == [
        False,
        True,
    ]


def test_where_a_log_tells_of_deletions_an_unproved_compare_leaves_the_cursor(
    world: Callable[..., Any],
) -> None:
    w = world(crm=Memory(deletes="tombstones"), shop=Memory())
    for number in (1, 2):
        w.systems["crm"].put("people", str(number), **person(number))
    w.sync()
    w.systems["crm"].delete("people", "2")
    w.systems["crm"].counted = 2

    class ListOnly(MemoryConnector):
        """As a system whose log is not asked when everything is listed."""

        def read(self, stream: Stream, since: State) -> Iterator[Batch]:
            yield from (batch for batch in super().read(stream, since) if since or not batch.gone)

    plain = w.ws.connect
    w.ws.connect = lambda name: ListOnly(w.systems[name], list(plain(name).streams.values()))
    w.systems["crm"].put("people", "1", **person(1, city="Ulm", changed=FEB))
    w.sync(full=True)
    assert gone(w) == []
    w.sync()
    assert gone(w) == ["2"], "the log was asked from where it had been left"


def test_a_connector_that_reports_what_it_does_not_declare_is_refused(world: Callable[..., Any]) -> None:
    class Undeclared(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Iterator[Batch]:
            yield Batch([], since, gone=["1"])

    w = world(crm=Memory(deletes="none"), shop=Memory())
    w.ws.connect = lambda name: Undeclared(w.systems[name], [Stream("people", "key")])
    with pytest.raises(ConfigError, match="declares that it sees none"):
        w.sync()


def test_a_connector_that_cannot_look_at_single_records_marks_nobody(three: Any) -> None:
    taken(three, "1")

    def cannot(keys: Sequence[str]) -> None:
        raise NotImplementedError

    scripted(three, "crm", look=cannot)
    with pytest.raises(ConfigError, match="did not show 1 records"):
        three.sync(full=True)
    assert gone(three) == []


@pytest.mark.parametrize(
    ("pages", "totals", "last", "doubt"),
    [
        ([["a", "b"], ["c"]], [None, None], True, None),
        ([["a", "b"], ["c"]], [3, 3], True, None),
        ([["a", "b"], ["b", "c"]], [4, 4], True, "the system counts 4 records, and 3 came"),
        ([["a", "b"], ["c"]], [3, 2], True, "the system's own count of it changed on the way"),
        ([["a", "b"], ["c"]], [3, None], False, "the system did not mark its end"),
        ([[]], [0], True, None),
        ([[]], [None], False, "the system did not mark its end"),
        ([["a"], ["b"], ["c"]], [2, None, None], True, None),  # one came while it was read
    ],
)
def test_what_a_listing_proves(pages: Any, totals: Any, last: bool, doubt: str | None) -> None:
    listing = Listing()
    for number, (keys, total) in enumerate(zip(pages, totals, strict=True)):
        listing.note(Batch([], State(), last=last and number == len(pages) - 1, total=total), keys)
    assert listing.doubt() == doubt
    assert all(key in listing for keys in pages for key in keys)
    assert "z" not in listing
