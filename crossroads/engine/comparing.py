"""Read and compare before a write, where the system has no version token that it would check for us.

What is between this look and the write itself is the only time in which an edit can be lost: as short as the calls of one
group, and declared so in docs/conflicts.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from xxhash import xxh3_128_hexdigest

from crossroads.engine import echo, ledger, rereading
from crossroads.engine.blocks import lock
from crossroads.engine.job import Job
from crossroads.engine.ledger import Claim
from crossroads.engine.raw import original
from crossroads.errors import ConfigError, RecordRejected
from crossroads.records import Record


class Compared(NamedTuple):
    """Which claims may be sent, on which records; and which records somebody changed since we last saw them."""

    ready: list[Claim]
    bases: dict[str, Record]
    changed: dict[str, Record]

    def __repr__(self) -> str:
        return f"Compared({len(self.ready)} ready, {len(self.changed)} changed)"


def compare(job: Job, claims: Sequence[Claim]) -> Compared:
    """Return what may be sent of a group of claims; one call reads all of those that carry no version token.

    One that is blocked by now is not written to. One that is not in the answer is not taken for a deleted one: the system itself
    refuses the write if it is.
    """
    slots = [claim.slot for claim in claims if claim.slot]
    asked = [] if job.stream.blind_updates else [c for c in claims if c.slot and c.version is None]
    now = _now(job, [claim.slot for claim in asked])
    with job.ws.store.read() as db:
        seen = echo.held(db, job.member, list(now))
        digests = rereading.digests(db, job.member, list(now))
        bases = rereading.bases(db, job.member, [slot for slot in slots if slot not in now])
    ready, changed = [], {}
    for claim in claims:
        record, before = now.get(claim.slot), seen.get(claim.slot)
        if record is None or before is None:
            ready.append(claim)
            continue
        document = rereading.shown(job.lens, record, before.holds)
        edited = document is not None and before.told(document, None, "", job.together).differs
        if edited or lock(record, job.stream.blocked):
            changed[claim.id] = record
        elif xxh3_128_hexdigest(original(record)) == digests[claim.slot]:
            ready.append(claim)
        elif (patched := _patched(job, claim, before, record)) is None:
            changed[claim.id] = record
        else:
            ready.append(patched)
        bases[claim.slot] = record
    return Compared(ready, bases, changed)


def _now(job: Job, keys: Sequence[str]) -> dict[str, Record]:
    try:
        return rereading.fetched(job, keys)
    except NotImplementedError:
        raise ConfigError(
            f"{job.member.name} has no version token and its records cannot be fetched, so an edit made there meanwhile "
            "would be lost: let the connector `fetch`, or say in the manifest why not (`blind_updates: why`)."
        ) from None


def _patched(job: Job, claim: Claim, before: echo.Held, record: Record) -> Claim | None:
    """Return a claim with its patch made on the record as it is now: what we do not map may have changed in it."""
    try:
        patch = job.lens.put({**before.holds, **claim.document}, base=record, held=before.holds)
    except RecordRejected:
        return None
    return claim._replace(patch=ledger.told(patch)) if patch else None
