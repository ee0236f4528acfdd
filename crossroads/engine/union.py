"""Union: several records each say a part of one thing, and all of it is golden.

Two kinds. A text that lists things (tags) is split at a separator, and the golden text lists each thing once, sorted. Of
labelled things (e-mail addresses, telephones, postal addresses as a whole), the newest keeps its label, and what another record
says under the same label stays golden too, under a label named after that record's system, each with its own source and
time. Something is golden no more once no record says it, or once somebody who saw it replaced it: who corrects an address in
one system has not added one.
"""

from collections.abc import Mapping, Sequence

from crossroads.canonical import Document
from crossroads.engine.weighing import Source, Won


def joined(path: str, separator: str, saying: Sequence[Source]) -> str | None:
    """Return one text that lists everything some record lists; the order of the records does not count.

    >>> ann = Source("1", "a/s/1", "a", "m", {"tags": "vip, b2b"}, "2026")
    >>> bob = Source("2", "b/s/1", "b", "m", {"tags": "vip,new"}, "2026")
    >>> joined("tags", ",", [ann, bob])
    'b2b,new,vip'
    """
    listed = {part.strip() for source in saying for part in str(source.said[path] or "").split(separator)}
    return separator.join(sorted(listed - {""})) or None


def standing(paths: Sequence[str], saying: Sequence[Source]) -> list[Source]:
    """Return whose words on something labelled are golden beside the newest: those that nobody who saw them has replaced.

    What only deleted records said is golden as long as no living one says anything.
    """
    full = [source for source in saying if any(source.said.get(path) is not None for path in paths)]
    full = [source for source in full if not source.gone] or full
    replaced = [one for one in saying if not one.replaced.keys().isdisjoint(paths)]
    return [source for source in full if not any(_replaced(source, one, paths) for one in replaced)]


def _replaced(source: Source, by: Source, paths: Sequence[str]) -> bool:
    """Tell whether the system of another record showed what a source says, and shows something else since.

    Fields that the other one does not have say nothing for or against it.
    """
    gone = False
    for path in paths:
        value, since = source.said.get(path), source.at(path)
        if value is None or not (path in by.said or path in by.replaced or path in by.readable):
            continue
        left = any(former == value and time >= since for former, time in by.replaced.get(path, ()))
        if not left and by.said.get(path) != value:
            return False
        gone |= left and by.said.get(path) != value
    return gone


def labelled(
    document: Document, why: Mapping[str, Won], path: str, label: int, saying: Sequence[Source]
) -> tuple[Document, dict[str, Won]]:
    """Return what else is golden beside the winner of a labelled path, under labels of its own.

    `label` is the place of the label among the steps of the path.
    """
    steps = path.split(".")
    more: Document = {}
    reasons: dict[str, Won] = {}
    alike = [p for p in document if _fits(p.split("."), steps, label)]
    known = {document[p] for p in alike}
    for source in sorted(saying, key=lambda one: one.address):
        value = source.said[path]
        if value is None or value in known:
            continue
        known.add(value)
        name = _free(source.system, steps, label, {**document, **more})
        more[name] = value
        reasons[name] = Won(source.id, "union", source.at(path), source.mapping)
    return more, reasons


def whole(
    document: Document, group: str, label: int, saying: Sequence[Source]
) -> tuple[Document, dict[str, Won]]:
    """Return what else is golden beside the winner of a labelled group, each record's whole group under a label of its own."""
    steps = group.split(".")
    more: Document = {}
    reasons: dict[str, Won] = {}
    labels = {tuple(path.split(".")[: len(steps)]) for path in document}
    known = [_of(document, ".".join(one)) for one in labels if _fits(one, steps, label)]
    for source in sorted(saying, key=lambda one: one.address):
        value = _of(source.said, group)
        if not value or value in known:
            continue
        known.append(value)
        name = _free(source.system, steps, label, {".".join(one): None for one in labels})
        labels.add(tuple(name.split(".")))
        for tail, word in value.items():
            more[f"{name}.{tail}"] = word
            reasons[f"{name}.{tail}"] = Won(source.id, "union", source.at(f"{group}.{tail}"), source.mapping)
    return more, reasons


def _of(document: Document, group: str) -> Document:
    """Return what a document says inside a group, by the rest of the path."""
    start = f"{group}."
    return {p[len(start) :]: v for p, v in document.items() if p.startswith(start) and v is not None}


def _fits(steps: Sequence[str], wanted: Sequence[str], label: int) -> bool:
    return len(steps) == len(wanted) and all(
        a == b for n, (a, b) in enumerate(zip(steps, wanted, strict=True)) if n != label
    )


def _free(system: str, steps: Sequence[str], label: int, taken: Document) -> str:
    number = 1
    while True:
        name = ".".join([*steps[:label], system if number == 1 else f"{system}{number}", *steps[label + 1 :]])
        if name not in taken:
            return name
        number += 1
