"""Transactions beside each other, rows by the thousand, and what an error may tell."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from crossroads.store import Bulk, Store, Update, migrate, table
from crossroads.store.lookup import Lookup
from crossroads.store.scopes import Scope
from crossroads.store.tables import Contribution, Due, Intent, Lease, Run

pytestmark = pytest.mark.both_stores
RUN = ("id", "sync", "entity", "full", "started_at", "summary")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    migrate(url)
    made = Store(url)
    yield made
    made.close()


def values(store: Store, model: Any, *columns: str) -> list[tuple[Any, ...]]:
    rows = table(model)
    with store.read() as db:
        return [
            tuple(row)
            for row in db.execute(select(*(rows.c[c] for c in columns)).order_by(rows.c[columns[0]]))
        ]


def test_many_rows_are_written_and_written_over(store: Store) -> None:
    write = Bulk(Run, (*RUN, "state", "airflow"))
    with store.write() as db:
        write(db, [])
        write(db, [(f"r{n}", "s", "customer", n % 2 == 0, "t", "{}", "running", "{}") for n in range(3000)])
        write(db, [("r7", "s", "customer", False, "t", 'ü"\\{,}', "finished", "{}")] * 2)
    found = {identity: rest for identity, *rest in values(store, Run, "id", "state", "full", "summary")}
    assert len(found) == 3000
    assert found["r7"] == ["finished", False, 'ü"\\{,}']
    assert found["r8"] == ["running", True, "{}"]


def test_of_two_rows_with_one_identity_the_later_one_counts(store: Store) -> None:
    write = Bulk(Lease, ("name", "fence", "owner", "until"))
    with store.write() as db:
        write(db, [("l", 1, "a", "t"), ("m", 1, "a", "t"), ("l", 2, "b", "t")])
        Bulk(Lease, ("name", "fence", "owner", "until"), update=())(
            db, [("l", 3, "c", "t"), ("n", 1, "c", "t")]
        )
    assert values(store, Lease, "name", "fence", "owner") == [("l", 2, "b"), ("m", 1, "a"), ("n", 1, "c")]


def test_many_rows_are_changed_with_what_is_the_same_for_all(store: Store) -> None:
    columns = ("id", "entity", "connection", "stream", "key", "digest", "mapping", "holds", "said_at", "raw", "signature",
               "gone", "dirty", "run", "dictionary")  # fmt: skip
    raw = bytes(range(256))
    with store.write() as db:
        Bulk(Contribution, columns)(
            db,
            [
                (f"i{n}", "e", "c", "s", str(n), "", "", "{}", "t", raw, "", False, 1, "r", None)
                for n in range(9)
            ],
        )
        Update(Contribution, ("signature",), dirty=0)(db, [(f"s{n}", f"i{n}") for n in range(0, 9, 2)])
        Update(Contribution, (), dirty=2)(db, [("i1",)])
    found = values(store, Contribution, "id", "signature", "dirty", "raw", "dictionary")
    assert [row[1:3] for row in found[:4]] == [("s0", 0), ("", 2), ("s2", 0), ("", 1)]
    assert {row[3:] for row in found} == {(raw, None)}


def test_of_many_values_those_are_found_that_are_at_their_place(store: Store) -> None:
    place = ("connection", "stream", "profile")
    odd = ["", "ü", '"', "\\", "a,b", "{}", "%s", "?"]
    with store.write() as db:
        Bulk(Due, place, update=())(
            db, [("c", s, key) for s in ("s", "t") for key in (*odd, *map(str, range(3000)))]
        )
    find = Lookup(Due, ("stream", "profile"), "profile", within=("connection", "stream"))
    with store.read() as db:
        assert sorted(find(db, odd, "c", "s")) == [("s", key) for key in sorted(odd)]
        assert len(find(db, [str(n) for n in range(5000)], "c", "t")) == 3000
        assert find(db, odd, "d", "s") == find(db, [], "c", "s") == []


def test_a_batch_costs_the_same_round_trips_whatever_its_size(store: Store) -> None:
    def statements(rows: int) -> int:
        seen: list[bool] = []
        listen = lambda *told: seen.append(told[-1])  # noqa: E731
        event.listen(store.engine, "before_cursor_execute", listen)
        with store.write() as db:
            Bulk(Due, ("connection", "stream", "profile"), update=())(
                db, [("c", "s", str(n)) for n in range(rows)]
            )
            Update(Intent, ("state",), fence=1)(db, [("sent", str(n)) for n in range(rows)])
        event.remove(store.engine, "before_cursor_execute", listen)
        assert store.engine.dialect.name == "sqlite" or not any(seen), "row by row"
        return len(seen)

    assert statements(10) == statements(2000)


def beside(store: Store, mine: tuple[Scope, ...], other: tuple[Scope, ...]) -> bool:
    """Tell whether a transaction in scopes of its own goes on while another one holds its own."""
    ended = threading.Event()

    def work() -> None:
        with store.write(*other):
            ended.set()

    thread = threading.Thread(target=work)
    with store.write(*mine):
        thread.start()
        free = ended.wait(0.3)
    thread.join(30)
    assert ended.is_set()
    return free


@pytest.mark.parametrize(
    ("mine", "other", "free"),
    [
        ((("customer", "crm"),), (("customer", "erp"),), True),
        ((("customer", "crm"),), (("customer", "crm"),), False),
        ((("customer", "crm"),), (("customer",),), False),
        ((("customer",),), (("customer", "crm"),), False),
        ((("customer",),), (("order",),), True),
        ((("order", "shop"), ("customer", "shop")), (("customer", "shop"),), False),
        ((("order", "shop"), ("customer", "shop")), (("customer", "crm"),), True),
        ((), (("customer", "crm"),), False),
        ((("run", "r1"),), (), False),
        ((("run", "r1"),), (("run", "r2"),), True),
    ],
    ids=str,
)
def test_who_may_write_beside_whom(store: Store, mine: Any, other: Any, free: bool) -> None:
    if store.engine.dialect.name == "sqlite":
        free = False  # one writer at a time
    assert beside(store, mine, other) is free


def test_scopes_named_in_any_order_never_wait_for_each_other(store: Store) -> None:
    """A deadlock would be told by the database, and be an error here."""
    a, b, c = ("customer", "a"), ("customer", "b"), ("order", "c")
    orders: list[tuple[Scope, ...]] = [(a, b, c), (c, b, a), (b, a), (("order",), a), (("customer",), c), ()]
    failures: list[BaseException] = []

    def work(scopes: tuple[Scope, ...]) -> None:
        try:
            for n in range(15):
                with store.write(*scopes) as db:
                    Bulk(Due, ("connection", "stream", "profile"))(
                        db, [("c", "s", str(n % 3)), ("c", "s", "9")]
                    )
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(scopes,)) for scopes in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


def test_an_error_of_the_database_shows_no_value(store: Store) -> None:
    write = Bulk(Lease, ("name", "fence", "owner", "until"), strict=True)

    def told(work: Callable[[], None]) -> str:
        with pytest.raises(IntegrityError) as caught:
            work()
        return str(caught.value)

    def twice() -> None:
        for _ in range(2):
            with store.write() as db:
                write(db, [("ann@lee.example", 1, "Zebulon", "t")])

    assert "Zebulon" not in told(twice)


def test_a_process_that_stands_still_in_a_transaction_does_not_keep_others_for_ever(store: Store) -> None:
    if store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's lock goes with its process; a waiter gives up after busy_timeout")
    with pytest.raises(DBAPIError, match="idle-in-transaction"), store.write() as db:  # noqa: PT012
        assert db.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "2min"
        db.execute(text("SET LOCAL idle_in_transaction_session_timeout = '100ms'"))
        time.sleep(0.5)
        db.execute(text("SELECT 1"))
    with store.write() as db:
        assert db.execute(text("SELECT 1")).scalar() == 1
