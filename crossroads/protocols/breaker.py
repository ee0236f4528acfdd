"""A breaker: a system that failed again and again is left alone for a while, then one call tries it.

    closed -- FAILURES in a row --> open -- its time is up --> one probe -- success --> closed
                                     ^------- longer each time, failure ------'

All of it is a pure function of what is stored, so that every worker sees the same breaker.
"""

from dataclasses import dataclass, replace

FAILURES = 5
APART = 300.0
"""Failures this many seconds after the one before are no row: a nightly hiccup each night is no outage."""

FIRST = 5.0
LONGEST = 300.0
PROBE = 90.0
"""Longer than one call may take: after that, who tried is taken for dead, and somebody else tries."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of a system's health. Instants are seconds since 1970; 0 is never."""

    failures: int = 0
    failed_at: float = 0.0
    opened_at: float = 0.0
    opened: int = 0
    open_until: float = 0.0
    probe_until: float = 0.0

    @property
    def closed(self) -> bool:
        """Whether calls pass as if nothing was."""
        return not self.opened

    def wait(self, now: float) -> float:
        """Return for how many seconds no call may pass; 0 lets this one pass, as a probe if it is not closed."""
        return 0.0 if self.closed else max(0.0, self.open_until - now, self.probe_until - now)

    def probing(self, leaves: float) -> "Breaker":
        """Return it with a probe that leaves at an instant; nobody else passes until it has an answer."""
        return replace(self, probe_until=leaves + PROBE)

    def failed(self, now: float) -> "Breaker":
        """Return it after a call without a useful answer."""
        if not self.closed:
            if now < self.open_until:
                return self  # it left before the breaker opened, and says nothing new
            return self._open(now)
        failures = self.failures + 1 if now - self.failed_at <= APART else 1
        after = replace(self, failures=failures, failed_at=now)
        return after._open(now) if failures >= FAILURES else after

    def _open(self, now: float) -> "Breaker":
        rest = min(LONGEST, FIRST * 2**self.opened)
        return replace(
            self,
            failed_at=now,
            opened_at=self.opened_at or now,
            opened=self.opened + 1,
            open_until=now + rest,
            probe_until=0.0,
        )
