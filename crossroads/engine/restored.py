"""After a restore: what was made since the back-up is met again, and must be neither made again nor taken for somebody new.

A back-up does not know what was sent after it. A create that was open then may have been done; a profile that was to be
created then, or was not known yet, may have a record by now that says nothing of its own to find it by. That record
carries the id of the profile it was made for, where its system has a place for that; and profile ids are made from the
address of a profile's first record (`links.founded`), so that the restored store gives the same ones.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, case, func, or_, select, text, update

from crossroads import journal
from crossroads.engine.links import address, founded
from crossroads.engine.run import take
from crossroads.engine.workspace import Workspace
from crossroads.plan import Member
from crossroads.store import newid
from crossroads.store.clock import later
from crossroads.store.session import Bulk, chunks, table
from crossroads.store.tables import OPEN_WORDS, Assertion, Contribution, Intent, Lease, Link

DAYS = 7.0
"""For so long after a restore a new record that names a profile counts as made for it; later it is a copy that people made."""

_assertion = Bulk(Assertion, ("a", "b", "kind", "why", "at"), update=())
_LEASE, _NOWHERE = "restored", "?/profile/"


def restored(ws: Workspace) -> int:
    """Let the next runs look for what was made since the back-up; return how many creates may have been done.

    The next push looks each of them up before it sends anything, repeats it under its own id where the system recognises
    that, and asks a person where there is no way to know.
    """
    rows, leases, at = table(Intent), table(Lease), ws.clock()
    # Whoever takes a write over that counts as sent waits as long as its request may still be running.
    sent = case((rows.c.state == "planned", "sent"), else_=rows.c.state)
    maybe = {"state": sent, "sent_at": at, "owner": None, "lease_until": at, "fence": rows.c.fence + 1,
             "attempts": func.coalesce(func.nullif(rows.c.attempts, 0), 1)}  # fmt: skip
    with ws.store.write() as db:
        count = int(
            db.execute(update(rows).where(text(OPEN_WORDS), rows.c.slot == "").values(**maybe)).rowcount
        )
        take(db, _LEASE, at=at, who="a person")
        until = later(at, DAYS * 86_400)
        db.execute(update(leases).where(leases.c.name == _LEASE).values(until=until))
        journal.append(db, [journal.Line("restored", "store", {"creates": count})], run=newid(), at=at)
    return count


def lately(db: Connection, at: str) -> bool:
    """Tell whether the store was restored lately."""
    leases = table(Lease)
    return (
        db.execute(select(leases.c.name).where(leases.c.name == _LEASE, leases.c.until > at)).first()
        is not None
    )


def note(db: Connection, member: Member, made_for: Iterable[tuple[str, str]], at: str) -> None:
    """Keep for `bring_home` which profile's id each of these new records carries."""
    rows = [
        (f"{_NOWHERE}{profile}", address(member.connection, member.stream, key), "created", _LEASE, at)
        for key, profile in made_for
    ]
    _assertion(db, rows)


def bring_home(db: Connection, entity: str, at: str) -> None:
    """Assert of the noted records that they were made for the profile they name, once that is there or about to be.

    Until then they are one person with each other: what they were made from may have been deleted before it was read again.
    """
    noted, rows, link = table(Assertion), table(Contribution), table(Link)
    here = (
        noted.c.a >= _NOWHERE,
        noted.c.a < _NOWHERE[:-1] + "0",
    )  # a range of the primary key; "0" follows "/"
    waiting = [
        (a.removeprefix(_NOWHERE), b) for a, b in db.execute(select(noted.c.a, noted.c.b).where(*here))
    ]
    if not waiting:
        return
    place = (rows.c.connection, rows.c.stream, rows.c.key)
    oldest = (
        select(link.c.profile, *place).join(link, link.c.contribution == rows.c.id).order_by(rows.c.id.desc())
    )
    source = {
        profile: address(*record)
        for some in chunks(sorted({profile for profile, _ in waiting}))
        for profile, *record in db.execute(oldest.where(link.c.profile.in_(some)))
    }
    new = select(*place).outerjoin(link, link.c.contribution == rows.c.id)
    for record in db.execute(new.where(rows.c.entity == entity, text("dirty > 0"), link.c.profile.is_(None))):
        source.setdefault(founded(address(*record)), address(*record))
    made_for: dict[str, list[str]] = {}
    for profile, made in waiting:
        made_for.setdefault(profile, []).append(made)
    first = {profile: source.get(profile, min(made)) for profile, made in made_for.items()}
    pairs = [tuple(sorted((made, first[profile]))) for profile, made in waiting if made != first[profile]]
    _assertion(db, [(*pair, "created", _LEASE, at) for pair in pairs])
    for some in chunks(sorted(f"{_NOWHERE}{profile}" for profile in made_for.keys() & source.keys())):
        db.execute(noted.delete().where(noted.c.a.in_(some)))


def home(db: Connection, addresses: Sequence[str]) -> set[str]:
    """Return which of these records are known to be made for somebody, and need not rest."""
    rows = table(Assertion)
    found: set[str] = set()
    for some in chunks(addresses, 1000):
        mine = or_(rows.c.a.in_(some), rows.c.b.in_(some))
        for pair in db.execute(select(rows.c.a, rows.c.b).where(mine, rows.c.why == _LEASE)):
            found |= set(pair) if not pair[0].startswith(_NOWHERE) else set()
    return found
