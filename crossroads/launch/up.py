"""`crossroads up`: stand-ins, databases and Airflow's components, from one command to Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from rich.console import Console

from crossroads.errors import ConfigError
from crossroads.launch import ports
from crossroads.launch.components import Family, end_marked, marks, start_airflow
from crossroads.launch.home import Home

Systems: TypeAlias = Mapping[str, Mapping[str, Any]]
"""{connection: {system, settings, overlay}}, as the stand-ins describe themselves."""

World: TypeAlias = Callable[[Path], AbstractContextManager[Systems]]
"""Starts stand-ins below a folder, says how to reach them, and ends them."""

USUAL_PORT = 8080
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """Somebody asked this process to end."""


def up(home: Home, world: World | None, console: Console) -> None:
    """Start everything, show where it is, and keep it running until Ctrl-C or until a component dies."""
    with home.locked(), _signals(), ExitStack() as stack:
        mark = str(home.root)
        os.environ.update(marks(mark))  # whatever is started from here carries it
        end_marked(mark)  # what a launcher that was killed left running
        (home.var / "up.json").unlink(missing_ok=True)
        home.claim(sandbox=world is not None)
        home.enter()
        port = ports.free(USUAL_PORT)
        try:
            with console.status("Making the databases ready, loading the stand-ins ..."):
                preparation = _preparation()
                stack.callback(end_marked, mark)
                systems = stack.enter_context(world(home.var / "demo")) if world else {}
                left_alone = _finished(preparation, systems)
            for name in left_alone:
                console.print(f"Connection {name!r} was made by a person and is left as it is.")
            family = Family(mark, home.logs, home.environment(port))
            # Ended before the stand-ins are: a run that is at work then ends as killed, not as refused.
            stack.callback(family.end)
            start_airflow(family)
            _serve(home, family, f"http://127.0.0.1:{port}", console)
        except Ended:
            console.print("Ending ...")
        finally:
            _undisturbed()
            (home.var / "up.json").unlink(missing_ok=True)
    console.print("Nothing is left running.")


def _serve(home: Home, family: Family, address: str, console: Console) -> None:
    def alive() -> None:
        if ended := family.ended():
            raise ConfigError(
                f"{', '.join(ended)} ended; the reason is at the end of its log in {home.logs}."
            )

    with console.status("Waiting for Airflow ..."):
        missing = ports.wait_healthy(address, alive)
    if missing:
        raise ConfigError(f"Not healthy after minutes: {', '.join(missing)}. Their logs are in {home.logs}.")
    (home.var / "up.json").write_text(json.dumps({"address": address}))
    console.print(f"\n[bold]{address}[/]  [dim](Crossroads is in the navigation on the left)[/]")
    for user, password in home.passwords.items():
        console.print(f"  user {user}, password {password}", highlight=False)
    console.print("Ctrl-C ends everything.\n")
    while True:
        alive()
        time.sleep(1)


def _preparation() -> subprocess.Popen[bytes]:
    """Start the child that migrates both databases and then waits for the connections."""
    return subprocess.Popen(
        (sys.executable, "-m", "crossroads.launch.prepare"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _finished(preparation: subprocess.Popen[bytes], systems: Systems) -> list[str]:
    """Give the child the connections and return those it left alone."""
    out, err = preparation.communicate(json.dumps(systems).encode())
    if preparation.returncode:
        raise ConfigError(f"The databases could not be made ready:\n{err.decode()[-2000:]}")
    left_alone: list[str] = json.loads(out.decode().splitlines()[-1])
    return left_alone


@contextmanager
def _signals() -> Iterator[None]:
    """Let Ctrl-C, a polite request to end, or a closed terminal end everything.

    Python hears Ctrl-C by itself only if it was not started in the background.
    """

    def ended(_number: int, _frame: FrameType | None) -> None:
        raise Ended

    before = {number: signal.signal(number, ended) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _undisturbed() -> None:
    """Ignore further requests to end: an impatient second Ctrl-C must not leave half of it running."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
