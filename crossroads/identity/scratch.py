"""A folder for what is compared in bulk: it holds what people say, and nobody may find it there afterwards."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "crossroads-identity-"
LOCK = "in-use"


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield an empty folder that is gone afterwards; those that killed processes left behind are removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        # A lock goes with its process, however that ended.
        with suppress(OSError), left.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left.parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, (Path(name) / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)
