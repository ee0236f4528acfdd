"""Several trials at a time, each slot with systems and stores of its own, forked from a parent that has loaded everything."""

import multiprocessing
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from crossroads.store import migrate
from sandbox.crash import server
from sandbox.crash.run import Weather, perform
from sandbox.crash.trial import Pace, Trial, Verdict
from sandbox.postgres import cluster as server_of_our_own
from sandbox.postgres import database, drop

Fresh = Callable[[str], AbstractContextManager[str]]
"""Gives the address of an empty store with all its tables, under a name, for as long as it is needed."""


@contextmanager
def sqlite() -> Iterator[Fresh]:
    """Yield a way to fresh SQLite stores: copies of one that was migrated once."""
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        template = Path(folder) / "template.db"
        migrate(f"sqlite:///{template}")

        @contextmanager
        def fresh(name: str) -> Iterator[str]:
            path = Path(folder) / f"{name}.db"
            path.write_bytes(template.read_bytes())
            yield f"sqlite:///{path}"
            for left in Path(folder).glob(f"{name}.db*"):
                left.unlink()

        yield fresh


@contextmanager
def postgres() -> Iterator[Fresh]:
    """Yield a way to fresh PostgreSQL stores: databases of a server of our own, copied from one that was migrated once."""
    with server_of_our_own() as url:
        template = database(url)
        migrate(template)

        @contextmanager
        def fresh(name: str) -> Iterator[str]:
            store = database(url, template.partition("?")[0].rpartition("/")[2])
            yield store
            drop(url, store)

        yield fresh


def played(
    seeds: Sequence[int], fresh: Fresh, *, slots: int = 2, say: Callable[[str], None] = lambda _: None
) -> Iterator[Verdict]:
    """Yield the verdict on every seed, in the order in which they come."""
    with server.running() as url, fresh("warm") as database:
        perform(url, database, "warm", Weather(0))
    fork = multiprocessing.get_context("fork")
    todo, done = fork.SimpleQueue(), fork.SimpleQueue()
    workers = [fork.Process(target=_slot, args=(todo, done, fresh, say)) for _ in range(slots)]
    for worker in workers:
        worker.start()
    waiting = iter(seeds)
    try:
        for _ in range(2 * slots):  # not all at once: a pipe holds so many and no more
            todo.put(next(waiting, None))
        for _ in seeds:
            yield done.get()
            todo.put(next(waiting, None))
    finally:  # also where whoever asked has seen enough
        for worker in workers:
            worker.terminate()
            worker.join()


def _slot(todo: Any, done: Any, fresh: Fresh, say: Callable[[str], None]) -> None:
    pace, parent = Pace(), os.getppid()
    with server.running() as url:
        while (seed := todo.get()) is not None and os.getppid() == parent:
            try:
                with fresh(str(seed)) as database:
                    done.put(Trial(seed, url, database, pace, say).play())
            except Exception:  # a mistake of the trial's own must not leave the others waiting
                done.put(Verdict(seed, wrong={"not_converged": [traceback.format_exc()]}))
