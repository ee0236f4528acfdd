"""Airflow's four components as child processes: started, watched and ended together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "CROSSROADS_UP"
"""Environment variable that every process started here inherits; its value names the home."""

# `airflow standalone` leaves its children running when it is ended, and its log servers listen on every
# interface: so each component is started by itself, without log server (logs are local files).
COMPONENTS: Mapping[str, Sequence[str]] = {
    "api-server": ("api-server", "--host", "127.0.0.1"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}


@dataclass(slots=True)
class Family:
    """Child processes that live and die together, recognised by a mark in their environment."""

    mark: str
    logs: Path
    environment: Mapping[str, str]
    members: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start one member; what it prints goes to `<name>.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.members[name] = subprocess.Popen(  # noqa: S603 - the command is ours
                command,
                env={**os.environ, **self.environment, **marks(self.mark)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A session of its own: Ctrl-C reaches the launcher only, which then ends the members.
                start_new_session=True,
            )

    def ended(self) -> list[str]:
        """Return the members that are no longer running."""
        return [name for name, process in self.members.items() if process.poll() is not None]

    def end(self, patience: float = 10.0) -> None:
        """End every member and all that it started, wherever it went; return when nothing is left."""
        for process in self.members.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + patience
        for process in self.members.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        end_marked(self.mark)
        for process in self.members.values():
            process.wait()


def marks(mark: str) -> dict[str, str]:
    """Return the environment by which a process and all its children are recognised.

    Airflow renames its processes, and `setproctitle` would write the new name over the environment the
    system shows of a process, unless it is told not to.
    """
    return {MARK: mark, "SPT_NOENV": "1"}


def start_airflow(family: Family, names: Sequence[str] = tuple(COMPONENTS)) -> None:
    """Start Airflow's components in a family."""
    for name in names:
        family.start(name, (sys.executable, "-m", "airflow", *COMPONENTS[name]))


def end_marked(mark: str, patience: float = 5.0) -> int:
    """End every process that carries this mark and return how many there were.

    Task processes put themselves into groups of their own, and a launcher that was killed ends nobody:
    a mark in the environment survives both.
    """
    found = list(marked(mark))
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(found, timeout=patience)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=patience)
    return len(found)


def marked(mark: str) -> Iterator[psutil.Process]:
    """Yield the processes, other than this one, that carry this mark."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                yield process
