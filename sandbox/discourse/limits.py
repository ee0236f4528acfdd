"""What the forum allows: the vendor's values by default, raised for a demonstration."""

import time
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a minute with an administrator's key, and the sizes of pages.

    `inclusive_before` is how forums of some years ago page: by windows of 50 ids, hidden ones included.
    """

    calls_per_minute: int = 60
    posts_page: int = 50
    users_page: int = 100
    inclusive_before: bool = False


NAMED = {"vendor": Limits(), "demo": Limits(calls_per_minute=100_000)}


@dataclass(slots=True)
class Calls:
    """The calls of the last minute."""

    per_minute: int
    made: deque[float] = field(default_factory=deque)

    def wait(self) -> int:
        """Count a call and return 0, or the seconds until one is allowed."""
        now = time.monotonic()
        while self.made and now - self.made[0] >= 60:
            self.made.popleft()
        if len(self.made) >= self.per_minute:
            return max(1, round(60 - (now - self.made[0])))
        self.made.append(now)
        return 0
