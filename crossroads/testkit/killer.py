"""A process killer: run work in a process of its own and kill it, at a random time or at an exact moment.

What is killed gets SIGKILL: nothing is tidied up, no `finally` runs, no buffer is written.
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

KILLED = -signal.SIGKILL


@dataclass
class Moments:
    """Counts the moments at which a death hurts most, and dies at the one that is named.

    Call `pass_by` before and after each request of yours; commits are counted by themselves from `watch` on, before and
    after each.
    """

    kill_at: int | None = None
    count: int = field(default=0)

    def pass_by(self, *_: Any) -> None:
        """Note a moment; do not survive the one that is named."""
        self.count += 1
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> "Moments":
        """Count every commit of every store in this process."""
        event.listen(Engine, "commit", self.pass_by)
        event.listen(Engine, "checkin", self.pass_by)
        return self


def kill_after(seconds: float) -> None:
    """Let this process die so many seconds from now, wherever it then is."""

    def die() -> None:
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=die, daemon=True).start()


class Attempt:
    """Work in a forked process, which inherits all that is loaded and starts within a millisecond."""

    def __init__(self, work: Callable[[], int]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            code = 255
            try:
                code = int(work())  # what is no number would leave this copy of the process alive
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)

    def wait(self) -> int:
        """Return the exit code, 255 for an error nobody caught, or `KILLED`."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        """Kill it now."""
        os.kill(self.pid, signal.SIGKILL)


def killed_at(commit: int, work: Callable[[], object]) -> bool:
    """Do work in a process that dies just before its n-th commit; tell whether it died, or came to its end before.

    Close what this process has open in the store before; an error in the work fails here, and is printed.
    """

    def attempt() -> int:
        event.listen(Engine, "commit", Moments(commit).pass_by)
        work()
        return 0

    code = Attempt(attempt).wait()
    assert code in (0, KILLED), f"the work failed on its own, with exit code {code}"
    return code == KILLED
