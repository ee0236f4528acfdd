"""Let Python's collector of reference cycles come by rarely while many records pass."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def calm() -> Iterator[None]:
    """Let the collector of reference cycles come by rarely: a page is hundreds of thousands of containers and no cycle.

    Left alone it walks through all of them again and again, which is up to a third of the time of a pull.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
