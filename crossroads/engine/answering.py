"""Let a person answer for a write that waits for one: it is there under a key, it is to be sent again, or it is to be dropped."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from crossroads import journal
from crossroads.engine import belonging, ledger, lineage, parking, received, rereading
from crossroads.engine.attempt import attempt
from crossroads.engine.due import note_due
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.turns import Turns
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, Superseded
from crossroads.plan import Member, Plan
from crossroads.records import Record, Written
from crossroads.store.session import table
from crossroads.store.tables import Parked

RUN = "answer"


class Answer(StrEnum):
    """What a person found: the record under a key; nothing, so send it again; or that it is not wanted."""

    THERE = "there"
    AGAIN = "again"
    DROP = "drop"


def waiting(db: Connection) -> list[Any]:
    """Return the writes that wait for a person: connection, stream, profile, reason, since when, and why."""
    rows = table(Parked)
    columns = (rows.c.connection, rows.c.stream, rows.c.what, rows.c.reason, rows.c.at, rows.c.waits_for)
    mine = (rows.c.step == "push", rows.c.reason.in_(("outcome", "person")))
    return list(db.execute(select(*columns).where(*mine).order_by(rows.c.at, rows.c.what)))


def answer(
    ws: Workspace, name: str, profile: str, said: Answer, *, key: str = "", actor: str, why: str
) -> None:
    """Carry out a person's answer for the write of a profile in the stream `connection.stream`, and tell the journal."""
    plan, member = _member(ws, name)
    with ws.store.read() as db:
        reason = next((row.reason for row in waiting(db) if (*row[:3],) == (*_place(member), profile)), None)
    if reason is None:
        raise ConfigError(
            f"No write of {profile} in {name} waits for a person; `crossroads waiting` lists those that do."
        )
    if said is Answer.THERE and reason != "outcome":
        raise ConfigError(f"The record of {profile} in {name} is known; say --again or --drop.")
    with ws.open(member.connection) as connector, attempt() as who:
        lens = ws.lens(member.connection, member.stream)
        outcomes, turns = Outcomes(RUN, "push", member.name), Turns(ws.store, member)
        job = Job(ws, plan, member, lens, connector, RUN, who, outcomes, turns)
        record = _record(job, key) if said is Answer.THERE else None
        at = ws.clock()
        with ws.store.write() as db:
            if reason == "outcome":
                _resolve(db, job, profile, said, key, record, at)
            parking.go_on(db, *job.place, [profile])
            if said is Answer.AGAIN:
                note_due(db, [(*job.place, lineage.living(db, profile) or profile)])
            body = {"of": member.name, "said": str(said), "by": actor, "why": why}
            journal.append(db, [journal.Line("answer", profile, body)], run=RUN, at=at)


def _resolve(
    db: Connection, job: Job, profile: str, said: Answer, key: str, record: Record | None, at: str
) -> None:
    claims = ledger.doubtful(db, *job.place, at=at, run=RUN, who=job.who, settle=job.stream.settle_seconds,
                             lease=job.ws.lease_seconds, profile=profile)  # fmt: skip
    if not claims:
        raise Superseded(f"Another attempt is at work on the write of {profile}; ask again when it is done.")
    for claim in claims:
        if said is Answer.THERE:
            if belonging.others(db, job, [(claim, key)]):
                raise ConfigError(
                    f"{key} of {job.member.name} was somebody else's before this write was planned; look at its key again. If "
                    "the two are one person, say so first: `crossroads identity same`."
                )
            ledger.end(db, [claim], "written", at=at, reasons=["a person found it"])
            _found(db, job, claim, key, record, at)
        else:
            ledger.end(db, [claim], "superseded", at=at, reasons=[f"a person said: {said}"])


def _found(db: Connection, job: Job, claim: Claim, key: str, record: Record | None, at: str) -> None:
    if job.turns.overlapping(db, [key]):
        raise Superseded(f"A sync has just read {key} of {job.member.name}; ask again.")
    token = rereading.version(job.stream, record)
    received.written(db, job, claim, Written(claim.change(), key, token, record), at=at, sought=True)


def _record(job: Job, key: str) -> Record | None:
    """Return the record a person found; a system that can be asked must have it."""
    try:
        found = rereading.fetched(job, [key])
    except NotImplementedError:
        return None
    if key not in found:
        raise ConfigError(f"{job.member.name} has no record {key}; look at its key again.")
    return found[key]


def _member(ws: Workspace, name: str) -> tuple[Plan, Member]:
    for plan in ws.plans:
        for member in plan.between:
            if member.name == name and member.write:
                return plan, member
    raise ConfigError(f"No sync writes to {name!r}; a stream is named connection.stream.")


def _place(member: Member) -> tuple[str, str]:
    return member.connection, member.stream
