"""Killing any process at any moment and running again loses no change and doubles no remote record."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from crossroads import engine
from crossroads.records import Change, Stream, WriteResult
from crossroads.testkit.killer import KILLED, Attempt, Moments
from crossroads.testkit.memory import Memory, MemoryConnector

JAN, FEB = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
PEOPLE = 4


class OnDisk(Memory):
    """A remote system that outlives the process that talks to it: its state is on disk before it answers."""

    path: Path

    def save(self) -> None:
        kept = {"records": self.records, "writes": self.writes, "requests": self.requests, "tick": self.tick}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(kept))
        part.replace(self.path)

    def load(self) -> None:
        if self.path.exists():
            for name, value in json.loads(self.path.read_text()).items():
                setattr(self, name, value)

    def connector(self, *streams: str, writable: bool = True) -> "DiskConnector":
        made = super().connector(*streams, writable=writable)
        return DiskConnector(self, list(made.streams.values()))


class DiskConnector(MemoryConnector):
    """Saves after each write, before the answer: the moment at which a killed caller does not know."""

    moments: Callable[[], None] = staticmethod(lambda: None)

    def write(self, stream: Stream, changes: list[Change]) -> Iterator[WriteResult]:  # type: ignore[override]
        for change in changes:
            self.moments()
            result = self._one(stream, change)
            self.memory.save()  # type: ignore[attr-defined]
            self.moments()
            yield result


def remote(folder: Path, name: str, create: str) -> OnDisk:
    system = OnDisk(create=create, settle_seconds=0.05)
    system.path = folder / f"{name}.json"
    system.load()
    return system


def child(run: Callable[[], None], kill_at: int | None) -> int:
    """Run in a forked process that kills itself at its n-th commit or remote write; return its signal or exit code."""

    def work() -> int:
        moments = Moments(kill_at)
        DiskConnector.moments = staticmethod(moments.pass_by)
        event.listen(Engine, "commit", moments.pass_by)
        run()
        return 100 + min(moments.count, 100)

    return Attempt(work).wait()


def expected(people: int) -> dict[str, str]:
    return {f"P{n}": ("Ulm" if n % 2 else "Bonn") for n in range(people)}


@pytest.mark.both_stores
@pytest.mark.parametrize("create", ["search", "enforced_key", "idempotency_key"])
def test_killed_at_every_commit_and_every_remote_write(world: Any, tmp_path: Path, create: str) -> None:
    def trial(folder: Path, kill_at: int | None) -> int:
        folder.mkdir()
        erp, crm = remote(folder, "erp", create), remote(folder, "crm", create)
        for n in range(PEOPLE):
            erp.put(
                "people",
                str(n),
                given=f"P{n}",
                family="Lee",
                mail=f"p{n}@x.example",
                city="Bonn",
                changed=JAN,
            )
        crm.put("people", "crm-1", given="P1", family="Lee", mail="p1@x.example", city="Ulm", changed=FEB)
        crm.put("people", "crm-3", given="P3", family="Lee", mail="p3@x.example", city="Ulm", changed=FEB)
        erp.save()
        crm.save()
        template = world.make_in(folder, erp=erp, crm=crm)
        template.store.close()
        nonlocal every
        every = (1 if create == "search" else 4) * (
            1 if template.store.engine.dialect.name == "sqlite" else 5
        )

        def run() -> None:
            w = world.make_in(folder, erp=remote(folder, "erp", create), crm=remote(folder, "crm", create))
            w.run(w.plans[0], run="the run")

        first = child(run, kill_at)
        assert first == KILLED or first >= 100, "the run itself failed"
        assert child(run, None) >= 100
        erp, crm = remote(folder, "erp", create), remote(folder, "crm", create)
        for system in (erp, crm):
            assert {r["given"]: r["city"] for r in system.records["people"].values()} == expected(PEOPLE)
            assert len(system.records["people"]) == PEOPLE, "a record was doubled or lost"
        assert sorted(kind for _, _, kind in crm.writes) == ["create"] * 2
        assert sorted(kind for _, _, kind in erp.writes) == ["update"] * 2
        w = world.make_in(folder, erp=erp, crm=crm)
        (run_row,) = w.rows("Run")
        counts = json.loads(run_row["summary"])["members"]["erp.people"]["pull"]
        assert counts["read"] == PEOPLE == sum(v for k, v in counts.items() if k != "read")
        w.store.close()
        return first

    every = 1
    moments = trial(tmp_path / "whole", None) - 100
    assert moments > 20
    for kill_at in range(1, moments + 1, every):
        assert trial(tmp_path / f"killed-{kill_at}", kill_at) == KILLED


@pytest.mark.both_stores
def test_two_attempts_alive_at_once_never_send_the_same_intent(world: Any) -> None:
    from crossroads.engine import ledger
    from crossroads.engine.attempt import attempt

    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", given="P", family="Lee", mail="p@x.example", changed=JAN)
    (plan,) = w.plans
    engine.begin(w.ws, plan, "r")
    for member in plan.between:
        engine.pull(w.ws, plan, member.name, "r")
    engine.match(w.ws, plan, "r")
    sent: list[str] = []

    class Slow(MemoryConnector):
        def write(self, stream: Stream, changes: Any) -> Iterator[WriteResult]:
            # While the first attempt is inside its call, a second one comes to the same stream.
            with attempt() as who, w.store.write() as db:
                sent.extend(
                    c.id
                    for c in ledger.claim(
                        db, "crm", "people", at=w.ws.clock(), limit=9, run="r", who=who, lease=9
                    )
                )
                sent.extend(
                    c.id
                    for c in ledger.doubtful(
                        db, "crm", "people", at=w.ws.clock(), run="r", who=who, settle=0, lease=9
                    )
                )
            yield from super().write(stream, changes)

    first = w.ws.connect
    w.ws.connect = lambda name: Slow(w.systems[name], list(first(name).streams.values()))
    engine.push(w.ws, plan, "crm.people", "r")
    assert sent == []
    assert len(w.systems["crm"].writes) == 1
