"""A system's call budget: how many calls it allows us in which time."""

from collections.abc import Mapping

from pyrate_limiter import AbstractBucket, InMemoryBucket, Limiter, Rate

from crossroads.errors import Unavailable

UNITS = {
    "per_second": 1_000,
    "per_minute": 60_000,
    "per_5_minutes": 300_000,
    "per_hour": 3_600_000,
    "per_day": 86_400_000,
}
"""The words of a manifest's `limits`, in milliseconds."""


class Budget:
    """Calls that may still be made; `take` waits for its turn.

    By default it counts in this process. `bucket` takes any bucket of pyrate-limiter whose rates are already
    set, e.g. one in SQLite or PostgreSQL that all workers share.
    """

    def __init__(
        self, limits: Mapping[str, int], *, bucket: AbstractBucket | None = None, longest_wait: float = 300.0
    ) -> None:
        rates = [Rate(limit, UNITS[unit]) for unit, limit in limits.items()]
        rates.sort(key=lambda rate: rate.interval)
        self._limiter = Limiter(bucket or InMemoryBucket(rates)) if rates or bucket else None
        self._longest = longest_wait

    def take(self, weight: int = 1) -> None:
        """Return when a call may be made; raise Unavailable when that is further than the longest wait."""
        if self._limiter and not self._limiter.try_acquire("calls", weight, timeout=self._longest):
            raise Unavailable("The call budget of this system is used up.", retry_after=self._longest)

    def close(self) -> None:
        """Stop what keeps the count."""
        if self._limiter:
            self._limiter.close()
