"""Several real processes call one system that counts, and it has nothing to refuse."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossroads.errors import Unavailable
from crossroads.protocols.budget import Budget
from crossroads.protocols.counters import Counters
from crossroads.protocols.http import Http, Retries
from sandbox.counting import counting

WORKERS, CALLS, LIMIT = 4, 8, 10
FORK = multiprocessing.get_context("fork")
POSTGRES = Path("/usr/lib/postgresql")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def calls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where calls are counted."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.calls.db'}"
        return
    found = shutil.which("initdb") or next(map(str, sorted(POSTGRES.glob("*/bin/initdb"))), None)
    if found is None:
        pytest.skip("no initdb on this machine")
    yield from _postgres(Path(found).parent)


def _postgres(programs: Path) -> Iterator[str]:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path must be short
        # The server refuses to run as root, so it runs as nobody there.
        user = "nobody" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        data = f"{folder}/data"

        def run(program: str, *options: str) -> None:
            subprocess.run([programs / program, "-D", data, *options], check=True, user=user, cwd=folder,
                           stdout=subprocess.DEVNULL)  # fmt: skip

        run("initdb", "-A", "trust", "-U", "test", "-N")
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -c listen_addresses=''", "start")
        try:
            yield f"postgresql+psycopg://test@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


def opened(url: str, calls: str, limits: dict[str, int] | None = None, **told: Any) -> Http:
    budget = Budget(limits, name="crm", title="crm", counters=Counters(calls), **told)
    return Http(url, budget=budget, retries=Retries(attempts=1))


def work(url: str, calls: str, number: int) -> None:
    client = opened(url, calls, {"per_second": LIMIT})
    for each in range(CALLS):
        client.get(f"/{number}/{each}")
    client.close()


def run(target: Any, *args: Any) -> None:
    processes = [FORK.Process(target=target, args=(*args, number)) for number in range(WORKERS)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(60)
    assert [one.exitcode for one in processes] == [0] * WORKERS


def test_processes_share_one_budget_and_never_exceed_it(calls: str) -> None:
    with counting(limit=LIMIT) as system:
        run(work, system.url, calls)
    assert (system.refused, len(system.calls)) == (0, WORKERS * CALLS)


def test_processes_that_count_for_themselves_would_exceed_it(tmp_path: Path) -> None:
    def alone(url: str, number: int) -> None:
        client = opened(url, f"sqlite:///{tmp_path / str(number)}.db", {"per_second": LIMIT})
        for each in range(CALLS):
            with contextlib.suppress(Unavailable):
                client.get(f"/{each}")
        client.close()

    with counting(limit=LIMIT) as system:
        run(alone, system.url)
    assert system.refused


def test_a_process_killed_while_it_waits_or_counts_holds_nobody_up(calls: str) -> None:
    def endless(url: str) -> None:
        client = opened(url, calls, {"per_second": 5})
        while True:
            client.get("/")

    with counting(limit=5) as system:
        for rest in (0.2, 0.5):
            victim = FORK.Process(target=endless, args=(system.url,))
            victim.start()
            victim.join(rest)
            os.kill(victim.pid or 0, signal.SIGKILL)
            victim.join()
        client = opened(system.url, calls, {"per_second": 5})
        for _ in range(6):
            client.get("/after")
        client.close()
    assert system.refused == 0


def test_a_dead_system_gets_a_bounded_number_of_calls_from_all_processes(calls: str) -> None:
    def insist(url: str, _: int) -> None:
        client = opened(url, calls)
        for each in range(200):
            with contextlib.suppress(Unavailable):
                client.get(f"/{each}")
        client.close()

    with counting(answer=lambda path: (503, b"{}")) as system:
        run(insist, system.url)
    # Five in a row open the breaker, each other process may have had one call on its way, and on a slow machine
    # a probe or two falls due. Without a breaker it would be 800.
    assert 5 <= len(system.calls) <= 5 + WORKERS + 6
