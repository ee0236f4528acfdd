"""Airflow's own database made ready: its tables, one connection and one pool per system."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crossroads import form

if TYPE_CHECKING:
    from crossroads.engine.workspace import System

STAND_IN = "A stand-in of the sandbox; the launcher writes this connection anew at every start."


def migrate() -> None:
    """Bring Airflow's tables up to date; creates them when the database is new."""
    from airflow.utils.db import upgradedb

    upgradedb()


def write(systems: Mapping[str, "System"]) -> list[str]:
    """Create or renew these connections; return the names left alone, because a person made that one."""
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    kept = []
    with create_session() as session:
        held = {
            c.conn_id: c for c in session.scalars(select(Connection).where(Connection.conn_id.in_(systems)))
        }
        for name, system in systems.items():
            old = held.get(name)
            if old is not None and old.description != STAND_IN:
                kept.append(name)
                continue
            if old is not None:
                session.delete(old)
                session.flush()
            fields = form.fields(system.system, system.settings, system.overlay)
            session.add(Connection(conn_id=name, description=STAND_IN, **fields))
    return kept


def pools(names: Iterable[str], slots: int = 2) -> None:
    """Create a pool for each connection: at most so many tasks work on one system at once."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        for name in sorted(set(names) - pool_names()):
            session.add(
                Pool(
                    pool=name, slots=slots, include_deferred=True, description="Tasks at work on this system."
                )
            )


def pool_names() -> set[str]:
    """Return the names of all pools."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return set(session.scalars(select(Pool.pool)))


def system(name: str) -> "System":
    """Return what a connection says, asked outside a task, where Airflow's hooks skip its own database."""
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        held = session.scalars(select(Connection).where(Connection.conn_id == name)).one_or_none()
        if held is None:
            raise form.missing(name)
        return form.settings(name, held)
