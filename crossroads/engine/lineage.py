"""What became of a profile: it lives under its id, lives on in another, or is no more."""

from sqlalchemy import Connection, exists, select

from crossroads.engine import ledger
from crossroads.plan import Member
from crossroads.store.session import table
from crossroads.store.tables import Intent, Lineage, Profile


def living(db: Connection, profile: str) -> str | None:
    """Return the profile that a profile is by now: itself, the one it was merged into, or none."""
    rows, lines = table(Profile), table(Lineage)
    seen = set[str]()
    while profile not in seen:
        if db.execute(select(rows.c.id).where(rows.c.id == profile)).first() is not None:
            return profile
        seen.add(profile)
        query = select(lines.c.after).where(lines.c.before == profile, lines.c.kind == "merged")
        profile = db.execute(query.order_by(lines.c.id.desc()).limit(1)).scalar() or profile
    return None


def in_doubt(db: Connection, member: Member) -> set[str]:
    """Return the profiles that one was merged into whose create in a stream may have been done: they may be there already."""
    intent, rows = table(Intent), table(Profile)
    alive = exists().where(rows.c.id == intent.c.profile)
    mine = (intent.c.connection == member.connection, intent.c.stream == member.stream, intent.c.slot == "")
    former = db.execute(select(intent.c.profile).where(*mine, ledger.in_doubt(), ~alive)).scalars().all()
    return {profile for one in former if (profile := living(db, one))}
