"""Who may write beside whom, on a database that lets several: whoever names less is alone with more.

A scope is a path: `()` is the whole store, `("customer",)` all of an entity, `("customer", "crm.people")` one stream of
it. A transaction has its scopes to itself and shares what lies above them. All are taken at its beginning and in one
order, so that no two can wait for each other; rows need no locks of their own.
"""

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy import Connection

Scope = tuple[str, ...]

JOURNAL: Scope = ("journal",)
"""Taken last of all, by the transaction that is about to commit."""

IDLE = "120s"
"""A process that stands still inside a transaction keeps others waiting no longer; no remote call is made in one."""

PATIENCE = "600s"
"""Who waits longer for a scope than this is told so, and its task is tried again."""


def locks(scopes: Iterable[Scope]) -> list[tuple[int, bool]]:
    """Return the numbers to lock, in order, and whether each is for one transaction only.

    >>> [alone for _, alone in locks([])]
    [True]
    >>> sorted(alone for _, alone in locks([("customer", "crm.people"), ("customer", "erp.people")]))
    [False, False, True, True]
    """
    alone = set(scopes) or {()}
    above = {scope[:length] for scope in alone for length in range(len(scope))}
    wanted = {_number(scope): False for scope in above} | {_number(scope): True for scope in alone}
    return sorted(wanted.items())


def enter(connection: Connection, scopes: Iterable[Scope]) -> None:
    """Wait until the transaction may write in its scopes; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        # In one statement, because each is a round trip. Set for the transaction only, because a pool between us and
        # the server (PgBouncer) hands sessions round.
        waits = [
            f"set_config('{name}', '{value}', true)"
            for name, value in (("idle_in_transaction_session_timeout", IDLE), ("lock_timeout", PATIENCE))
        ]
        taken = [_take(number, alone) for number, alone in locks(scopes)]
        connection.exec_driver_sql(f"SELECT {', '.join(waits + taken)}")


def enter_last(connection: Connection, scope: Scope) -> None:
    """Take a scope that nobody takes but right before the commit."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT {_take(_number(scope), True)}")


def _take(number: int, alone: bool) -> str:
    return f"pg_advisory_xact_lock{'' if alone else '_shared'}({number})"


def _number(scope: Scope) -> int:
    # Two scopes with one number would only wait for each other more often.
    digest = blake2b("\x1f".join(("crossroads", *scope)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
