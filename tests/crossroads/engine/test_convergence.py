"""Whatever people do in three systems, and whatever breaks meanwhile: once it is quiet, all say the same.

A machine plays people who make, change, clear, rename, swap, share and delete, systems that lose answers and go
down, and runs that are killed at any step. Every person made by hand has a family name of their own, which
nobody changes, so that a doubled record shows; and a given name like no other one, so that only records made for
one person are ever taken for one.
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from crossroads import engine, journal
from crossroads.audit import explain
from crossroads.errors import CrossroadsError
from crossroads.identity.names import folded
from crossroads.records import Change, Record, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

SYSTEMS = ("erp", "crm", "shop")
KEPT = ("Contribution", "Link", "Profile", "IdentityKey", "Assertion", "Lineage", "Due", "Intent", "Rejected",
        "Parked", "Notice", "SourceField", "StreamState")  # fmt: skip
ROUNDS = 8
Where = tuple[str, str]

systems = st.sampled_from(SYSTEMS)
known_by = st.sampled_from(["mail", "mobile", "both", "neither"])


class Killed(BaseException):
    """The process is gone: nothing after this line happens."""


class Mortal(MemoryConnector):
    """Dies with its caller before a write, or right after it and before the answer is seen."""

    moment: Callable[[], None] = staticmethod(lambda: None)

    def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
        for change in changes:
            self.check()
            self.moment()
            result = self._one(stream, change)
            self.moment()
            yield result


def unlike(number: int) -> str:
    """Return a given name that is like no other one."""
    return "".join(random.Random(number).choices("abcdefghijklmnopqrstuvwxyz", k=9)).title()


def shouting(record: Record) -> Record:
    """A system that keeps names in capitals and derives a field."""
    loud = {name: record[name].upper() for name in ("given", "city") if record.get(name)}
    return {**record, **loud, "derived": "x"}


class Company(RuleBasedStateMachine):
    """Three systems, the people who work in them, and syncs that go wrong."""

    records = Bundle("records")

    def __init__(self, make: Any, folder: Path) -> None:
        super().__init__()
        folder.mkdir()
        self.w = make(
            folder,
            erp=Memory(create="enforced_key", settle_seconds=0.0, page=3),
            crm=Memory(create="search", settle_seconds=0.0, page=3, normalise=shouting),
            shop=Memory(create="idempotency_key", settle_seconds=0.0, page=3, shows=False),
        )
        self.moments: int | None = None
        self.clock = self.w.ws.clock
        self.w.ws.clock = self._now
        self.w.ws.connect = self._connect
        self.made: Counter[str] = Counter()
        self.number = itertools.count(1)

    def _connect(self, name: str) -> Mortal:
        made = Mortal(self.w.systems[name], list(self.w.systems[name].connector("people").streams.values()))
        made.moment = self._moment
        return made

    def _now(self) -> str:
        self._moment()
        return str(self.clock())

    def _moment(self) -> None:
        """Die, if the time has come."""
        if self.moments is not None:
            self.moments -= 1
            if self.moments < 0:
                raise Killed

    def _put(self, at: Where, **fields: str) -> Where:
        self.w.systems[at[0]].put("people", at[1], **fields)
        return at

    def _there(self, at: Where) -> Any:
        return self.w.systems[at[0]].records["people"].get(at[1])

    # what people do

    @initialize(target=records, first=st.lists(st.tuples(systems, known_by), min_size=1, max_size=4))
    def begin(self, first: list[tuple[str, str]]) -> Any:
        return multiple(*[self._make(system, known) for system, known in first])

    @rule(target=records, system=systems, known=known_by)
    def make(self, system: str, known: str) -> Where:
        return self._make(system, known)

    def _make(self, system: str, known: str) -> Where:
        n = next(self.number)
        self.made[family := f"Fam{n:03}"] += 1
        fields = {"given": unlike(n), "family": family}
        if known in ("mail", "both"):
            fields["mail"] = f"m{n}@x.example"
        if known in ("mobile", "both"):
            fields["mobile"] = f"+49151{n:08}"
        return self._put((system, f"h{n}"), **fields)

    @rule(target=records, of=records, system=systems, by=st.sampled_from(["mail", "mobile"]))
    def make_again(self, of: Where, system: str, by: str) -> Any:
        """Make somebody who is known elsewhere: one person if an address fits, else another of that name."""
        known = self._there(of)
        if not known:
            return multiple()
        self.made[known["family"]] += 1
        fields = {name: known[name] for name in ("given", "family", by) if known.get(name)}
        return self._put((system, f"h{next(self.number)}"), **fields)

    @rule(at=records, field=st.sampled_from(["city", "street", "mobile"]), value=st.integers(0, 5))
    def edit(self, at: Where, field: str, value: int) -> None:
        if self._there(at):
            self._put(at, **{field: f"+4916{value:08}" if field == "mobile" else f"{field} {value}"})

    @rule(at=records, back=st.booleans())
    def rename(self, at: Where, back: bool) -> None:
        """Change the given name: records taken for one person come apart, and together again."""
        if found := self._there(at):
            self._put(at, given=unlike(int(found["family"][3:]) if back else next(self.number)))

    @rule(at=records, field=st.sampled_from(["city", "street", "mobile", "mail"]))
    def clear(self, at: Where, field: str) -> None:
        if self._there(at):
            self._put(at, **{field: ""})

    @rule(at=records)
    def move_to_another_address(self, at: Where) -> None:
        if self._there(at):
            self._put(at, mail=f"new{next(self.number)}@x.example")

    @rule(one=records, other=records)
    def swap_addresses(self, one: Where, other: Where) -> None:
        a, b = self._there(one), self._there(other)
        if a and b:
            mails = a.get("mail") or "", b.get("mail") or ""
            self._put(one, mail=mails[1])
            self._put(other, mail=mails[0])

    @rule(one=records, other=records)
    def share_a_telephone(self, one: Where, other: Where) -> None:
        a = self._there(one)
        if a and self._there(other) and a.get("mobile"):
            self._put(other, mobile=a["mobile"])

    @rule(at=consumes(records))
    def delete(self, at: Where) -> None:
        if self._there(at):
            self.w.systems[at[0]].delete("people", at[1])

    # what breaks

    @rule(system=systems, before=st.booleans())
    def an_answer_is_lost(self, system: str, before: bool) -> None:
        setattr(self.w.systems[system], "lose_before" if before else "lose", 1)
        self._sync()

    @rule(system=systems)
    def a_system_is_down(self, system: str) -> None:
        self.w.systems[system].down = True
        self._sync()
        self.w.systems[system].down = False

    @rule(moments=st.integers(20, 90))
    def a_run_is_killed(self, moments: int) -> None:
        self.moments = moments
        try:
            self._sync()
        except Killed:
            pass
        finally:
            self.moments = None

    # what the integration team does

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        self._sync(full=full)

    def _sync(self, full: bool = False) -> str:
        """Make one run as the DAG does, where a step that fails stops no other; return what is wrong with it."""
        w, (plan,) = self.w, self.w.plans
        w.runs += 1
        run, told = f"run-{w.runs}", ""
        engine.begin(w.ws, plan, run, full=full)
        pulls, pushes = (
            [partial(step, w.ws, plan, m.name, run) for m in plan.between]
            for step in (engine.pull, engine.push)
        )
        steps: list[Callable[[], object]] = [*pulls, partial(engine.match, w.ws, plan, run), *pushes]
        steps.append(partial(engine.report, w.ws, plan, run))
        for one in steps:
            try:
                one()
            except CrossroadsError as error:
                told = str(error)
        return told

    # what must hold

    @invariant()
    def no_record_is_doubled(self) -> None:
        for name, system in self.w.systems.items():
            found = Counter(record["family"] for record in system.records.get("people", {}).values())
            for family, count in found.items():
                made = self.made[family]
                assert count <= made, f"{name} has {count} records of {family}, whom people made {made} times"

    def teardown(self) -> None:
        try:
            self._come_to_rest()
            self._nothing_changes()
            self._all_say_the_same()
            self._all_is_explained()
        finally:
            self.w.store.close()

    def _come_to_rest(self) -> None:
        for system in self.w.systems.values():
            system.lose = system.lose_before = 0
        for _ in range(ROUNDS):
            writes = self.w.writes()
            assert not (told := self._sync()), told
            if self.w.writes() == writes:
                return
        raise AssertionError(f"the systems did not come to rest in {ROUNDS} runs")

    def _nothing_changes(self) -> None:
        assert not (told := self._sync(full=True)), told
        rows, writes = {name: self._rows(name) for name in KEPT}, self.w.writes()
        for full in (False, True):
            assert not (told := self._sync(full=full)), told
            assert self.w.writes() == writes, "a quiet run wrote"
            for name in KEPT:
                assert self._rows(name) == rows[name], f"a quiet run changed {name}"

    def _rows(self, name: str) -> list[str]:
        return sorted(map(str, self.w.rows(name)))  # PostgreSQL tells what was written last at the end

    def _all_say_the_same(self) -> None:
        links = {row["contribution"]: row["profile"] for row in self.w.rows("Link")}
        golden = {row["id"]: orjson.loads(row["document"]) for row in self.w.rows("Profile")}
        seen: Counter[str] = Counter()
        places: dict[str, set[str]] = {profile: set() for profile in golden}
        words = dict[str, set[Any]]()
        for one in self.w.rows("Contribution"):
            name, profile = one["connection"], links[one["id"]]
            places.setdefault(profile, set()).add(name)
            if one["gone"]:
                continue
            seen[name] += 1
            lens = self.w.ws.lens(name, "people")
            says = lens.get(self.w.systems[name].records["people"][one["key"]])
            words.setdefault(profile, set()).update(
                value for held in (one["holds"], one["said"]) if held for value in orjson.loads(held).values()
            )
            for path in {*says, *filter(lens.writes, golden[profile])}:
                ours, theirs = golden[profile].get(path), says.get(path)
                assert folded(ours or "") == folded(theirs or ""), f"{name} says otherwise in {path}"
        for name, system in self.w.systems.items():
            assert seen[name] == len(system.records.get("people", {})), (
                f"{name} has records the store does not know"
            )
        for profile, document in golden.items():
            united = {
                value
                for path, value in document.items()
                if path.split(".")[1:2] in ([name] for name in SYSTEMS)
            }
            assert united <= words[profile], "something is united that no record says"
            assert places[profile] == set(SYSTEMS), (
                "somebody is missing in a system and was not deleted there"
            )

    def _all_is_explained(self) -> None:
        links = {row["contribution"]: row["profile"] for row in self.w.rows("Link")}
        for profile in self.w.rows("Profile"):
            why = orjson.loads(profile["provenance"])
            assert why.keys() == orjson.loads(profile["document"]).keys()
            assert {links[source] for source, *_ in why.values()} <= {profile["id"]}
            assert all(field.settled for field in explain.explain(self.w.ws, profile["id"]).fields)
        with self.w.store.read() as db:
            assert list(journal.verify(db)) == []


@pytest.mark.both_stores
def test_whatever_happens_all_systems_come_to_agree(world: Any, tmp_path: Path) -> None:
    numbers = itertools.count()

    class OurCompany(Company):
        def __init__(self) -> None:
            super().__init__(world.make_in, tmp_path / str(next(numbers)))

    (probe := tmp_path / "probe").mkdir()
    here = world.make_in(probe, erp=Memory()).store.engine.dialect
    run_state_machine_as_test(
        OurCompany,
        settings=settings(
            max_examples=20 if here.name == "sqlite" else 2,
            stateful_step_count=14,
            deadline=None,
            # Shrinking takes many minutes; what a machine of 14 steps did can be read as it is.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
