"""What must hold between a mapping's lines and the canonical model."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crossroads.canonical import Canonical, Customer, fields, pattern
from crossroads.mapping.language import Mapping
from crossroads.mapping.lines import ItemList, Line
from crossroads.mapping.paths import Target


def mistakes(
    written: Mapping, model: type[Canonical], lines: Sequence[Line], lists: Sequence[ItemList]
) -> Iterator[str]:
    """Yield every contradiction, each with the key it stands under."""
    for line in lines:
        yield from _canonical(model, f"fields.{line.path}", line.path, line)
    for items in lists:
        for line in items.lines:
            path = f"{items.name}.x.{line.path}"
            yield from _canonical(model, f"items.{items.name}.fields.{line.path}", path, line)
        yield from _collisions(f"items.{items.name}.fields", items.lines)
    yield from _collisions("fields", lines)
    readable = {line.path for line in lines if line.flow != "out"} | set(written.constants)
    for path, value in written.constants.items():
        yield from _constant(model, path, value)
        if path in {line.path for line in lines if line.flow != "out"}:
            yield f"constants.{path}: the same field is read below fields; keep one of them"
    for path in written.identity:
        if path not in readable:
            yield f"identity: {path!r} is not a field this mapping reads"
    for path in written.create.requires:
        if path not in {line.path for line in lines if line.flow != "in"}:
            yield f"create.requires: {path!r} is not a field this mapping writes"
    yield from _kinds(model, lines, readable)


def _canonical(model: type[Canonical], where: str, path: str, line: Line) -> Iterator[str]:
    known = pattern(model, path)
    if known is None:
        near = ", ".join(sorted({name.split(".")[0] for name, _ in fields(model)}))
        yield f"{where}: a {model.__name__.lower()} has no field {path!r}; its fields begin with {near}"
        return
    for value in line.codec.examples():
        if not _allows(model, known, value):
            yield (
                f"{where}: codec {line.codec.called or 'reference'!r} can say {value!r}, which {known} "
                f"does not allow; another codec or other codes are wanted"
            )
            return


def _constant(model: type[Canonical], path: str, value: Any) -> Iterator[str]:
    known = pattern(model, path)
    if known is None:
        yield f"constants.{path}: a {model.__name__.lower()} has no such field"
    elif not isinstance(value, str | bool) or not _allows(model, known, value):
        yield f"constants.{path}: {known} does not allow {value!r}"


@cache
def _adapters(model: type[Canonical]) -> dict[str, TypeAdapter[Any]]:
    return {path: TypeAdapter(annotation) for path, annotation in fields(model)}


def _allows(model: type[Canonical], known: str, value: Any) -> bool:
    try:
        _adapters(model)[known].validate_python(value)
    except ValidationError:
        return False
    return True


def _collisions(where: str, lines: Sequence[Line]) -> Iterator[str]:
    """Two lines that write the same spot would overwrite each other, unless they are for different kinds."""
    written: dict[tuple[Target, str | None], str] = {}
    for line in lines:
        if line.flow == "in":
            continue
        for target in line.targets:
            whens = (line.when, None) if line.when else (None, "person", "organization")
            other = next((written[target, when] for when in whens if (target, when) in written), None)
            if other and other != line.path:
                at = ".".join(filter(None, (target.place, *target.way)))
                yield f"{where}.{line.path}: {at} is written by {other} too; make one of them flow: in"
            written[target, line.when] = line.path


def _kinds(model: type[Canonical], lines: Sequence[Line], readable: set[str]) -> Iterator[str]:
    limited = [line for line in lines if line.when]
    for line in limited:
        if model is not Customer or not _allows(Customer, "kind", line.when):
            yield f"fields.{line.path}.when: {line.when!r} is not a kind of {model.__name__.lower()}"
    if limited and "kind" not in readable:
        yield f"fields.{limited[0].path}.when: the mapping must say `kind`, as a field or a constant"
