"""Find out what became of writes without an answer, before anything of theirs is tried again."""

import time

from crossroads.engine import belonging, ledger, parking, received, rereading
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.sending import Sender
from crossroads.records import Written
from crossroads.store.clock import later

SEARCHED = ("search", "enforced_key")


def clear(job: Job, sender: Sender, *, wait: bool) -> None:
    """Find out what became of every write in doubt, and send again what may be sent again.

    A create that cannot be found is sent again at once where the system refuses or recognises a second
    one; where it can only be searched, not before the longest time the lost request may still have been
    running.
    """
    while True:
        with job.ws.store.write() as db:
            claims = ledger.doubtful(db, *job.place, at=job.ws.clock(), run=job.run, who=job.who)
        if not claims:
            return
        waiting = [claim for claim in claims if not _cleared(job, claim)]
        sender.send_all()
        if not wait or not waiting:
            return
        until = min(later(claim.sent_at or job.ws.clock(), job.stream.settle_seconds) for claim in waiting)
        while job.ws.clock() < until:
            time.sleep(0.05)


def _cleared(job: Job, claim: Claim) -> bool:
    at = job.ws.clock()
    if claim.slot:
        _updated(job, claim, at)
        return True
    seen = job.connector.find(job.stream, claim.change()) if job.stream.create in SEARCHED else ()
    if seen:
        with job.ws.store.write() as db:
            if ledger.end(db, [claim], "written", at=at):
                result = Written(claim.change(), seen[0].key, seen[0].version, seen[0].record)
                belonging.doubles(db, job, claim, seen, at=at)
                received.written(db, job, claim, result, at=at, sought=True)
                job.outcomes.add(db, [claim.profile], {claim.profile: "applied"})
        return True
    settled = later(claim.sent_at or at, job.stream.settle_seconds) <= at
    if job.stream.create == "search" and not settled:
        return False
    _absent(job, claim, at)
    return True


def _updated(job: Job, claim: Claim, at: str) -> None:
    """An update arrived if the record says so; else it is planned anew on the record as it is now."""
    record = rereading.now(job, claim)
    with job.ws.store.write() as db:
        if record is not None and rereading.says(job.lens, record, claim):
            if ledger.end(db, [claim], "written", at=at):
                token = rereading.version(job.stream, record)
                found = Written(claim.change(), claim.slot, token, record)
                received.written(db, job, claim, found, at=at)
                job.outcomes.add(db, [claim.slot], {claim.slot: "applied"})
        elif ledger.end(db, [claim], "superseded", at=at):
            rereading.reread(db, job, claim, record, at=at)


def _absent(job: Job, claim: Claim, at: str) -> None:
    """A create that is not there is sent again, unless it has become needless or nobody can look whether it is there."""
    with job.ws.store.write() as db:
        profile = belonging.holder(db, claim)
        if profile != claim.profile or belonging.there(db, job, profile):
            # Nobody to be made any more, or somebody made since, perhaps by us: what there is, a pull reads.
            if ledger.end(db, [claim], "superseded", at=at):
                parking.go_on(db, *job.place, [claim.profile])
                job.outcomes.add(db, [claim.profile], {claim.profile: "superseded"})
        elif job.stream.create == "none":
            why = "it is not known whether the create arrived, and the system has no way to look"
            received.ask(db, job, claim, why, at=at, reason="outcome")
            job.outcomes.add(db, [claim.profile], {claim.profile: "parked"})
        else:
            ledger.end(db, [claim], "planned", at=at)
