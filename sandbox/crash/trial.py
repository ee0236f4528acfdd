"""One trial: people act, runs are disturbed and run again, and once it is quiet all must be as people said."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import Pipe
from random import Random
from typing import Any

from crossroads.testkit.killer import KILLED, Attempt
from sandbox.crash import run as runs
from sandbox.crash.judge import Judge
from sandbox.crash.people import Office, People
from sandbox.crash.ring import FIELDS, SYSTEMS
from sandbox.crash.run import Result, Weather

ROUNDS_TO_REST = 8
KINDS = ("duplicates", "lost", "extra_writes", "not_converged")


@dataclass
class Verdict:
    """What became of one trial; of one that went wrong also its `story`, because no second one goes quite the same way."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)


@dataclass
class Pace:
    """How long an undisturbed run takes and how many moments it has, as last seen: a death is a share of it."""

    seconds: float = 0.3
    moments: int = 60


class Trial:
    """Plays one seed against one address of the three systems and one empty store."""

    def __init__(self, seed: int, url: str, database: str, pace: Pace, say: Callable[[str], None]) -> None:
        self.seed, self.url, self.database, self.pace, self.tell = seed, url, database, pace, say
        self.story: list[str] = []
        self.random, self.office, self.judge = Random(seed), Office(url), Judge()
        self.people = People(self.random, self.office)
        self.verdict = Verdict(seed)
        self.number = 0

    def play(self) -> Verdict:
        """Return what was seen."""
        self.office.do("reset")
        self.people.begin()
        self._hear(self.office.all()["acts"])
        for _ in range(self.random.randint(1, 3)):
            self.people.act()
            self._hear(self.office.all()["acts"])
            self._disturbed()
            if self.random.random() < 0.3:
                self._come_to_rest()
        self._come_to_rest()
        self.verdict.wrong = dict(self.judge.wrong)
        self.verdict.story = self.story if self.verdict.wrong else []
        return self.verdict

    def say(self, line: str) -> None:
        """Note what happens."""
        self.story.append(line)
        self.tell(line)

    def _disturbed(self) -> None:
        """Run once as badly as it can go, and the same run again, perhaps badly again."""
        self.number += 1
        name, random = f"run-{self.number}", self.random
        if random.random() < 0.25:
            self.people.act_later()
        if random.random() < 0.2:
            self.verdict.counts["double_attempts"] += 1
            self._finish(self._start(name, self._weather()), self._start(name, self._weather()))
        else:
            self._finish(self._start(name, self._weather()))
        self.office.do("calm")
        if random.random() < 0.3:
            self._finish(self._start(name, self._weather()))
        if random.random() < 0.9:
            self._finish(self._start(name, Weather(random.getrandbits(32))))
        self._hear(self.office.all()["acts"])

    def _weather(self) -> Weather:
        random = self.random
        storm = random.choice((0.05, 0.2, 0.5)) if random.random() < 0.6 else 0.0
        writes = random.random() < 0.4
        deaf = random.choice(SYSTEMS) if random.random() < 0.15 else None
        after = random.random() * self.pace.seconds if random.random() < 0.4 else None
        # Drawn as a share, so that the dice that follow fall alike however long a run is on this machine.
        at = 1 + int(random.random() * self.pace.moments) if after is None and random.random() < 0.6 else None
        return Weather(random.getrandbits(32), storm, writes, deaf, after, at)

    def _come_to_rest(self) -> None:
        for _ in range(ROUNDS_TO_REST):
            self.number += 1
            began = time.monotonic()
            (result,) = self._finish(self._start(f"run-{self.number}", Weather(0)))
            state = self.office.all()
            ours = self._hear(state["acts"])
            if not ours and result is not None and not result.told:
                self.pace.seconds = 0.8 * self.pace.seconds + 0.4 * (time.monotonic() - began)
                self.judge.rest(state["records"])
                self.people.may_merge = True
                return
        told = result.told if result else "its process failed"
        self.judge.wrong["not_converged"].append(f"not at rest after {ROUNDS_TO_REST} runs: {told}")

    def _hear(self, acts: list[list[Any]]) -> int:
        for system, by, verb, key, before, after, *_ in acts[self.judge.heard :]:
            changed = [f"{n}={after.get(n)!r}" for n in FIELDS if before.get(n) != after.get(n)]
            self.say(f"{by:>36} {verb} {system}/{key} {' '.join(changed)} {after.get('changed', '')[11:]}")
        return self.judge.hear(acts)

    def _start(self, name: str, weather: Weather) -> "_Running":
        self.say(f"{name} {weather}")
        return _Running(self.url, self.database, name, weather)

    def _finish(self, *running: "_Running") -> list[Result | None]:
        results = []
        for one in running:
            code, result = one.wait()
            results.append(result)
            if code == KILLED:
                self.verdict.counts["kills"] += 1
            elif result is None:
                self.judge.wrong["not_converged"].append(f"an error nobody caught (exit {code})")
            else:
                self.verdict.counts["faults"] += result.faults
                self.pace.moments = max(self.pace.moments, result.moments) if result.told else result.moments
            self.say(f"  -> {code} {result.told if result else ''}")
        return results


class _Running:
    """A run in a process of its own, and what it tells at its end."""

    def __init__(self, url: str, database: str, name: str, weather: Weather) -> None:
        self._hears, tells = Pipe(duplex=False)

        def work() -> int:
            result = runs.perform(url, database, name, weather)
            tells.send(result)
            return runs.RED if result.told else runs.GREEN

        self._attempt = Attempt(work)
        tells.close()

    def wait(self) -> tuple[int, Result | None]:
        """Return the exit code, and the result of one that lived."""
        try:
            result = self._hears.recv()
        except EOFError:
            result = None
        self._hears.close()
        return self._attempt.wait(), result
