"""Changes as OData operations: a deep POST creates, a changeset of single writes updates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.sap_s4.options import Options
from crossroads.errors import CrossroadsError, OutcomeUnknown, RecordRejected, Unavailable
from crossroads.protocols.odata import ODataService
from crossroads.protocols.odata_batch import Operation
from crossroads.protocols.odata_values import address
from crossroads.records import Change, Part, Record, Stream


def operations(stream: Stream, options: Options, change: Change) -> list[Operation]:
    """Return the changeset of a change: all of it is carried out, or nothing."""
    if change.key is None:
        return [Operation("POST", options.entity_set, dict(change.record))]
    root = address(options.entity_set, {stream.key: options.said(change.key)})
    base = change.base or {}
    root = _uri(base) or root
    told: list[Operation] = []
    if change.record:
        # S/4 takes a deep PATCH and ignores what is nested in it.
        nested = [name for name, value in change.record.items() if isinstance(value, list | dict)]
        if nested:
            raise RecordRejected(
                f"{', '.join(nested)} cannot be changed through {options.entity_set}: map it with a resource."
            )
        told.append(Operation(options.method, root, dict(change.record), _if_match(base)))
    missing = [part for part in change.parts if not part.exists]
    for part in change.parts:
        if part.exists:
            told.append(_update(part, base, options))
        elif not any(_inside(part, other) for other in missing):
            parent = _parent(part, base)
            told.append(Operation("POST", f"{_uri(parent) or root}/{part.path[-1]}", _whole(part, missing)))
    return told


def _update(part: Part, base: Record, options: Options) -> Operation:
    entity = next((one for one in _at(base, part.path) if _carries(one, part.key)), {})
    return Operation(
        options.method, _uri(entity) or address(part.resource, part.key), dict(part.record), _if_match(entity)
    )


def _whole(part: Part, missing: Sequence[Part]) -> Record:
    """Return a new nested entity with those that hang below it: they can only be created with it."""
    record = dict(part.record)
    for other in missing:
        if len(other.path) == len(part.path) + 1 and _inside(other, part):
            record.setdefault(other.path[-1], []).append(_whole(other, missing))
    return record


def _inside(part: Part, other: Part) -> bool:
    return (
        part is not other and len(part.path) > len(other.path) and part.path[: len(other.path)] == other.path
    )


def _parent(part: Part, base: Record) -> Record:
    """Return the entity a new part hangs below: the one that shares its known keys."""
    if len(part.path) == 1:
        return base
    candidates = list(_at(base, part.path[:-1]))
    return next((one for one in candidates if _carries(one, part.key)), candidates[0] if candidates else base)


def _at(record: Record, path: Sequence[str]) -> Iterator[Record]:
    if not path:
        yield record
        return
    inner = record.get(path[0])
    for one in inner if isinstance(inner, list) else [inner]:
        if isinstance(one, dict):
            yield from _at(one, path[1:])


def _carries(entity: Record, key: Mapping[str, Any]) -> bool:
    return all(entity[name] == value for name, value in key.items() if name in entity)


def _uri(entity: Record) -> str:
    return str((entity.get("__metadata") or {}).get("uri", ""))


def _if_match(entity: Record) -> dict[str, str]:
    etag = (entity.get("__metadata") or {}).get("etag")
    return {"If-Match": etag} if etag else {}


def carry_out(
    service: ODataService, changesets: Sequence[Sequence[Operation]]
) -> Sequence[Record | CrossroadsError]:
    """Send changesets in one batch and return, for each, the first record it answered or its error."""
    if not changesets:
        return []
    try:
        return service.batch(changesets)
    except OutcomeUnknown as lost:
        return [lost] * len(changesets)
    except RecordRejected as refused:
        # The batch as a whole was refused, so nothing of it was done: one by one shows whose fault it is.
        if len(changesets) == 1:
            return [refused]
        return list(_one_by_one(service, changesets))


def _one_by_one(
    service: ODataService, changesets: Sequence[Sequence[Operation]]
) -> Iterator[Record | CrossroadsError]:
    for number, one in enumerate(changesets):
        try:
            yield carry_out(service, [one])[0]
        except Unavailable as error:
            if not number:
                raise
            # Raised, it would say of those already carried out that they were not sent.
            yield error
