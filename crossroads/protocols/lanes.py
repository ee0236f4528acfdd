"""A few calls at a time, results in the order of the questions."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from crossroads.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Lanes:
    """A small pool of threads, each with its own connection, kept for the life of a connector."""

    def __init__(self, parallel: int) -> None:
        self.parallel = max(1, parallel)
        self._pool: ThreadPoolExecutor | None = None

    def in_order(self, func: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield `func(item)` for every item, in order, until one raises.

        Then nothing more is begun, but what other lanes had begun is waited for and its results come before the
        exception: a write that was carried out must not be taken for one that was not.
        """
        asked = list(items)
        if self.parallel == 1 or len(asked) < 2:
            yield from map(func, asked)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.parallel, thread_name_prefix="lane")
        futures = [self._pool.submit(func, item) for item in asked]
        errors: list[Exception] = []
        try:
            for future in futures:
                if errors and future.cancel():
                    continue
                try:
                    result = future.result()
                except Exception as error:
                    errors.append(error)
                    for other in futures:
                        other.cancel()
                else:
                    yield result
        finally:
            for future in futures:
                future.cancel()
        if errors:
            # "Not sent" must not stand for a call of which nobody knows.
            raise next((one for one in errors if not isinstance(one, Unavailable)), errors[0])

    def close(self) -> None:
        """Let the threads end; what was sent is waited for, so that no call outlives its connector."""
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
