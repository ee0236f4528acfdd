"""Find a port to listen on, and wait until something answers there."""

import socket
import time
from collections.abc import Callable
from typing import Any

import requests

HEALTHY = ("metadatabase", "scheduler", "dag_processor", "triggerer")


def free(usual: int) -> int:
    """Return the usual port if nobody listens on it, else one that is free."""
    for port in (usual, 0):
        with socket.socket() as probe:
            # As the server itself will bind: a port in TIME_WAIT from the last run is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def wait_healthy(address: str, alive: Callable[[], object], seconds: float = 180.0) -> list[str]:
    """Wait until every part of Airflow says that it is healthy, and return the parts that never did.

    `alive` is called between two looks; it raises when waiting is pointless.
    """
    missing = list(HEALTHY)
    deadline = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment has no business on loopback
        while missing and time.monotonic() < deadline:
            alive()
            missing = [part for part in HEALTHY if _status(session, address, part) != "healthy"]
            if missing:
                time.sleep(0.5)
    return missing


def _status(session: requests.Session, address: str, part: str) -> str | None:
    try:
        answer: dict[str, Any] = session.get(f"{address}/api/v2/monitor/health", timeout=10).json()
    except (requests.RequestException, ValueError):
        return None
    return (answer.get(part) or {}).get("status")
