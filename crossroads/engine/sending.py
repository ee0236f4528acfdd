"""Send what is planned, group by group, and record every answer under the fence of its claim."""

from collections import Counter
from collections.abc import Mapping, Sequence

from crossroads.engine import ledger, received, rereading
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.errors import ConfigError, Superseded, Unavailable
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
        job, sent = self.job, 0
        while True:
            with job.ws.store.write() as db:
                claims = ledger.claim(db, *job.place, at=job.ws.clock(), limit=job.stream.write_size * LANES,
                                      run=job.run, who=job.who)  # fmt: skip
                bases = rereading.bases(db, job.member, [claim.slot for claim in claims if claim.slot])
            if not claims:
                return sent
            self._send(claims, bases)
            sent += len(claims)

    def _send(self, claims: Sequence[Claim], bases: Mapping[str, Record]) -> None:
        job, left = self.job, {claim.id: claim for claim in claims}
        answers = iter(
            job.connector.write(job.stream, [claim.change(bases.get(claim.slot)) for claim in claims])
        )
        results: list[WriteResult] = []
        failure: Exception | None = None
        while failure is None and len(results) < len(left):
            try:
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
            unsent = isinstance(failure, Unavailable)
            with job.ws.store.write() as db:
                state = "planned" if unsent else "unknown"
                ledger.end(db, left.values(), state, at=job.ws.clock(), unsent=unsent)
            raise failure

    def _record(self, results: Sequence[WriteResult], left: dict[str, Claim]) -> None:
        """Record results in one transaction; a claim that another attempt took meanwhile is not ours to record."""
        if not results:
            return
        job, at = self.job, self.job.ws.clock()
        ended: dict[str, str] = {}
        fresh = self._reread(results, left)
        with job.ws.store.write() as db:
            for result in results:
                claim = left.pop(result.change.id)
                name = claim.slot or claim.profile
                match result:
                    case Written():
                        if not ledger.end(db, [claim], "written", at=at):
                            raise Superseded(f"Another attempt took over intent {claim.id}.")
                        received.written(db, job, claim, result, at=at)
                        ended[name] = "applied"
                    case Rejected(conflict=True) if self.conflicts[(claim.profile, claim.slot)] < ROUNDS - 1:
                        self.conflicts[(claim.profile, claim.slot)] += 1
                        ledger.end(db, [claim], "superseded", at=at, reasons=result.reasons)
                        rereading.reread(db, job, claim, fresh[claim.id], at=at)
                    case Rejected(conflict=True):
                        ledger.end(db, [claim], "superseded", at=at, reasons=result.reasons)
                        why = "changed again at each of our attempts"
                        received.ask(db, job, claim, why, at=at)
                        ended[name] = "parked"
                    case Rejected():
                        ledger.end(db, [claim], "rejected", at=at, reasons=result.reasons)
                        received.refused(db, job, name, result.reasons, at=at)
                        ended[name] = "rejected"
                    case Unknown():
                        ledger.end(db, [claim], "unknown", at=at, reasons=[result.reason])
            # Also what an earlier run planned and this one sends enters here.
            job.outcomes.add(db, ended, ended)

    def _reread(self, results: Sequence[WriteResult], left: Mapping[str, Claim]) -> dict[str, Record | None]:
        """Return the records somebody changed under our hands, as they are now.

        Asked before the store is locked: a slow system must not keep every other one from writing.
        """
        conflicts = [left[r.change.id] for r in results if isinstance(r, Rejected) and r.conflict]
        return {claim.id: rereading.now(self.job, claim) for claim in conflicts}
