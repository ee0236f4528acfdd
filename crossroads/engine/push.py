"""Push: send what a target stream should hear, each change at most once, and know what became of it.

First what an earlier attempt left in doubt is looked up, then what is due is planned, claimed, sent and
recorded.
"""

from sqlalchemy import select

from crossroads.engine import ledger, renewal
from crossroads.engine.attempt import attempt
from crossroads.engine.doubts import clear
from crossroads.engine.job import Job
from crossroads.engine.match import work_off
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.planning import Planner, scopes
from crossroads.engine.resting import resting
from crossroads.engine.run import step
from crossroads.engine.sending import ROUNDS, Sender
from crossroads.engine.turns import Turns
from crossroads.engine.workspace import Workspace
from crossroads.plan import Plan
from crossroads.store.session import table
from crossroads.store.tables import Run


def push(ws: Workspace, plan: Plan, name: str, run: str) -> dict[str, int]:
    """Bring one target stream up to date and return how many writes ended how."""
    member = plan.member(name)
    with step(ws, run, "push", name), ws.open(member.connection) as connector, attempt() as who:
        lens = ws.lens(member.connection, member.stream)
        with ws.store.read() as db:
            outcomes = Outcomes.load(db, run, "push", member.name)
        job = Job(ws, plan, member, lens, connector, run, who, outcomes, Turns(ws.store, member))
        sender = Sender(job)
        with ws.store.write(job.scope) as db:
            renewal.renew(db, member, ws.clock())
        with ws.store.read() as db:
            rested = resting(db, plan.entity, member)
        clear(job, sender, wait=rested)
        if rested:
            # Whoever is there already, made by us or by hand, is known before anybody is made.
            work_off(ws, plan, run)
        with ws.store.write(*scopes(plan.entity, member, lens)) as db:
            renewal.release(db, member)
        for _ in range(ROUNDS):
            planned = _plan(job)
            if not sender.send_all() and not planned and not clear(job, sender, wait=True):
                break
        clear(job, sender, wait=True)
        # A record just made has a number of its own: the targets that come next hear of it in this same run.
        work_off(ws, plan, run)
        _account(job)
        return dict(outcomes.counts)


def _plan(job: Job) -> int:
    """Plan everything that is due; return how many records were considered."""
    creatable = {stream.name: stream.writable for stream in job.connector.streams.values()}
    planner = Planner(job.ws, job.plan.entity, job.member, job.lens, job.run, creatable=creatable)
    planned = 0
    while True:
        with job.ws.store.write(*planner.scopes) as db:
            considered, ended = planner.chunk(db)
            job.outcomes.add(db, considered, ended)
        planned += len(considered)
        if not considered:
            return planned


def _account(job: Job) -> None:
    """Give those records an outcome whose write another run took over, beside this one or after a kill."""
    runs = table(Run)
    with job.ws.store.write(job.scope) as db:
        if names := job.outcomes.unaccounted(db):
            began = db.execute(select(runs.c.started_at).where(runs.c.id == job.run)).scalar_one()
            others = ledger.taken_over(db, *job.place, names, run=job.run, since=began)
            job.outcomes.add(db, [], dict.fromkeys(sorted(others), "superseded"))
