"""Set records aside that wait for something, and release them by themselves when it has come."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select, update

from crossroads.engine import words
from crossroads.engine.dirty import Dirty
from crossroads.engine.workspace import Workspace
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import Contribution, Link, Parked

_park = Bulk(
    Parked,
    ("connection", "stream", "what", "step", "entity", "reason", "waits_for", "at", "run"),
    update=("reason", "waits_for", "run"),  # not `at`: parked again, it still waits since then
)


def park(
    db: Connection, ws: Workspace, entity: str, dirty: Sequence[Dirty], *, run: str, at: str
) -> set[str]:
    """Park the contributions whose required parent is not known yet; return their ids."""
    wanted: dict[str, list[tuple[Dirty, str]]] = {}
    for record in dirty:
        if record.gone:
            continue
        lens = ws.lens(record.connection, record.stream)
        for path, reference in lens.references.items():
            parent = record.held.own.get(path)
            if parent and reference.required:
                address = f"{record.connection}/{reference.stream}/{parent}"
                wanted.setdefault(address, []).append((record, path))
    known = profiles(db, wanted)
    rows = {
        record.id: (record.connection, record.stream, record.key, "match", entity, "parent", address, at, run)
        for address, waiting in wanted.items()
        if address not in known
        for record, _ in waiting
    }
    _park(db, list(rows.values()))
    referring = [r for r in dirty if ws.lens(r.connection, r.stream).references]
    _come_right(db, [record for record in referring if record.id not in rows])
    return set(rows)


def _come_right(db: Connection, ready: Sequence[Dirty]) -> None:
    """Forget that these records waited: they name another parent now, or none, or are gone."""
    rows = table(Parked)
    keys: dict[tuple[str, str], list[str]] = {}
    for record in ready:
        keys.setdefault((record.connection, record.stream), []).append(record.key)
    for (connection, stream), those in keys.items():
        mine = (rows.c.connection == connection, rows.c.stream == stream, rows.c.step == "match")
        for some in chunks(those):
            db.execute(rows.delete().where(*mine, rows.c.what.in_(some)))


def release(db: Connection, entity: str) -> int:
    """Mark the contributions dirty whose parent has come, and return how many."""
    rows, contributions = table(Parked), table(Contribution)
    waiting = db.execute(
        select(rows.c.connection, rows.c.stream, rows.c.what, rows.c.waits_for).where(
            rows.c.step == "match", rows.c.entity == entity
        )
    ).all()
    known = profiles(db, {row.waits_for for row in waiting})
    released = [row for row in waiting if row.waits_for in known]
    keys: dict[tuple[str, str], list[str]] = {}
    for row in released:
        keys.setdefault((row.connection, row.stream), []).append(row.what)
    for (connection, stream), those in keys.items():
        mine = (rows.c.connection == connection, rows.c.stream == stream, rows.c.step == "match")
        theirs = (contributions.c.connection == connection, contributions.c.stream == stream)
        for some in chunks(those):
            db.execute(rows.delete().where(*mine, rows.c.what.in_(some)))
            db.execute(update(contributions).where(*theirs, contributions.c.key.in_(some)).values(dirty=1))
    return len(released)


def circles(db: Connection) -> list[tuple[str, ...]]:
    """Return the circles in which parked records, or writes, wait for each other: each once, from its first name on.

    They are named as `waits_for` names them: `connection/stream/key` what was read, `connection/stream#profile` what is to
    be written.
    """
    rows = table(Parked)
    query = select(rows.c.connection, rows.c.stream, rows.c.step, rows.c.what, rows.c.waits_for)
    marks = {"match": "/", "push": "#"}
    awaited = {
        f"{row.connection}/{row.stream}{marks[row.step]}{row.what}": row.waits_for
        for row in db.execute(query.where(rows.c.reason == "parent"))
    }
    found: set[tuple[str, ...]] = set()
    done: set[str] = set()
    for start in sorted(awaited):
        way: dict[str, int] = {}
        name = start
        while name in awaited and name not in done and name not in way:
            way[name] = len(way)
            name = awaited[name]
        if name in way:
            circle = list(way)[way[name] :]
            first = circle.index(min(circle))
            found.add((*circle[first:], *circle[:first]))
        done |= way.keys()
    return sorted(found)


def profiles(db: Connection, addresses: Iterable[str]) -> Mapping[str, str]:
    """Return the profile of each record address that has one."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for address in addresses:
        connection, stream, key = address.split("/", 2)
        wanted.setdefault((connection, stream), []).append(key)
    rows, link = table(Contribution), table(Link)
    query = select(rows.c.key, link.c.profile).join(link, link.c.contribution == rows.c.id)
    found: dict[str, str] = {}
    for (connection, stream), keys in wanted.items():
        mine = query.where(rows.c.connection == connection, rows.c.stream == stream)
        for some in chunks(keys):
            for key, profile in db.execute(mine.where(rows.c.key.in_(some))):
                found[f"{connection}/{stream}/{key}"] = profile
    return found


def wait(
    db: Connection,
    connection: str,
    stream: str,
    what: str,
    entity: str,
    reason: str,
    waits_for: str,
    *,
    run: str,
    at: str,
) -> None:
    """Park one write of a target stream; `what` is the profile it is about."""
    _park(db, [(connection, stream, what, "push", entity, reason, words.kept(waits_for), at, run)])


def go_on(db: Connection, connection: str, stream: str, whats: Iterable[str]) -> None:
    """Forget that these writes waited."""
    rows = table(Parked)
    mine = (rows.c.connection == connection, rows.c.stream == stream, rows.c.step == "push")
    for some in chunks(sorted(whats)):
        db.execute(rows.delete().where(*mine, rows.c.what.in_(some)))
