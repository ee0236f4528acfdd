import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from crossroads.launch.components import MARK, Family, end_marked, marked

SLEEP = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
# Starts a child in a session of its own and ends at once: nobody's child any more.
RUNAWAY = (
    sys.executable,
    "-S",
    "-c",
    f"import subprocess; subprocess.Popen({list(SLEEP)!r}, start_new_session=True)",
)
STUBBORN = (
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    family = Family(f"test-{uuid4()}", tmp_path / "logs", {})
    yield family
    family.end(patience=0.1)


def _wait(condition: object) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def test_ending_a_family_leaves_nothing_behind_not_even_what_ran_away(family: Family) -> None:
    family.start("worker", SLEEP)
    family.start("runaway", RUNAWAY)
    _wait(lambda: family.ended() == ["runaway"] and len(list(marked(family.mark))) == 2)
    family.end(patience=2)
    assert list(marked(family.mark)) == []
    assert family.members["worker"].returncode is not None


def test_a_process_that_renamed_itself_is_still_recognised(family: Family) -> None:
    rename = "from setproctitle import setproctitle; setproctitle('x' * 4000); print('renamed', flush=True)"
    family.start("renamed", (sys.executable, "-c", f"{rename}; import time; time.sleep(60)"))
    _wait(lambda: (family.logs / "renamed.log").read_text().startswith("renamed"))
    assert [process.pid for process in marked(family.mark)] == [family.members["renamed"].pid]


def test_a_member_that_does_not_listen_is_killed(family: Family) -> None:
    family.start("stubborn", STUBBORN)
    _wait(lambda: (family.logs / "stubborn.log").read_text().startswith("deaf"))
    began = time.monotonic()
    family.members["stubborn"].terminate()
    end_marked(family.mark, patience=0.2)
    assert list(marked(family.mark)) == []
    assert time.monotonic() - began < 5


def test_only_our_own_processes_are_ended(family: Family) -> None:
    other = subprocess.Popen(SLEEP, env={**os.environ, MARK: "another home"})
    try:
        family.start("worker", SLEEP)
        family.end(patience=2)
        assert psutil.pid_exists(other.pid)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_member_that_died_is_noticed_and_its_log_is_kept(family: Family) -> None:
    family.start("broken", (sys.executable, "-S", "-c", "raise SystemExit('no such option')"))
    _wait(lambda: family.ended() == ["broken"])
    assert "no such option" in (family.logs / "broken.log").read_text()
