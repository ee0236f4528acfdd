"""Find out what became of writes without an answer, before anything of theirs is tried again."""

import time
from collections.abc import Sequence

from crossroads.engine import belonging, deletes, doubles, echo, ledger, parking, received, rereading
from crossroads.engine.belonging import Stranger
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.raw import storable, unkept
from crossroads.engine.run import was_read
from crossroads.engine.sending import Sender
from crossroads.errors import RecordRejected
from crossroads.records import Found, Written

SEARCHED = ("search", "enforced_key")


def clear(job: Job, sender: Sender, *, wait: bool) -> bool:
    """Find out what became of every write in doubt, send again what may be sent again; tell whether there was any.

    A create that cannot be found is sent again at once where the system refuses or recognises a second one. Where it can
    only be searched, it is sent, and an update that the system would not check against a version is planned anew, not
    before the longest time that the lost request may still be running. A create rests while its target could not be read:
    somebody else may have made that record meanwhile, and it would be there twice.
    """
    found = False
    while True:
        with job.ws.store.write(job.scope) as db:
            claims = ledger.doubtful(db, *job.place, at=job.ws.clock(), run=job.run, who=job.who,
                                     settle=job.stream.settle_seconds, lease=job.ws.lease_seconds,
                                     creates=was_read(db, job.run, job.member))  # fmt: skip
            strangers = belonging.strangers(db, job) if any(not claim.slot for claim in claims) else []
        if not claims:
            return found
        found = True
        waiting = [claim for claim in claims if not _cleared(job, claim, strangers)]
        sender.send_all()
        if not wait or not waiting:
            return found
        until = min(claim.quiet_at or job.ws.clock() for claim in waiting)
        while job.ws.clock() < until:
            time.sleep(0.05)


def _cleared(job: Job, claim: Claim, strangers: Sequence[Stranger]) -> bool:
    at = job.ws.clock()
    job.turns.ask()
    quiet = claim.quiet_at is None or claim.quiet_at <= at
    if claim.slot:
        return _updated(job, claim, at, quiet=quiet)
    try:
        seen = job.connector.find(job.stream, claim.change()) if job.stream.create in SEARCHED else ()
    except RecordRejected as error:
        _ask(job, claim, f"the look-up of its create was refused: {'; '.join(error.reasons)}", at)
        return True
    if seen := _made_since(job, seen):
        return _found(job, claim, seen, at)
    if ours := [one for one in strangers if claim.reference and one.reference == claim.reference]:
        # Read since, though nothing can be found: an index lags behind, or it was deleted or hidden in between.
        return _found(job, claim, [Found(one.key, one.version, one.record) for one in ours], at)
    if job.stream.create == "search" and not quiet:
        return False
    _absent(job, claim, strangers, at)
    return True


def _made_since(job: Job, seen: Sequence[Found]) -> Sequence[Found]:
    """Return what a create may have made: nothing that is gone, unless nothing else is there and we never knew it."""
    living = [one for one in seen if not one.gone]
    if living or not seen:
        return living
    with job.ws.store.read() as db:
        known = echo.held(db, job.member, [one.key for one in seen])
    return [one for one in seen if one.key not in known]


def _found(job: Job, claim: Claim, seen: Sequence[Found], at: str) -> bool:
    """A create that is found is written; not if all that is found is somebody else's, which only a person can make out."""
    kept = [one for one in seen if storable(one.key)]
    if not kept:
        why = f"the look-up of its create found a record that cannot be kept: {unkept(seen[0].key)}"
        _ask(job, claim, why, at)
        return True
    with job.ws.store.write(job.scope) as db:
        others = belonging.others(db, job, [(claim, one.key) for one in kept])
        made = [one for one in kept if (claim.id, one.key) not in others]
        if made:
            if job.turns.overlapping(db, [made[0].key]):
                return False  # stored by somebody else meanwhile, perhaps newer: it is looked up once more
            if ledger.end(db, [claim], "written", at=at):
                result = Written(claim.change(), made[0].key, made[0].version, made[0].record)
                doubles.listed(db, job, claim, made, at=at)
                if made[0].gone:
                    deletes.found(db, job.member, made[0].key, job.stream.deletes, job.run, at)
                received.written(db, job, claim, result, at=at, sought=True)
                job.outcomes.add(db, [claim.profile], {claim.profile: "applied"})
            return True
    _ask(
        job,
        claim,
        f"the look-up of its create found {', '.join(one.key for one in kept)}, which is another's",
        at,
    )
    return True


def _updated(job: Job, claim: Claim, at: str, *, quiet: bool) -> bool:
    """An update arrived if the record says so; else it is planned anew on the record as it is now."""
    record = rereading.now(job, claim)
    arrived = record is not None and rereading.says(job.lens, record, claim)
    if not arrived and not quiet and claim.version is None:
        return False  # it may arrive yet, on top of whatever we would write meanwhile
    with job.ws.store.write((job.plan.entity,)) as db:
        if job.turns.overlapping(db, [claim.slot]):
            return False
        if arrived:
            if ledger.end(db, [claim], "written", at=at):
                token = rereading.version(job.stream, record)
                found = Written(claim.change(), claim.slot, token, record)
                received.written(db, job, claim, found, at=at, sought=True)
                job.outcomes.add(db, [claim.slot], {claim.slot: "applied"})
        elif ledger.end(db, [claim], "superseded", at=at):
            rereading.reread(db, job, claim, record, at=at)
    return True


def _absent(job: Job, claim: Claim, strangers: Sequence[Stranger], at: str) -> None:
    """A create that is not there is sent again, unless it has become needless or nobody can look whether it is there.

    That of somebody who has become one with another is, too: the lost one may arrive yet, and the other be made beside it.
    """
    with job.ws.store.write(job.scope) as db:
        profile = belonging.holder(db, claim)
        made = belonging.there(db, job, profile) or belonging.made_by_hand(db, job, claim, profile, strangers)
        searched = job.stream.create == "search"  # and quiet: it did not arrive, and will not
        if made or (profile != claim.profile and searched):
            # Somebody made since, perhaps by us, whom a pull reads; or to be made as the one he has become.
            if ledger.end(db, [claim], "superseded", at=at):
                parking.go_on(db, *job.place, [claim.profile])
                job.outcomes.add(db, [claim.profile], {claim.profile: "superseded"})
            return
        if job.stream.create != "none":
            ledger.end(db, [claim], "planned", at=at)
            return
    _ask(job, claim, "it is not known whether the create arrived, and the system has no way to look", at)


def _ask(job: Job, claim: Claim, why: str, at: str) -> None:
    with job.ws.store.write(job.scope) as db:
        received.ask(db, job, claim, why, at=at, reason="outcome")
        job.outcomes.add(db, [claim.profile], {claim.profile: "parked"})
