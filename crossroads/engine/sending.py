"""Send what is planned, group by group, and record every answer under the fence of its claim."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlalchemy import Connection

from crossroads.engine import belonging, ledger, received, rereading
from crossroads.engine.comparing import Compared, compare
from crossroads.engine.due import note_due
from crossroads.engine.job import Job
from crossroads.engine.lease import Lease, held
from crossroads.engine.ledger import Claim
from crossroads.engine.match import work_off
from crossroads.engine.raw import storable, unkept
from crossroads.engine.resting import resting, unmatched
from crossroads.errors import ConfigError, CrossroadsError, RecordRejected, Superseded, Unavailable
from crossroads.records import Record, Rejected, Unknown, WriteResult, Written

ROUNDS = 4  # plan, send, and up to three times again where somebody changed the record in between
LANES = 4


class Sender:
    """Sends the intents of one target stream in one attempt."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.conflicts: Counter[tuple[str, str]] = Counter()

    def send_all(self) -> int:
        """Send every planned intent; return how many there were."""
        job, sent, seconds = self.job, 0, self.job.ws.lease_seconds
        while True:
            self._meet()
            taken = time.monotonic()
            with job.ws.store.write(job.scope) as db:
                # Whoever rests, for one of them may be a create in doubt, may also be whom another create is for.
                claimed = ledger.claim(db, *job.place, at=job.ws.clock(), limit=job.stream.write_size * LANES,
                                       run=job.run, who=job.who, lease=seconds,
                                       creates=not unmatched(db, job.plan.entity, job.member))  # fmt: skip
                claims = self._needed(db, claimed)
            if not claimed:
                return sent
            left = {claim.id: claim for claim in claims}
            job.turns.ask()
            with held(job.ws, job.scope, left.values(), seconds, taken) as lease:
                compared = self._compared(claims, left)
                self._send(compared, left, lease)
            sent += len(claims)

    def _meet(self) -> None:
        """Match whom another attempt has read since we did: whoever is there is known before anybody is made."""
        job = self.job
        with job.ws.store.read() as db:
            where = (job.plan.entity, job.member)
            strangers = unmatched(db, *where) and not resting(db, *where)
        if strangers:
            work_off(job.ws, job.plan, job.run)

    def _needed(self, db: Connection, claims: Sequence[Claim]) -> list[Claim]:
        """Return what is still to be sent; whose person is there by now is planned anew."""
        job, at = self.job, self.job.ws.clock()
        creates = [claim for claim in claims if not claim.slot]
        if gone := belonging.needless(db, job, creates) if creates else []:
            why = ["its person is there by now, or is no more"]
            ended = ledger.end(db, gone, "superseded", at=at, reasons=why, unsent=True)
            note_due(db, [(*job.place, claim.profile) for claim in gone if claim.id in ended])
            # Also what an earlier run planned and this one sends again enters here.
            names = [claim.profile for claim in gone]
            job.outcomes.add(db, names, dict.fromkeys(names, "superseded"))
        needless = {claim.id for claim in gone}
        return [claim for claim in claims if claim.id not in needless]

    def _compared(self, claims: Sequence[Claim], left: dict[str, Claim]) -> Compared:
        """Set those aside whose records somebody changed since we last saw them."""
        job = self.job
        try:
            compared = compare(job, claims)
        except Exception:  # whatever it is, nothing was sent
            self._give_back(left, unsent=True)
            raise
        if compared.changed:
            at, ended = job.ws.clock(), dict[str, str]()
            with job.ws.store.write((job.plan.entity,)) as db:
                for identity, record in compared.changed.items():
                    ended |= self._conflict(
                        db, left.pop(identity), record, ["it is not as we last saw it"], at
                    )
                job.outcomes.add(db, ended, ended)
        return compared

    def _send(self, compared: Compared, left: dict[str, Claim], lease: Lease) -> None:
        job, bases = self.job, compared.bases
        changes = [claim.change(bases.get(claim.slot)) for claim in compared.ready]
        answers = iter(job.connector.write(job.stream, changes) if changes else ())
        results: list[WriteResult] = []
        failure: Exception | None = None
        while failure is None and len(results) < len(left):
            try:
                lease.check()
                results.append(next(answers))
            except StopIteration:
                failure = ConfigError(
                    f"The connector of {job.member.name} gave fewer results than it was given changes."
                )
            except Exception as error:  # whatever it is, what was answered before it is recorded first
                failure = error
            if failure is not None or len(results) in (len(left), job.stream.write_size):
                self._record(results, left)
                results = []
        if failure is not None:
            # The contract: what `write` has no result for when it raises Unavailable was not sent.
            self._give_back(left, unsent=isinstance(failure, Unavailable))
            raise failure

    def _give_back(self, left: Mapping[str, Claim], *, unsent: bool) -> None:
        job, at = self.job, self.job.ws.clock()
        state = "planned" if unsent else "unknown"
        with job.ws.store.write(job.scope) as db:
            ledger.end(db, left.values(), state, at=at, unsent=unsent, settle=job.stream.settle_seconds)

    def _record(
        self, results: Sequence[WriteResult], left: dict[str, Claim], *, sought: bool = False
    ) -> None:
        """Record results in one transaction; a claim that another attempt took meanwhile is not ours to record.

        Of a record that somebody else stored since we asked, the answer may be the older word: it is recorded as the record
        is when `sought` once more.
        """
        if not results:
            return
        job, at = self.job, self.job.ws.clock()
        ended: dict[str, str] = {}
        lost: list[str] = []
        again: list[Written] = []
        fresh, unshown = self._reread(results, left), self._read_back(results)
        # What is read again is settled again, and that is the whole entity's matter.
        scope = (job.plan.entity,) if fresh or unshown else job.scope
        with job.ws.store.write(scope) as db:
            overlap = job.turns.overlapping(db, [one.key for one in results if isinstance(one, Written)])
            creates = [
                (left[r.change.id], r.key) for r in results if isinstance(r, Written) and not r.change.key
            ]
            others = belonging.others(db, job, creates)
            for result in results:
                if isinstance(result, Written) and result.key in overlap:
                    again.append(result)
                    continue
                claim = left.pop(result.change.id)
                name = claim.slot or claim.profile
                match result:
                    case Written() if not storable(result.key):
                        # Not refused, or it would be tried again and be there twice.
                        told, settle = unkept(result.key), job.stream.settle_seconds
                        ledger.end(db, [claim], "unknown", at=at, reasons=[told], settle=settle)
                    case Written() if (claim.id, result.key) in others:
                        reason = (
                            f"the system answered with its record {result.key}, which was another's before"
                        )
                        if ledger.end(db, [claim], "rejected", at=at, reasons=[reason]):
                            received.refused(db, job, name, [reason], at=at)
                            ended[name] = "rejected"
                    case Written():
                        if ledger.end(db, [claim], "written", at=at):
                            repeated = claim.attempts > 1
                            seen = unshown.get(result.key)
                            if seen is not None:
                                with suppress(RecordRejected):  # as the listing will spell it
                                    result = replace(result, key=job.lens.key(seen))
                            if seen and rereading.as_before(db, job, claim, result.key, seen):
                                # As an answer that shows the old value: not taken, and no edit since.
                                version = rereading.version(job.stream, seen)
                                result, seen = replace(result, record=seen, version=version), None
                            received.written(db, job, claim, result, at=at, sought=sought or repeated)
                            ended[name] = "applied"
                            if seen is not None:
                                there = claim._replace(slot=result.key)
                                rereading.reread(db, job, there, seen, at=at, again=False)
                        else:
                            lost.append(claim.id)
                    case Rejected(conflict=True):
                        ended |= self._conflict(db, claim, fresh[claim.id], result.reasons, at)
                    case Rejected():
                        if ledger.end(db, [claim], "rejected", at=at, reasons=result.reasons):
                            received.refused(db, job, name, result.reasons, at=at)
                            ended[name] = "rejected"
                    case Unknown():
                        settle = job.stream.settle_seconds
                        ledger.end(db, [claim], "unknown", at=at, reasons=[result.reason], settle=settle)
            # Also what an earlier run planned and this one sends enters here.
            job.outcomes.add(db, ended, ended)
        if lost:
            raise Superseded(f"Another attempt took over intent {', '.join(lost)}.")
        self._record(self._sought(again), left, sought=True)

    def _conflict(
        self, db: Connection, claim: Claim, record: Record | None, reasons: Sequence[str], at: str
    ) -> dict[str, str]:
        """Take in what the record says by now, and let it be planned anew; after three times a person decides."""
        job, name = self.job, claim.slot or claim.profile
        if not ledger.end(db, [claim], "superseded", at=at, reasons=reasons):
            return {}
        if self.conflicts[claim.profile, claim.slot] < ROUNDS - 1:
            self.conflicts[claim.profile, claim.slot] += 1
            rereading.reread(db, job, claim, record, at=at)
            return {}
        received.ask(db, job, claim, "changed again at each of our attempts", at=at)
        return {name: "parked"}

    def _reread(self, results: Sequence[WriteResult], left: Mapping[str, Claim]) -> dict[str, Record | None]:
        """Return the records somebody changed under our hands, as they are now.

        Asked before the store is locked: a slow system must not keep every other one from writing.
        """
        conflicts = [left[r.change.id] for r in results if isinstance(r, Rejected) and r.conflict]
        return {claim.id: rereading.now(self.job, claim) for claim in conflicts}

    def _sought(self, results: Sequence[Written]) -> list[Written]:
        """Return results with their records as these are now; as they were, where the system cannot show them."""
        if not results:
            return []
        self.job.turns.ask()
        now, stream = self._fetched([one.key for one in results]), self.job.stream
        return [
            Written(one.change, one.key, rereading.version(stream, record), record)
            if (record := now.get(one.key))
            else one
            for one in results
        ]

    def _read_back(self, results: Sequence[WriteResult]) -> dict[str, Record]:
        """Return the records whose system did not show what it made of our writes.

        Read at once, in one call: until then nobody can tell its spelling of our value from somebody's edit.
        """
        return self._fetched([one.key for one in results if isinstance(one, Written) and one.record is None])

    def _fetched(self, keys: Sequence[str]) -> dict[str, Record]:
        try:
            return rereading.fetched(self.job, keys)
        except (CrossroadsError, NotImplementedError):
            return {}  # it is written; that we cannot see it now must not hide it, and the next pull reads it
