"""One call within its system's budget: each request of it waits for its turn, and is heard of when it ends."""

from collections.abc import Mapping

from crossroads.errors import ConfigError, Unavailable
from crossroads.protocols.answers import Answer, Dialect
from crossroads.protocols.budget import A_DAY, Budget
from crossroads.protocols.wire import Call, Told, Wire

WRITE_WAITS = 30.0
"""The longest a write waits for its turn: who has claimed it does so for two minutes, and then another may send it."""

_HOPS = 3


def counted(
    budget: Budget | None, wire: Wire, call: Call, proof: Mapping[str, str], dialect: Dialect
) -> Answer:
    """Return the answer to a call, also from where it is redirected to; raise the error that says what happens next."""
    hop: Call | None = call
    for _ in range(_HOPS):
        assert hop is not None
        told = _told(budget, wire, hop, proof, dialect)
        if told.failure is not None:
            raise told.failure
        hop = told.further
        if hop is None:
            assert told.answer is not None
            return told.answer
    raise ConfigError(f"{call.where} is redirected again and again. Check the base URL.")


def _told(budget: Budget | None, wire: Wire, call: Call, proof: Mapping[str, str], dialect: Dialect) -> Told:
    """Send one request, which the system counts as a call whatever it answers."""
    if budget is None:
        return wire.send(call, proof, dialect)
    budget.take(A_DAY if call.safe else WRITE_WAITS)
    try:
        told = wire.send(call, proof, dialect)
        pause = _pause(told, dialect)
    except BaseException:
        budget.let_go()
        raise
    budget.heard(dead=told.dead, pause=pause)
    return told


def _pause(told: Told, dialect: Dialect) -> float | None:
    """Return for how many seconds the system wants to be left alone by all of us, if it says so."""
    if isinstance(told.failure, Unavailable):
        return told.failure.retry_after
    return dialect.spent(told.answer) if told.failure is None and told.answer else None
