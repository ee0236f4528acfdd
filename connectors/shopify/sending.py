"""Many changes in one request, and for each of them what became of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from connectors.shopify.batch import Mutations
from crossroads.errors import AuthError, ConfigError, OutcomeUnknown, RecordRejected, Unavailable
from crossroads.protocols.graphql import GraphQL, Mutated
from crossroads.records import Change, Rejected, Unknown

Plan: TypeAlias = Callable[[Mutations, str, Change], list[str]]
"""Adds a change's mutations to the batch and returns their aliases, or raises RecordRejected."""

Sent: TypeAlias = list[dict[str, Any]] | Rejected | Unknown
"""The payloads of a change's mutations in order (none, if there was nothing to do), or why it failed."""


def send(graphql: GraphQL, changes: Sequence[Change], plan: Plan) -> list[Sent]:
    """Carry the changes out in one request and return what became of each, in order."""
    batch, results = Mutations(), dict[int, Sent]()
    planned: dict[int, list[str]] = {}
    for number, change in enumerate(changes):
        try:
            planned[number] = plan(batch, f"m{number}", change)
        except RecordRejected as refused:
            results[number] = Rejected(change, refused.reasons)
    try:
        mutated = graphql.mutate(batch.document, batch.variables) if batch else Mutated({}, {})
    except OutcomeUnknown as lost:
        results |= {number: Unknown(changes[number], str(lost)) for number in planned}
    except AuthError:
        raise
    except ConfigError as error:
        asked = [changes[number] for number in planned]
        results |= dict(zip(planned, _one_by_one(graphql, asked, plan, error), strict=True))
    else:
        results |= {number: _sent(mutated, changes[number], planned[number]) for number in planned}
    return [results[number] for number in range(len(changes))]


def _one_by_one(graphql: GraphQL, changes: Sequence[Change], plan: Plan, error: ConfigError) -> list[Sent]:
    """Find the change because of which the whole document was refused.

    A value that the schema does not allow, which only a country's code can be, refuses the document before
    anything of it is begun; so the others may be sent again.
    """
    if len(changes) > 1:
        return list(_each(graphql, changes, plan))
    (change,) = changes
    if not change.record.get("defaultAddress"):
        raise error
    return [Rejected(change, [f"countryCode or another field of the address is not allowed: {error}"])]


def _each(graphql: GraphQL, changes: Sequence[Change], plan: Plan) -> Iterator[Sent]:
    for number, change in enumerate(changes):
        try:
            yield send(graphql, [change], plan)[0]
        except Unavailable as error:
            if not number:
                raise
            # Raised, it would say of those already carried out that they were not sent.
            yield Unknown(change, str(error))


def _sent(mutated: Mutated, change: Change, aliases: Sequence[str]) -> Sent:
    payloads: list[dict[str, Any]] = []
    try:
        for alias in aliases:
            payloads.append(mutated.payload(alias))  # noqa: PERF401  # how many succeeded is part of the answer
    except RecordRejected as refused:
        done = [f"{len(payloads)} of {len(aliases)} parts of this change were written"] if payloads else []
        return Rejected(change, [*refused.reasons, *done])
    except OutcomeUnknown as lost:
        return Unknown(change, str(lost))
    return payloads
