"""Who is at work: an attempt names its machine, its process and itself, so that others can tell whether it still lives."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from crossroads.store import newid

_HERE = socket.gethostname()
_alive: set[str] = set()


@contextmanager
def attempt() -> Iterator[str]:
    """Yield the name of a new attempt, alive until the block ends."""
    name = f"{_HERE}/{os.getpid()}/{newid()}"
    _alive.add(name)
    try:
        yield name
    finally:
        _alive.discard(name)


def ended(name: str | None) -> bool:
    """Tell whether an attempt is known to live no more; of one on another machine only its lease can tell."""
    host, _, rest = (name or "").partition("/")
    if host != _HERE:
        return name is None
    process = int(rest.partition("/")[0])
    if process == os.getpid():
        return name not in _alive
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # somebody else's process: it lives
    return False
