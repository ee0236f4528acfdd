"""Says a document as a patch of a record, or as a new record."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from crossroads.canonical import Document
from crossroads.errors import RecordRejected
from crossroads.mapping.codecs import SetAside
from crossroads.mapping.draft import Draft
from crossroads.mapping.items import grouped, labelled
from crossroads.mapping.lines import Compiled, ItemList, Line, Patch
from crossroads.mapping.paths import MISSING, look
from crossroads.mapping.speaking import spoken
from crossroads.records import Part, Record


def changed(mapping: Compiled, document: Document, base: Record, held: Document) -> Patch | None:
    """Return the smallest patch that makes `base`, which says `held`, say `document`; None if it does."""
    draft = Draft(mapping.spots, base)
    # Where a system keeps a record's kind for ever, the fields of that kind are the ones it has.
    first, second = (document, held) if mapping.kind_changes else (held, document)
    kind = first.get("kind") or second.get("kind") or mapping.constants.get("kind")
    reasons: list[str] = []
    for line in mapping.lines:
        if line.flow == "in" or line.create_only or line.when not in (None, kind):
            continue
        if not line.sources and (line.path not in document or document[line.path] == held.get(line.path)):
            continue
        try:
            _change(line, document, held, draft)
        except RecordRejected as error:
            reasons += [f"{line.path} {reason}" for reason in error.reasons]
    parts: list[Part] = []
    for items in mapping.lists:
        if items.flow != "in" and not items.create_only:
            parts += _change_items(items, document, held, draft, reasons)
    if reasons:
        raise RecordRejected(*reasons)
    patch = draft.patch()
    return Patch(patch.record, (*patch.parts, *parts)) if patch.record or patch.parts or parts else None


def _change(line: Line, document: Document, held: Document, draft: Draft) -> None:
    had = held.get(line.path, MISSING) if line.flow == "both" else _heard(line, draft)
    wanted = document.get(line.path, had)
    if had is MISSING and (wanted in (None, MISSING) or line.flow == "out"):
        # Nothing to clear; or only ever written and not in the record, so nobody knows if it differs.
        return
    moved = any(draft.says(source) for source in line.sources)
    if moved:
        had = _heard(line, draft)
    if wanted == had:
        return
    remote = _said(line, wanted, [draft.at(source) for source in line.sources])
    if wanted is not None and _understood(line, remote, draft) == had:
        # It says so already, in the words this system has: sending would change nothing, again and again.
        return
    for target, value in zip(line.targets, remote, strict=True):
        now = draft.before(target)
        if value != now and not (value in (None, "") and now in (None, "")):
            draft.say(target, value)


def _heard(line: Line, draft: Draft) -> Any:
    """Return what the record, with the changes so far, says in this line; MISSING if nothing readable."""
    try:
        return spoken(line, draft.at)
    except (SetAside, RecordRejected):
        return MISSING


def _said(line: Line, value: Any, sources: list[Any]) -> tuple[Any, ...]:
    count = len(line.targets)
    if value is None:
        return line.codec.cleared(count)
    remote = line.codec.write(value, *(None if source is MISSING else source for source in sources))
    return (*remote, *line.codec.cleared(count - len(remote)))[:count] if len(remote) != count else remote


def _understood(line: Line, remote: tuple[Any, ...], draft: Draft) -> Any:
    if not line.codec.writes:
        return MISSING
    sources = [draft.at(source) for source in line.sources]
    try:
        return line.codec.read(*remote, *(None if source is MISSING else source for source in sources))
    except (SetAside, RecordRejected):
        # Written so, it would come back as nothing and be written again for ever.
        raise RecordRejected("cannot be said in this system so that it is understood again") from None


def created(mapping: Compiled, document: Document, reference: str | None) -> Patch:
    """Return a whole new record: its constants, the reference, and every field that has a value."""
    draft = Draft(mapping.spots, None)
    reasons: list[str] = []
    for target, value in mapping.create_constants:
        draft.say(target, deepcopy(value))
    if mapping.create_reference and reference is not None:
        _fill(mapping.create_reference, reference, draft, reasons, "create.reference")
    kind = document.get("kind") or mapping.constants.get("kind")
    for line in mapping.lines:
        if line.flow != "in" and line.when in (None, kind) and document.get(line.path) is not None:
            _fill(line, document[line.path], draft, reasons, line.path)
    for items in mapping.lists:
        if items.flow != "in":
            for label, fields in grouped(items, document).items():
                if not _empty(fields):
                    record = _new_item(items, fields, reasons, f"{items.name}.{label}.")
                    draft.append(items.at, record)
    if reasons:
        raise RecordRejected(*reasons)
    return draft.patch()


def _fill(line: Line, value: Any, draft: Draft, reasons: list[str], path: str) -> None:
    try:
        remote = _said(line, value, [draft.at(source) for source in line.sources])
    except RecordRejected as error:
        reasons += [f"{path} {reason}" for reason in error.reasons]
        return
    for target, said in zip(line.targets, remote, strict=True):
        if said not in (None, ""):
            draft.say(target, said)


def _empty(fields: Document) -> bool:
    """Tell whether an item is there no more."""
    return all(value is None for value in fields.values())


def _new_item(items: ItemList, fields: Document, reasons: list[str], prefix: str) -> Record:
    draft = Draft({}, None)
    for line in items.lines:
        if line.flow != "in" and fields.get(line.path) is not None:
            _fill(line, fields[line.path], draft, reasons, prefix + line.path)
    return {**deepcopy(dict(items.add)), **draft.patch().record}


def _change_items(
    items: ItemList, document: Document, held: Document, draft: Draft, reasons: list[str]
) -> Iterator[Part]:
    """Change the items of one list: as parts where the system addresses them, else inside the record.

    One that is said to be there no more is left as it is: nothing here takes an item out, and one without its fields is worse.
    """
    lying = look(draft.base, items.at)
    labels: dict[str, Record] = {}
    if isinstance(lying, list):
        name, seen = labelled(items), dict[str, int]()
        labels = {name(item, seen): item for item in lying}
    had = grouped(items, held)
    for label, fields in grouped(items, document).items():
        if _empty(fields):
            continue
        item, prefix = labels.get(label), f"{items.name}.{label}."
        if item is None:
            record = _new_item(items, fields, reasons, prefix)
            known: Mapping[str, Any] = {}
        else:
            record = _changed_item(items, fields, had.get(label, {}), item, reasons, prefix)
            if not record:
                continue
            known = {items.key.targets[0].way[0]: look(item, items.key.targets[0].way)}
        if items.resource:
            yield Part(items.at, items.resource, dict(known), record, exists=item is not None)
        else:
            draft.append(items.at, {**known, **record})


def _changed_item(
    items: ItemList, fields: Document, had: Document, item: Record, reasons: list[str], prefix: str
) -> Record:
    inner = Draft({}, item)
    for line in items.lines:
        if (
            line.flow == "in"
            or line.create_only
            or fields.get(line.path, had.get(line.path)) == had.get(line.path)
        ):
            continue
        try:
            _change(line, fields, had, inner)
        except RecordRejected as error:
            reasons += [f"{prefix}{line.path} {reason}" for reason in error.reasons]
    return inner.patch().record
