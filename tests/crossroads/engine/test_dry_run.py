"""A dry run says what the next run then does, and leaves nothing behind."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from crossroads.engine.dry_run import Write, counted, dry_run, sent
from crossroads.plan import Plan
from crossroads.records import Change, Record, Stream, WriteResult
from crossroads.store import Store
from crossroads.store.copy import carried
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
SYSTEMS = ("erp", "crm", "shop")
ORDERS = Plan.model_validate(
    {
        "sync": "orders",
        "entity": "order",
        "owner": "tests",
        "between": [
            {"connection": "shop", "stream": "orders"},
            {"connection": "erp", "stream": "orders", "create": "always"},
        ],
    }
)


def deriving(record: Record) -> Record:
    return {**record, "derived": "x", "reference": record.get("reference")}


def everything(w: Any) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with w.store.read() as db:
        return {name: list(db.execute(t.select()).all()) for name, t in SQLModel.metadata.tables.items()}


def told(writes: Sequence[Write]) -> Counter[Any]:
    """Return what is sent, told apart by all but the numbers that only the systems can give."""
    return Counter(
        (one.target, one.kind, one.key, tuple(sorted((p, v) for p, (_, v) in one.fields.items() if p != "customer")),
         "customer" in one.fields)
        for one in writes
    )  # fmt: skip


def standing(w: Any, write: Write) -> list[tuple[Any, Any]]:
    """Return, for each field, what a dry run says that stands there, and what the system's record says."""
    connection, _, stream = write.target.partition(".")
    record = w.systems[connection].records.get(stream, {}).get(write.key)
    there = w.ws.lens(connection, stream).get(record) if record else {}
    return [(before, there.get(path)) for path, (before, _) in write.fields.items()]


def sync(w: Any, plan: Plan) -> list[Write]:
    """Make one run and return what it sent."""
    w.run(plan)
    with w.store.read() as db:
        return sent(db, f"run-{w.runs}")


change = st.tuples(
    st.sampled_from(SYSTEMS),
    st.integers(0, 3),
    st.dictionaries(
        st.sampled_from(["given", "city", "street", "mail", "mobile"]), st.integers(0, 2), min_size=1, max_size=3
    ),
)  # fmt: skip
VALUES: dict[str, Callable[[int], str]] = {
    "given": lambda n: ["Ann", "Anna", "Tom"][n],
    "city": lambda n: ["Bonn", "Ulm", ""][n],
    "street": lambda n: ["Weg 1", "Weg 2", ""][n],
    "mail": lambda n: ["a@x.example", "b@x.example", ""][n],
    "mobile": lambda n: ["+4915100000001", "+4915100000002", ""][n],
}
numbers = itertools.count()


@given(rounds=st.lists(st.lists(change, max_size=6), min_size=1, max_size=3), shows=st.booleans())
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking whole worlds takes many minutes
    suppress_health_check=list(HealthCheck),
)
def test_what_a_dry_run_says_is_what_the_next_run_does(
    world: Any, tmp_path: Path, rounds: list[list[Any]], shows: bool
) -> None:
    folder = tmp_path / str(next(numbers))
    folder.mkdir()
    w = world.make_in(
        folder,
        erp=Memory(create="enforced_key"),
        crm=Memory(normalise=deriving),
        shop=Memory(create="idempotency_key", shows=shows),
    )
    for changes in rounds:
        for system, number, fields in changes:
            said = {name: VALUES[name](n) for name, n in fields.items()}
            if f"h{number}" not in w.systems[system].records.get("people", {}):
                said = {"family": "Lee", **said}
            w.systems[system].put("people", f"h{number}", **said)
        before, writes = everything(w), w.writes()
        (foreseen,) = dry_run(w.ws, ["customers"])
        assert everything(w) == before, "a dry run left something behind"
        assert w.writes() == writes, "a dry run wrote into a system"
        stands = [(one, standing(w, one)) for one in foreseen.writes]
        assert all(shown == stood for one, there in stands for shown, stood in there)
        assert told(foreseen.writes) == told(sync(w, w.plans[0]))
        assert foreseen.members == orjson.loads(w.rows("Run")[-1]["summary"])["members"]


def test_creates_that_make_others_possible_are_followed(world: Any, customer_plan: Any) -> None:
    people = customer_plan("erp", "shop", erp={"create": "needed"}, shop={"create": "never"})
    w = world([people, ORDERS], erp=Memory(), shop=Memory())
    w.systems["shop"].put("people", "7", **ANN)
    w.systems["shop"].put("orders", "o1", reference="#1", buyer="7", status="open")
    for _ in range(4):
        foreseen = dry_run(w.ws, ["customers", "orders"])
        for one, plan in zip(foreseen, w.plans, strict=True):
            assert told(one.writes) == told(sync(w, plan))
    (order,) = w.systems["erp"].records["orders"].values()
    assert order["buyer"] == next(iter(w.systems["erp"].records["people"]))


def test_a_dry_run_says_what_a_record_says_now_and_then(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **{**ANN, "city": "Ulm", "changed": FEB})
    w.systems["crm"].put("people", "b", **{**ANN, "given": "Bo", "mail": "bo@x.example"})
    (foreseen,) = dry_run(w.ws, ["customers"])
    change, create = sorted(foreseen.writes, key=lambda one: one.kind)
    assert (change.target, change.key, dict(change.fields)) == (
        "erp.people", "1", {"addresses.main.locality": ("Bonn", "Ulm")},
    )  # fmt: skip
    assert create.fields["given_name"] == (None, "Bo")
    assert foreseen.members["crm.people"]["pull"]["applied"] == 2
    assert counted(foreseen.writes)["erp.people"]["fields"]["addresses.main.locality"] == 2
    assert "Ulm" not in repr(foreseen), "a value would reach a log"


def test_a_system_that_is_down_is_named_and_the_others_are_foreseen(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory(), shop=Memory(down=True))
    w.systems["erp"].put("people", "1", **ANN)
    (foreseen,) = dry_run(w.ws, ["customers"])
    # Nobody is made where nobody could look who is there.
    assert {one.target for one in foreseen.writes} == {"crm.people"}
    assert any("shop.people: pull failed" in problem for problem in foreseen.problems)


def test_a_lost_create_is_looked_up_and_not_sent_again_by_a_dry_run(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory(settle_seconds=0.0))
    w.systems["erp"].put("people", "1", **ANN)
    real = w.ws.connect

    class Dies(MemoryConnector):
        def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
            for one in changes:
                self._one(stream, one)
            raise RuntimeError

    w.ws.connect = lambda name: Dies(w.systems[name], list(real(name).streams.values()))
    with pytest.raises(RuntimeError):
        w.sync()
    w.ws.connect = real
    writes = w.writes()
    (foreseen,) = dry_run(w.ws, ["customers"])
    assert not foreseen.writes
    w.sync()
    assert w.writes() == writes == 1


def test_a_copy_of_any_database_has_every_row(world: Any, tmp_path: Path) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.sync()
    into = Store(f"sqlite:///{tmp_path / 'copy.db'}")
    with w.store.engine.connect() as db:
        carried(db, into)
    copy = type("", (), {"store": into})
    assert everything(copy) == everything(w)
    into.close()
