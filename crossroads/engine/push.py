"""Push: send what a target stream should hear, each change at most once, and know what became of it.

First what an earlier attempt left in doubt is looked up, then what is due is planned, claimed, sent and
recorded.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crossroads.connector import Connector
from crossroads.engine import ledger, parking, planning, received
from crossroads.engine.attempt import attempt
from crossroads.engine.ledger import Claim
from crossroads.engine.match import resting, work_off
from crossroads.engine.outcomes import Outcomes
from crossroads.engine.planning import Planner
from crossroads.engine.run import step
from crossroads.engine.workspace import Workspace
from crossroads.errors import ConfigError, Superseded, Unavailable
from crossroads.mapping import Lens
from crossroads.plan import Member, Plan
from crossroads.records import Rejected, Stream, Unknown, WriteResult, Written
from crossroads.store.clock import later
from crossroads.store.session import table
from crossroads.store.tables import Run

SEARCHED = ("search", "enforced_key")
ROUNDS = 4  # plan, send, and up to three times again where somebody changed the record in between
LANES = 4


def push(ws: Workspace, plan: Plan, name: str, run: str) -> dict[str, int]:
    """Bring one target stream up to date and return how many writes ended how."""
    member = plan.member(name)
    with step(ws, run, "push", name), ws.open(member.connection) as connector, attempt() as who:
        lens = ws.lens(member.connection, member.stream)
        sender = Sender(ws, plan, member, lens, connector, run, who)
        with ws.store.write(sender.scope) as db:
            planning.renew(db, member, ws.clock())
        with ws.store.read() as db:
            rested = resting(db, member)
        sender.clear_doubts(wait=rested)
        if rested:
            # Whoever is there already, made by us or by hand, is known before anybody is made.
            work_off(ws, plan, run)
        with ws.store.write(*planning.scopes(plan.entity, member, lens)) as db:
            planning.release(db, member)
        creatable = {stream.name: stream.writable for stream in connector.streams.values()}
        planner = Planner(ws, plan.entity, member, lens, run, creatable=creatable)
        for _ in range(ROUNDS):
            planned = 0
            while True:
                with ws.store.write(*planner.scopes) as db:
                    considered, ended = planner.chunk(db)
                    sender.outcomes.add(db, considered, ended)
                planned += len(considered)
                if not considered:
                    break
            if not sender.send_all() and not planned:
                break
        sender.clear_doubts(wait=True)
        # A record just made has a number of its own: the targets that come next hear of it in this same run.
        work_off(ws, plan, run)
        sender.account()
        return dict(sender.outcomes.counts)


class Sender:
    """Sends the intents of one target stream in one attempt."""

    def __init__(
        self,
        ws: Workspace,
        plan: Plan,
        member: Member,
        lens: Lens,
        connector: Connector[Any],
        run: str,
        who: str,
    ) -> None:
        self.ws, self.plan, self.member, self.lens, self.run, self.who = ws, plan, member, lens, run, who
        self.connector = connector
        self.scope = (plan.entity, member.name)
        self.stream: Stream = connector.streams[member.stream]
        self.conflicts: Counter[tuple[str, str]] = Counter()
        with ws.store.read() as db:
            self.outcomes = Outcomes.load(db, run, "push", member.name)

    def account(self) -> None:
        """Give those records an outcome whose write another run took over and ended, beside this one or after a kill."""
        runs, here = table(Run), (self.member.connection, self.member.stream)
        with self.ws.store.write(self.scope) as db:
            if names := self.outcomes.unaccounted(db):
                began = db.execute(select(runs.c.started_at).where(runs.c.id == self.run)).scalar_one()
                others = ledger.settled_since(db, *here, names, began)
                self.outcomes.add(db, [], dict.fromkeys(sorted(others), "superseded"))

    def send_all(self) -> int:
        """Send every planned intent; return how many there were."""
        sent = 0
        while True:
            with self.ws.store.write(self.scope) as db:
                claims = ledger.claim(db, self.member.connection, self.member.stream, at=self.ws.clock(),
                                      limit=self.stream.write_size * LANES, run=self.run, who=self.who)  # fmt: skip
                bases = received.bases(db, self.member, [claim.slot for claim in claims if claim.slot])
            if not claims:
                return sent
            self._send(claims, bases)
            sent += len(claims)

    def _send(self, claims: Sequence[Claim], bases: dict[str, Any]) -> None:
        left = {claim.id: claim for claim in claims}
        answers = iter(
            self.connector.write(self.stream, [claim.change(bases.get(claim.slot)) for claim in claims])
        )
        results: list[WriteResult] = []
        failure: Exception | None = None
        while failure is None and len(results) < len(left):
            try:
                results.append(next(answers))
            except StopIteration:
                failure = ConfigError(
                    f"The connector of {self.member.name} gave fewer results than it was given changes."
                )
            except Exception as error:  # whatever it is, what was answered before it is recorded first
                failure = error
            if failure is not None or len(results) in (len(left), self.stream.write_size):
                self._record(results, left)
                results = []
        if failure is not None:
            # The contract: what `write` has no result for when it raises Unavailable was not sent.
            unsent = isinstance(failure, Unavailable)
            with self.ws.store.write(self.scope) as db:
                state = "planned" if unsent else "unknown"
                ledger.end(db, left.values(), state, at=self.ws.clock(), unsent=unsent)
            raise failure

    def _record(self, results: Sequence[WriteResult], left: dict[str, Claim]) -> None:
        """Record results in one transaction; a claim that another attempt took meanwhile is not ours to record."""
        if not results:
            return
        at = self.ws.clock()
        ended: dict[str, str] = {}
        fresh = self._reread(results, left)
        # What is read again is settled again, and that is the whole entity's matter.
        scope = (self.plan.entity,) if fresh else self.scope
        with self.ws.store.write(scope) as db:
            for result in results:
                claim = left.pop(result.change.id)
                name = claim.slot or claim.profile
                match result:
                    case Written():
                        if not ledger.end(db, [claim], "written", at=at):
                            raise Superseded(f"Another attempt took over intent {claim.id}.")
                        received.written(
                            db, self.ws, self.plan, self.member, self.lens, claim, result, run=self.run, at=at
                        )
                        ended[name] = "applied"
                    case Rejected(conflict=True) if self.conflicts[(claim.profile, claim.slot)] < ROUNDS - 1:
                        self.conflicts[(claim.profile, claim.slot)] += 1
                        ledger.end(db, [claim], "superseded", at=at, reasons=result.reasons)
                        received.reread(
                            db,
                            self.ws,
                            self.plan,
                            self.member,
                            self.lens,
                            self.stream,
                            claim,
                            fresh[claim.id],
                            run=self.run,
                            at=at,
                        )
                    case Rejected(conflict=True):
                        ledger.end(db, [claim], "superseded", at=at, reasons=result.reasons)
                        received.ask(
                            db,
                            self.plan,
                            self.member,
                            claim,
                            "changed again at each of our attempts",
                            run=self.run,
                            at=at,
                        )
                        ended[name] = "parked"
                    case Rejected():
                        ledger.end(db, [claim], "rejected", at=at, reasons=result.reasons)
                        received.refused(db, self.member, name, result.reasons, run=self.run, at=at)
                        ended[name] = "rejected"
                    case Unknown():
                        ledger.end(db, [claim], "unknown", at=at, reasons=[result.reason])
            # Also what an earlier run planned and this one sends enters here.
            self.outcomes.add(db, ended, ended)

    def _reread(
        self, results: Sequence[WriteResult], left: Mapping[str, Claim]
    ) -> dict[str, dict[str, Any] | None]:
        """Return the records somebody changed under our hands, as they are now.

        Asked before the store is locked: a slow system must not keep every other one from writing.
        """
        conflicts = [left[r.change.id] for r in results if isinstance(r, Rejected) and r.conflict]
        return {claim.id: self._now(claim) for claim in conflicts}

    def _now(self, claim: Claim) -> dict[str, Any] | None:
        return next(iter(self.connector.fetch(self.stream, [claim.slot])), None)

    def clear_doubts(self, *, wait: bool) -> None:
        """Find out what became of writes without an answer.

        A create that cannot be found is sent again at once where the system refuses or recognises a second
        one; where it can only be searched, not before the longest time the lost request may still have been
        running.
        """
        while True:
            with self.ws.store.write(self.scope) as db:
                claims = ledger.doubtful(db, self.member.connection, self.member.stream, at=self.ws.clock(), run=self.run,
                                         who=self.who)  # fmt: skip
            if not claims:
                return
            waiting = [claim for claim in claims if not self._cleared(claim)]
            self.send_all()
            if not wait or not waiting:
                return
            until = min(
                later(claim.sent_at or self.ws.clock(), self.stream.settle_seconds) for claim in waiting
            )
            while self.ws.clock() < until:
                time.sleep(0.05)

    def _cleared(self, claim: Claim) -> bool:
        at = self.ws.clock()
        if claim.slot:
            record = self._now(claim)
            with self.ws.store.write((self.plan.entity,)) as db:
                if record is not None and received.says(self.lens, record, claim):
                    if ledger.end(db, [claim], "written", at=at):
                        found = Written(
                            claim.change(), claim.slot, received.version(self.stream, record), record
                        )
                        received.written(
                            db, self.ws, self.plan, self.member, self.lens, claim, found, run=self.run, at=at
                        )
                        self.outcomes.add(db, [claim.slot], {claim.slot: "applied"})
                elif ledger.end(db, [claim], "superseded", at=at):
                    received.reread(
                        db,
                        self.ws,
                        self.plan,
                        self.member,
                        self.lens,
                        self.stream,
                        claim,
                        record,
                        run=self.run,
                        at=at,
                    )
            return True
        seen = self.connector.find(self.stream, claim.change()) if self.stream.create in SEARCHED else ()
        if seen:
            with self.ws.store.write(self.scope) as db:
                if ledger.end(db, [claim], "written", at=at):
                    result = Written(claim.change(), seen[0].key, seen[0].version, seen[0].record)
                    received.doubles(db, self.member, claim, seen, run=self.run, at=at)
                    received.written(
                        db,
                        self.ws,
                        self.plan,
                        self.member,
                        self.lens,
                        claim,
                        result,
                        run=self.run,
                        at=at,
                        sought=True,
                    )
                    self.outcomes.add(db, [claim.profile], {claim.profile: "applied"})
            return True
        settled = later(claim.sent_at or at, self.stream.settle_seconds) <= at
        if self.stream.create == "search" and not settled:
            return False
        with self.ws.store.write(self.scope) as db:
            profile = received.holder(db, claim)
            if profile != claim.profile or received.there(db, self.member, profile):
                # Nobody to be made any more, or somebody made since, perhaps by us: what there is, a pull reads.
                if ledger.end(db, [claim], "superseded", at=at):
                    parking.go_on(db, self.member.connection, self.member.stream, [claim.profile])
                    self.outcomes.add(db, [claim.profile], {claim.profile: "superseded"})
                return True
        if self.stream.create == "none":
            with self.ws.store.write(self.scope) as db:
                why = "it is not known whether the create arrived, and the system has no way to look"
                received.ask(db, self.plan, self.member, claim, why, run=self.run, at=at, reason="outcome")
                self.outcomes.add(db, [claim.profile], {claim.profile: "parked"})
        else:
            self._again(claim)
        return True

    def _again(self, claim: Claim) -> None:
        with self.ws.store.write(self.scope) as db:
            ledger.end(db, [claim], "planned", at=self.ws.clock())
