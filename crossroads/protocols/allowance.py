"""How often a call may be repeated: a share of what succeeds, so that a sick system's retries do not eat its budget."""

import threading


class Allowance:
    """Retries that may still be made: a few to begin with, and one more for every few successes.

    As in gRPC and Finagle. Of a system that answers nothing, a task asks `reserve` times more than once and no
    more; where one call in ten fails, every one of them is repeated. Each task has its own: what all of them
    together do to a dead system the breaker bounds.
    """

    def __init__(self, share: float = 0.2, reserve: float = 10.0) -> None:
        self._share, self._most, self._left = share, reserve, reserve
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Note a success."""
        with self._lock:
            self._left = min(self._most, self._left + self._share)

    def spend(self) -> bool:
        """Tell whether one more retry may be made, and count it."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True
