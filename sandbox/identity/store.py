"""What it costs to keep who is one person in the store: a bulk load, one record, batches, an explanation."""

import pickle
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crossroads.calm import calm
from crossroads.identity.evaluation import evaluated
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.online import Register, auditing, models, together
from crossroads.identity.online.everybody import everybody
from crossroads.identity.online.loading import load
from crossroads.identity.online.nodes import whose
from crossroads.identity.person import Person
from crossroads.identity.resolve import adopted
from crossroads.identity.table import read
from crossroads.identity.threshold import threshold
from crossroads.identity.train import train
from crossroads.store import Store, migrate, table
from crossroads.store.clock import now
from crossroads.store.tables import Edge, Node
from sandbox.identity.sets import Known

LATE = 6_000
"""Records kept out of the load, to be taken in one by one and in batches."""

SINGLE, BATCH = 1_000, 1_000
SCOPE = ("customer",)


def loaded(known: Known, folder: Path) -> dict[str, Any]:
    """Return what it costs to take a file over into an empty store: reading, training, comparing and storing."""
    url, began, wall = url_of(folder), time.process_time(), time.perf_counter()
    migrate(url)
    store, laps = Store(url), {"start": time.process_time()}
    late: list[tuple[str, Person]] = []
    records = _but_late(read(known.file, known.fields), len(known.truth) - LATE, late)
    with calm(), everybody(((name, (one,)) for name, one in records), nicknames()) as people:
        laps["read, block"] = time.process_time()
        model = train(people)
        laps["train"] = time.process_time()
        found = together.likely(people, model)
        model = adopted(model, people.count, threshold(found.pairs.values()))
        laps["compare"] = time.process_time()
        persons = together.persons(people, model, found.pairs)
        laps["split"] = time.process_time()
        with store.write(SCOPE) as db:
            models.keep(db, model, actor="", why="all were loaded by it", at=now())
            load(db, people, found.pairs, persons)
        laps["store"] = time.process_time()
    spent = {"cpu_s": round(time.process_time() - began, 1), "wall_s": round(time.perf_counter() - wall, 1)}
    model.save(folder / "model.json")
    (folder / "late.pickle").write_bytes(pickle.dumps(late))
    steps = {name: round(laps[name] - laps[before], 1) for before, name in pairwise(laps)}
    return {"what": "bulk load", "records": people.count, **spent, "steps_cpu_s": steps, "pairs": found.by_splink,
            "threshold_bits": round(model.threshold, 2), "peak_mb": _peak()}  # fmt: skip


def added(folder: Path) -> dict[str, Any]:
    """Return what one record costs, committed, and how many a CPU-second are taken in by batches."""
    store, register = Store(url_of(folder)), Register(Model.load(folder / "model.json"))
    late: list[tuple[str, Person]] = pickle.loads((folder / "late.pickle").read_bytes())  # noqa: S301
    rest = late[SINGLE:]
    with calm():  # as every step of a run does
        alone = sorted(_timed(partial(put, store, register, [one])) for one in late[:SINGLE])
        spent = sum(
            _timed(partial(put, store, register, rest[at : at + BATCH])) for at in range(0, len(rest), BATCH)
        )
    return {
        "what": "records added",
        "p50_ms": round(statistics.median(alone) * 1000, 2),
        "p99_ms": round(alone[int(len(alone) * 0.99)] * 1000, 2),
        "batched_a_cpu_s": round(len(rest) / spent),
        "peak_mb": _peak(),
        "store_mb": round((folder / "people.db").stat().st_size / 2**20),
    }


def kept(known: Known, folder: Path) -> dict[str, Any]:
    """Return how well who is who is known in the store, of all records, those loaded and those added."""
    quality = evaluated(clusters(Store(url_of(folder))), known.truth)._asdict()
    return {"what": "kept", **{name: round(value, 4) for name, value in quality.items()}}


def explained(folder: Path, sample: int = 2_000) -> dict[str, Any]:
    """Return how many pairs are explained by rows that sum to the stored weight, and how long that takes."""
    store, register = Store(url_of(folder)), Register(Model.load(folder / "model.json"))
    with store.read() as db:
        rows, edge = table(Node), table(Edge)
        named = dict(db.execute(select(rows.c.number, rows.c.address)).tuples().all())
        pairs = db.execute(select(edge.c.a, edge.c.b, edge.c.bits).limit(sample)).all()
        times, right = [], 0
        for a, b, bits in pairs:
            began = time.process_time()
            found = register.explain(db, named[a], named[b])
            times.append(time.process_time() - began)
            right += abs(sum(row.bits for row in found) - bits) <= 1e-6
    return {
        "what": "explained",
        "pairs": len(pairs),
        "right": right / len(pairs),
        "p50_ms": round(statistics.median(times) * 1000, 2),
    }


def audited(folder: Path) -> dict[str, Any]:
    """Return what it costs to hold the store against one comparison of everybody, and how much differs."""
    store, model = Store(url_of(folder)), Model.load(folder / "model.json")
    began, wall = time.process_time(), time.perf_counter()
    with calm(), store.read() as db:
        found = auditing.audited(db, model)
    return {
        "what": "audited",
        "records": found.records,
        "pairs": found.by_splink + found.by_scorer,
        "other_pairs": len(found.pairs),
        "other_persons": len(found.joined) + len(found.parted),
        "cpu_s": round(time.process_time() - began, 1),
        "wall_s": round(time.perf_counter() - wall, 1),
        "peak_mb": _peak(),
    }


def clusters(store: Store) -> dict[str, int]:
    """Return whose each record is."""
    with store.read() as db:
        return whose(db)


def _but_late(
    records: Iterable[tuple[str, Person]], count: int, late: list[tuple[str, Person]]
) -> Iterator[tuple[str, Person]]:
    for place, one in enumerate(records):
        if place < count:
            yield one
        else:
            late.append(one)


def put(store: Store, register: Register, records: Sequence[tuple[str, Person | None]]) -> None:
    """Take records in, in one transaction."""
    with store.write(SCOPE) as db:
        register.put(db, {name: one and (one,) for name, one in records})


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def url_of(folder: Path) -> str:
    """Return the address of a store in a folder."""
    return f"sqlite:///{folder / 'people.db'}"


def _peak() -> int:
    """Return the most memory this process had, in MB; what `getrusage` says is of whoever began it too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
