"""Child processes of a demonstration: each in a group of its own, its output in a log file."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import requests

PATIENCE = 60.0
"""Seconds until a process must answer; a busy machine takes its time."""


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def start(arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start `python -m ...` and return its process."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own modules, our own arguments
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once `url` answers; a process that ended or stays silent is an error that names its log."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"a stand-in ended while it was starting; {log} says why")
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url, timeout=PATIENCE).ok:
                return
        time.sleep(0.02)
    end(process)
    raise RuntimeError(f"a stand-in did not answer within {PATIENCE:.0f} s; {log} may say why")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a child and everything it started; one that does not go within seconds is killed."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
            return


def end_left(pid: int) -> None:
    """End a process of a demonstration that is no child of ours, if it still is one."""
    if _ours(pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGTERM)


def _ours(pid: int) -> bool:
    """Tell whether a process is a stand-in: its number may have been given to somebody else since."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return any(name in command for name in (b"sandbox.", b"mocksap", b"mastodon_mock"))
