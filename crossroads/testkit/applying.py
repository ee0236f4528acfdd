"""A patch merged into a record the way a system does it: the other half of every test of a mapping."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from crossroads.mapping import Lens, Patch
from crossroads.mapping.paths import MISSING, lay, look
from crossroads.records import Part, Record


def apply(lens: Lens, base: Record | None, patch: Patch) -> Record:
    """Return the record a system holds after a patch; without `base`, a new record with its own key."""
    identified = _identified(lens)
    record = deepcopy(base) if base is not None else {}
    _merge(record, deepcopy(patch.record), (), identified)
    for part in patch.parts:
        _apply(record, part, identified)
    for spot in lens.mapping.spots.values():
        _number(_reached([record], spot.trail), spot.place.key)
    if base is None:
        key = lens.mapping.key
        if look(record, key.targets[0].way) in (None, MISSING):
            example = next(value for value in key.codec.examples() if value)
            lay(record, key.targets[0].way, key.codec.write(example)[0])
    _whole(lens, record)
    return record


def _whole(lens: Lens, record: Record) -> None:
    """Show every field of what is kept in several ones, as a system does whose columns they are."""
    for line in lens.mapping.lines:
        for target in line.targets if len(line.targets) > 1 else ():
            trail = lens.mapping.spots[target.place].trail if target.place else ()
            for owner in _reached([record], (*trail, *target.way[:-1])):
                owner.setdefault(target.way[-1], None)


def _identified(lens: Lens) -> dict[tuple[str, ...], list[Sequence[str]]]:
    """Return by which fields the items of each list are told apart."""
    names: dict[tuple[str, ...], list[Sequence[str]]] = {}
    for spot in lens.mapping.spots.values():
        names.setdefault(spot.trail, []).append((*spot.place.pick, *spot.place.key))
    for items in lens.mapping.lists:
        names.setdefault(items.at, []).append(items.key.targets[0].way[:1])
    return names


def _number(items: list[Record], key: Sequence[str]) -> None:
    """Give new items keys, as a system does."""
    for number, item in enumerate(items):
        for name in key:
            item.setdefault(name, f"{number}")


def _reached(records: list[Record], trail: tuple[str, ...]) -> list[Record]:
    for name in trail:
        below: list[Any] = []
        for record in records:
            lying = record.get(name)
            below += lying if isinstance(lying, list) else [lying]
        records = [item for item in below if isinstance(item, dict)]
    return records


def _merge(
    record: Record,
    change: Record,
    trail: tuple[str, ...],
    identified: dict[tuple[str, ...], list[Sequence[str]]],
) -> None:
    for name, value in change.items():
        way = (*trail, name)
        lying = record.get(name)
        if isinstance(value, dict) and isinstance(lying, dict):
            _merge(lying, value, way, identified)
        elif isinstance(value, list) and isinstance(lying, list) and way in identified:
            for item in value:
                same = _same(lying, item, identified[way])
                if same is None:
                    lying.append(item)
                else:
                    _merge(same, item, way, identified)
        else:
            record[name] = value


def _same(lying: list[Record], item: Record, identified: list[Sequence[str]]) -> Record | None:
    for names in identified:
        said = [name for name in names if name in item]
        for old in lying:
            if (said or not names) and all(old.get(name) == item[name] for name in said):
                return old
    return None


def _apply(record: Record, part: Part, identified: dict[tuple[str, ...], list[Sequence[str]]]) -> None:
    here: Any = record
    for name in part.path[:-1]:
        here = here[name]
        if isinstance(here, list):
            here = next((item for item in here if _fits(item, part)), here[0])
    listed = here.setdefault(part.path[-1], [])
    if isinstance(listed, dict):
        _merge(listed, deepcopy(part.record), part.path, identified)
    elif part.exists:
        item = next(item for item in listed if _fits(item, part))
        _merge(item, deepcopy(part.record), part.path, identified)
    else:
        listed.append({**part.key, **deepcopy(part.record)})


def _fits(item: Record, part: Part) -> bool:
    return all(item[name] == value for name, value in part.key.items() if name in item)
