"""Turns a mapping and its overlay into checked lines; every mistake of a file is told at once."""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

import orjson

from crossroads.canonical import ENTITIES
from crossroads.errors import MappingError
from crossroads.mapping import checks, codes, files
from crossroads.mapping.catalogue import codec
from crossroads.mapping.codecs import Context
from crossroads.mapping.language import Items, Rule
from crossroads.mapping.language import Mapping as Written
from crossroads.mapping.lens import Lens
from crossroads.mapping.lines import Compiled, ItemList, Line
from crossroads.mapping.overlay import laid
from crossroads.mapping.paths import Spot, Target, spots, target

T = TypeVar("T")


def load(system: str, entity: str, overlay: str | None = None, stream: str | None = None) -> Lens:
    """Return the lens of a system's entity as a connection with this overlay says it.

    `stream` chooses where a system has two streams of one entity. Raises MappingError with every mistake
    found.
    """
    written = files.mapping(system, entity, stream)
    over = files.overlay(overlay, written) if overlay else None
    return Lens(compiled(laid(written, over) if over else written, overlay, over.stream if over else {}))


def compiled(
    written: Written, connection: str | None = None, options: Mapping[str, Any] | None = None
) -> Compiled:
    """Return the checked lines of a mapping, with the code lists as this connection says them."""
    return _Compilation(written, connection, options or {}).result()


class _Compilation:
    """One mapping on its way to lines, collecting mistakes."""

    def __init__(self, written: Written, connection: str | None, options: Mapping[str, Any]) -> None:
        self.written = written
        self.options = options
        self.wrong: list[str] = []
        system = written.system
        self.context = Context(system, partial(codes.table, system=system, connection=connection))
        self.spots: dict[str, Spot] = self.trying("places", lambda: spots(written.places)) or {}

    def trying(self, where: str, make: Callable[[], T]) -> T | None:
        """Return what `make` makes; note a mistake under `where` and go on."""
        try:
            return make()
        except MappingError as error:
            self.wrong.append(f"{where}: {error}")
            return None

    def result(self) -> Compiled:
        written, model = self.written, ENTITIES[self.written.canonical]
        key = Rule(at=written.key) if isinstance(written.key, str) else written.key
        key_line = self.line("key", "key", key.model_copy(update={"flow": "in"}), {})
        changed = written.changed_at
        changed_line = (
            self.line("changed_at", "changed_at", changed.model_copy(update={"flow": "in"}), {})
            if changed
            else None
        )
        lines = self.lines("fields", written.fields, self.spots)
        lists = [made for name, items in written.items.items() if (made := self.items(name, items))]
        create = written.create
        reference = create.rule and self.line("create.reference", "reference", create.rule, self.spots)
        if create.model_extra and not create.rule:
            self.wrong.append(f"create: {', '.join(create.model_extra)} means nothing without `reference`")
        constants = [(target(path, self.spots), value) for path, value in create.constants.items()]
        self.wrong += checks.mistakes(written, model, lines, lists)
        if self.wrong or key_line is None:
            raise MappingError(f"mappings/{written.mapping}.yaml: " + "; ".join(self.wrong))
        return Compiled(
            name=written.mapping,
            entity=written.canonical,
            system=written.system,
            stream=written.stream,
            version=self.version(),
            key=key_line,
            changed_at=changed_line,
            identity=written.identity,
            constants=written.constants,
            spots=self.spots,
            lines=tuple(sorted(lines, key=lambda line: (line.path != "kind", bool(line.sources)))),
            lists=tuple(lists),
            create_constants=tuple(constants),
            create_reference=reference or None,
            requires=create.requires,
            stream_options=self.options,
        )

    def lines(self, where: str, rules: Mapping[str, Rule], places: Mapping[str, Spot]) -> list[Line]:
        return [
            line for path, rule in rules.items() if (line := self.line(f"{where}.{path}", path, rule, places))
        ]

    def line(self, where: str, path: str, rule: Rule, places: Mapping[str, Spot]) -> Line | None:
        return self.trying(where, lambda: self._line(path, rule, places))

    def _line(self, path: str, rule: Rule, places: Mapping[str, Spot]) -> Line:
        said = codec(rule.codec, rule.parameters, self.context, {"clear": self.written.clear})
        said.check(len(rule.places))
        if rule.flow != "in" and not said.writes:
            raise MappingError(f"codec {rule.codec!r} only reads; say flow: in")
        targets = tuple(target(at, places) for at in rule.places)
        for at, aim in zip(rule.places, targets, strict=True):
            if rule.flow != "in" and aim.place is None and len(aim.way) > 1:
                known = ", ".join(places) or "none"
                raise MappingError(
                    f"{at!r} is written, so {aim.way[0]!r} must be one of the places ({known}): "
                    f"name it there, with list: false if it is a plain object, or say flow: in"
                )
        sources = tuple(target(at, places) for at in said.sources())
        return Line(path, said, targets, sources, rule.flow, rule.when, rule.on == "create")

    def items(self, name: str, items: Items) -> ItemList | None:
        lines = self.lines(f"items.{name}.fields", items.fields, {})
        way = tuple(items.key.split("."))
        own = (line for line in lines if line.targets == (Target(None, way),) and not line.sources)
        key = next(own, None) or self.line(f"items.{name}.key", "key", Rule(at=items.key, flow="in"), {})
        if key is None:
            return None
        at = tuple(items.at.split("."))
        only = items.on == "create"
        return ItemList(name, at, key, items.resource, items.add, items.flow, only, tuple(lines))

    def version(self) -> str:
        """Return a short name of everything that decides what this mapping says."""
        written = self.written.model_dump(mode="json", by_alias=True)
        told = orjson.dumps(
            [written, {k: dict(v) for k, v in self.context.used.items()}], option=orjson.OPT_SORT_KEYS
        )
        return blake2b(told, digest_size=5).hexdigest()
