"""A few calls at a time, results in the order of the questions."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Lanes:
    """A small pool of threads, each with its own connection, kept for the life of a connector."""

    def __init__(self, parallel: int) -> None:
        self.parallel = max(1, parallel)
        self._pool: ThreadPoolExecutor | None = None

    def in_order(self, func: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield `func(item)` for every item, in order; an exception comes out where its result would."""
        asked = list(items)
        if self.parallel == 1 or len(asked) < 2:
            yield from map(func, asked)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.parallel, thread_name_prefix="lane")
        futures = [self._pool.submit(func, item) for item in asked]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """Let the threads end; what was sent is waited for, so that no call outlives its connector."""
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
