"""Keep the claims of one group ours while they are sent, however slow the system is; and stop when they are ours no more."""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from crossroads.engine import ledger
from crossroads.engine.ledger import Claim
from crossroads.engine.workspace import Workspace
from crossroads.errors import Superseded
from crossroads.store.clock import later
from crossroads.store.scopes import Scope


class Lease:
    """The right to send a group of claims, until an instant on this process's own clock.

    Measured by the monotonic clock: an attempt that was stopped for longer than its lease (a suspended process, a
    store it could not reach) finds it over whatever the wall clock says, and sends nothing of the rest.
    """

    def __init__(
        self, ws: Workspace, scope: Scope, claims: Collection[Claim], seconds: float, taken: float
    ) -> None:
        self.ws, self.scope, self.claims, self.seconds = ws, scope, claims, seconds
        self._until, self._lost = taken + seconds, False

    def check(self) -> None:
        """Raise Superseded unless what is not sent yet may still be sent by us; called before each next call."""
        if self._lost or time.monotonic() >= self._until:
            raise Superseded(
                "The lease on these writes ran out before they were sent; whoever works on them now looks them up."
            )

    def beat(self) -> None:
        """Renew the lease; a store that cannot be reached lets it run on towards its end."""
        began = time.monotonic()
        try:
            with self.ws.store.write(self.scope) as db:
                ours = ledger.keep(db, list(self.claims), until=later(self.ws.clock(), self.seconds))
        except OperationalError:
            return
        if not ours:
            self._lost = True
        elif began < self._until:
            self._until = began + self.seconds


@contextmanager
def held(
    ws: Workspace, scope: Scope, claims: Collection[Claim], seconds: float, taken: float
) -> Iterator[Lease]:
    """Yield the lease on claims taken at `taken` (monotonic), renewed three times as often as it must be."""
    lease, over = Lease(ws, scope, claims, seconds, taken), threading.Event()

    def beating() -> None:
        while not over.wait(seconds / 3):
            lease.beat()

    heart = threading.Thread(target=beating, name="lease", daemon=True)
    heart.start()
    try:
        yield lease
    finally:
        over.set()
        heart.join()
