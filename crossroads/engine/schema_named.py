"""The paths of a stream's records that its mapping names, as the schema watch writes them, with everything above them."""

from collections.abc import Iterable, Iterator

from crossroads.engine.schema_keys import escaped
from crossroads.mapping import Lens
from crossroads.mapping.lines import Compiled, Line
from crossroads.mapping.paths import Target


def named(lens: Lens) -> frozenset[str]:
    """Return every path the mapping reads, and the objects and lists that lead to it."""
    mapping = lens.mapping
    lines = [mapping.key, *mapping.lines, *([mapping.changed_at] if mapping.changed_at else [])]
    found: set[str] = set()
    for prefix, way in _ways(mapping, lines):
        _add(found, prefix, way)
    for spot in mapping.spots.values():
        for name in spot.place.pick:
            _add(found, _spot(mapping, spot.name), (name,))
    for items in mapping.lists:
        prefix = f"{_joined('', items.at)}[]"
        _add(found, "", items.at)
        found.add(prefix)
        for line in (items.key, *items.lines):
            for target in (*line.targets, *line.sources):
                _add(found, prefix, target.way)
    return frozenset(found)


def _ways(mapping: Compiled, lines: Iterable[Line]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in lines:
        for target in (*line.targets, *line.sources):
            yield _prefix(mapping, target), target.way


def _prefix(mapping: Compiled, target: Target) -> str:
    return _spot(mapping, target.place) if target.place else ""


def _spot(mapping: Compiled, name: str) -> str:
    """Return the path of a place: each list on the way to it marked as one."""
    spot = mapping.spots[name]
    path = _joined(_spot(mapping, spot.within) if spot.within else "", spot.at)
    return f"{path}[]" if spot.place.list else path


def _joined(prefix: str, way: Iterable[str]) -> str:
    steps = ".".join(map(escaped, way))
    return f"{prefix}.{steps}" if prefix else steps


def _add(found: set[str], prefix: str, way: tuple[str, ...]) -> None:
    path = _joined(prefix, way)
    while path:
        found.add(path)
        path = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
