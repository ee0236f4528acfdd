"""What the store alone tells of one stream: who should be there and is not, who is there twice, and what hangs in the air."""

from collections.abc import Iterator, Sequence

import orjson
from sqlalchemy import Connection, Table, and_, exists, func, select, text

from crossroads.engine import parking
from crossroads.engine.reconcile_found import Found
from crossroads.engine.reconcile_golden import there
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan, When
from crossroads.store.session import chunks, table
from crossroads.store.tables import (
    OPEN_WORDS,
    Contribution,
    Due,
    Intent,
    Link,
    Parked,
    Profile,
    Rejected,
)

CHUNK = 1000


def missing(db: Connection, member: Member, lens: Lens) -> Iterator[list[Found]]:
    """Yield, in pieces, the profiles that the sync file wants in this stream and that never were there."""
    if not member.write or member.create == "never":
        return
    rows, link, profiles = table(Contribution), table(Link), table(Profile)
    mine = and_(
        link.c.profile == profiles.c.id,
        rows.c.connection == member.connection,
        rows.c.stream == member.stream,
    )
    has = exists().select_from(link.join(rows, rows.c.id == link.c.contribution)).where(mine)
    query = select(profiles.c.id, profiles.c.document).where(profiles.c.entity == lens.entity, ~has)
    awaited = _awaited(db, member) if member.create == "needed" else None
    after = ""
    while some := db.execute(query.where(profiles.c.id > after).order_by(profiles.c.id).limit(CHUNK)).all():
        after = some[-1].id
        golden = {row.id: orjson.loads(row.document) for row in some}
        yield _creatable(db, member, lens, golden, awaited)


def _creatable(
    db: Connection, member: Member, lens: Lens, golden: dict[str, dict[str, object]], awaited: set[str] | None
) -> list[Found]:
    create = member.create
    when = create.when if isinstance(create, When) else {}
    needed = [path for path, reference in lens.references.items() if reference.required]
    addresses = {str(doc[path]) for doc in golden.values() for path in needed if doc.get(path)}
    parents = parking.profiles(db, addresses)
    living = there(db, member, sorted(set(parents.values())))
    parked = waiting(db, member, [], list(golden)) if needed else {}
    found = []
    for profile, document in golden.items():
        said = [path for path, value in document.items() if value is not None and lens.writes(path)]
        unmet = [
            path
            for path in needed
            if document.get(path)
            and (parents.get(str(document[path])), lens.references[path].stream) not in living
        ]
        if (
            said
            and (awaited is None or profile in awaited)
            and all(document.get(path) == value for path, value in when.items())
            and all(document.get(path) is not None for path in lens.requires)
            # Without its parent the planner parks it, or withholds it for good.
            and (not unmet or parked.get(profile) == "parked")
        ):
            found.append(Found("missing", profile, profile, sorted(said)))
    return found


def _awaited(db: Connection, member: Member) -> set[str]:
    rows = table(Parked)
    prefix = f"{member.connection}/{member.stream}#"
    query = select(rows.c.waits_for).where(rows.c.waits_for.startswith(prefix, autoescape=True))
    return {name.removeprefix(prefix) for name in db.execute(query).scalars()}


def doubled(db: Connection, member: Member) -> list[Found]:
    """Return the profiles that have two living records or more in this stream."""
    rows, link = table(Contribution), table(Link)
    query = (
        select(link.c.profile, func.count())
        .join(rows, rows.c.id == link.c.contribution)
        .where(rows.c.connection == member.connection, rows.c.stream == member.stream, ~rows.c.gone)
        .where(rows.c.blocked.is_(None))
        .group_by(link.c.profile)
        .having(func.count() > 1)
    )
    return [
        Found("doubled", profile, profile, why=f"{count} records") for profile, count in db.execute(query)
    ]


def orphans(db: Connection, member: Member) -> list[Found]:
    """Return the records of this stream that belong to no profile, and nothing will come to link them."""
    rows, link, profiles, parked = table(Contribution), table(Link), table(Profile), table(Parked)
    waits = exists().where(
        parked.c.connection == rows.c.connection,
        parked.c.stream == rows.c.stream,
        parked.c.step == "match",
        parked.c.what == rows.c.key,
    )
    query = (
        select(rows.c.key, link.c.profile)
        .select_from(
            rows.outerjoin(link, link.c.contribution == rows.c.id).outerjoin(
                profiles, profiles.c.id == link.c.profile
            )
        )
        .where(rows.c.connection == member.connection, rows.c.stream == member.stream)
        .where(~rows.c.gone, rows.c.dirty == 0, profiles.c.id.is_(None), ~waits)
    )
    return [
        Found("orphan", key, profile, why="its profile does not exist" if profile else "it has no profile")
        for key, profile in db.execute(query)
    ]


def loose(db: Connection, plan: Plan) -> list[Found]:
    """Return what hangs in the air in the store: profiles no record belongs to, and links and identity keys of no record."""
    rows, link, profiles = table(Contribution), table(Link), table(Profile)
    nobody = ~exists().where(link.c.profile == profiles.c.id)
    alone = select(profiles.c.id).where(profiles.c.entity == plan.entity, nobody)
    no_record = ~exists().where(rows.c.id == link.c.contribution)
    links = select(link.c.contribution, link.c.profile).where(no_record)
    return [
        *(Found("orphan", one, one, why="no record belongs to this profile") for one in db.execute(alone).scalars()),
        *(Found("orphan", one, profile, why="this link names no record") for one, profile in db.execute(links)),
    ]  # fmt: skip


def waiting(db: Connection, member: Member, keys: Sequence[str], profiles: Sequence[str]) -> dict[str, str]:
    """Return, by profile or key, why something may still differ: what is under way, refused or parked, the best news last."""
    rows, refused, parked, intent, due = (
        table(Contribution),
        table(Rejected),
        table(Parked),
        table(Intent),
        table(Due),
    )

    def here(one: Table) -> tuple[object, ...]:
        return one.c.connection == member.connection, one.c.stream == member.stream

    found: dict[str, str] = {}
    for some in chunks(sorted({*keys, *profiles})):
        for why, query in (
            ("parked", select(parked.c.what).where(*here(parked), parked.c.step == "push", parked.c.what.in_(some))),  # type: ignore[arg-type]
            ("refused", select(refused.c.key).where(*here(refused), refused.c.step == "push", refused.c.key.in_(some))),  # type: ignore[arg-type]
            ("unmatched", select(rows.c.key).where(*here(rows), rows.c.dirty > 0, rows.c.key.in_(some))),  # type: ignore[arg-type]
            ("due", select(due.c.profile).where(*here(due), due.c.profile.in_(some))),  # type: ignore[arg-type]
            ("open", select(intent.c.profile).where(*here(intent), text(OPEN_WORDS), intent.c.profile.in_(some))),  # type: ignore[arg-type]
        ):  # fmt: skip
            found.update(dict.fromkeys(db.execute(query).scalars(), why))
    return found
