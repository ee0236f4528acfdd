"""The load itself: systems, people and workers started, stopped, and brought to rest."""

import multiprocessing
import time
from collections import Counter
from typing import Any, Self

from sqlalchemy import text

from crossroads.store import Store
from sandbox.load.judge import judged
from sandbox.load.systems import ALLOWED, NAMES, Server
from sandbox.load.workers import PLANS, run, work, workspace

ROUNDS = 12
WINDOW = 1.0


class Load:
    """Systems in a process of their own, and workers that sync them over one store."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self.context = multiprocessing.get_context("fork")
        self.server = Server(ctx=self.context)
        self.server.start()
        self.systems: Any = self.server.Systems(seed)  # type: ignore[attr-defined]
        self.workers: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.server.shutdown()

    def start(self, seconds: float, workers: int) -> None:
        """Start the workers, which end by themselves."""
        until = time.monotonic() + seconds
        for number in range(workers):
            mine, theirs = self.context.Pipe()
            arguments = (number, self.url, self.systems, until, theirs)
            process = self.context.Process(target=work, args=arguments, daemon=True)
            process.start()
            self.workers.append((process, mine))

    def kill(self) -> None:
        """End the workers wherever they are."""
        for process, _ in self.workers:
            process.kill()
            process.join()
        self.workers = []

    def edit(self, seconds: float, edits: float) -> int:
        """Let people work for a while, so many edits a second; return how many they made."""
        until, done = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            self.systems.edit()
            done += 1
            time.sleep(1 / edits)
        return done

    def run(self, seconds: float, workers: int, edits: float) -> dict[str, Any]:
        """Load the store for a while and return what was done."""
        self.start(seconds, workers)
        done = self.edit(seconds, edits)
        told: Counter[str] = Counter()
        for process, pipe in self.workers:
            told += pipe.recv()
            process.join()
        self.workers = []
        errors = {name: count for name, count in told.items() if name.startswith("error")}
        return {
            "edits": done,
            "runs": told["runs"],
            "superseded": told["Superseded"],
            "runs_not_green": told["RunFailed"],
            "errors": errors,
            "calls": self.systems.told()["calls"],
            "most_calls_a_second": (most := {name: self.systems.most(name, WINDOW) for name in NAMES}),
            "over_budget": {name: count for name, count in most.items() if count > ALLOWED},
        }

    def rest(self, url: str | None = None) -> dict[str, Any]:
        """Run quietly until nothing is written any more, and judge what there is."""
        self.systems.calm()
        ws = workspace(url or self.url, self.systems)
        told: Counter[str] = Counter()
        rounds, quiet, first = 0, 0, -1
        while quiet < 2 and rounds < ROUNDS:
            rounds += 1
            before = self._writes()
            green = False not in [run(ws, plan, f"rest-{rounds}-{plan.sync}", told) for plan in PLANS]
            written = self._writes() - before
            first = written if first < 0 else first
            quiet = quiet + 1 if green and not written else 0
        found = judged(ws, self.systems.told())
        ws.store.close()
        return {"rounds_to_rest": rounds, "first_round_wrote": first, "writes": self._writes(), "not_converged": int(quiet < 2),
                **found}  # fmt: skip

    def _writes(self) -> int:
        return int(sum(self.systems.told()["writes"].values()))


def deadlocks(url: str) -> int:
    """Return how many deadlocks PostgreSQL saw in a database."""
    store = Store(url)
    with store.read() as db:
        db.execute(text("SELECT pg_stat_force_next_flush()"))
        found = db.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
    store.close()
    return int(found)
