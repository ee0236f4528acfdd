"""When everything is compared instead of what changed."""

from sqlalchemy import Connection, func, select

from crossroads.plan import Member
from crossroads.store.clock import later
from crossroads.store.session import table
from crossroads.store.tables import Step

SECONDS = {"daily": 86_400.0, "weekly": 604_800.0}


def compare_due(db: Connection, member: Member, run: str, at: str) -> bool:
    """Tell whether a member's next read is a full compare.

    The first read of a stream starts from nothing and counts as one.
    """
    if member.compare in ("never", "always"):
        return member.compare == "always"
    steps = table(Step)
    done = (
        (steps.c.step == "pull")
        & (steps.c.member == member.name)
        & (steps.c.state == "finished")
        & (steps.c.run != run)
    )
    first = db.execute(select(func.min(steps.c.ended_at)).where(done)).scalar()
    last = db.execute(select(func.max(steps.c.ended_at)).where(done, steps.c.compared)).scalar() or first
    return last is not None and later(last, SECONDS[member.compare]) <= at
