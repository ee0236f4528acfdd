"""A patch in the making: what is to be said in the record itself and in each of its places."""

from copy import deepcopy
from typing import Any

from crossroads.errors import RecordRejected
from crossroads.mapping.lines import Patch
from crossroads.mapping.paths import MISSING, Spot, Target, found, lay, look
from crossroads.records import Part, Record


class Draft:
    """Collects values by place; `patch` nests them, or gives parts where the system addresses a place itself.

    Without `base` everything is new and nested.
    """

    def __init__(self, spots: dict[str, Spot], base: Record | None) -> None:
        self.spots = spots
        self.base = base
        self.said: dict[str | None, Record] = {}
        self._lying: dict[str, Any] | None = None

    def lying(self, place: str | None) -> Any:
        """Return what lies in a place: an item, None if there is none, MISSING if that is unknown."""
        if place is None:
            return self.base
        if self._lying is None:
            self._lying = {}
            for name, spot in self.spots.items():
                self._lying[name] = found(spot, self.lying(spot.within))
        return self._lying.get(place)

    def before(self, target: Target) -> Any:
        """Return what the base says at a target."""
        return look(self.base if target.place is None else self.lying(target.place), target.way)

    def says(self, target: Target) -> bool:
        """Tell whether the draft has something to say at a target."""
        said = self.said.get(target.place)
        return said is not None and look(said, target.way) is not MISSING

    def at(self, target: Target) -> Any:
        """Return what will be at a target once the draft is written."""
        said = self.said.get(target.place)
        now = MISSING if said is None else look(said, target.way)
        return self.before(target) if now is MISSING else now

    def say(self, target: Target, value: Any) -> None:
        """Note a value."""
        lay(self.said.setdefault(target.place, {}), target.way, value)

    def append(self, at: tuple[str, ...], item: Record) -> None:
        """Note a list item of the record itself."""
        _nest(self.said.setdefault(None, {}), at, item, listed=True)

    def patch(self) -> Patch:
        """Return what was noted; nested places come first, so that a new one takes its own along."""
        parts: list[Part] = []
        for spot in reversed(self.spots.values()):
            if spot.name in self.said:
                self._place(spot, self.said[spot.name], parts)
        return Patch(self.said.get(None, {}), tuple(reversed(parts)))

    def _place(self, spot: Spot, values: Record, parts: list[Part]) -> None:
        lying, above, place = self.lying(spot.name), self.lying(spot.within), spot.place
        exists = isinstance(lying, dict)
        if not exists:
            values = {name: value for name, value in values.items() if value not in (None, "")}
            if not values:
                return
            if lying is MISSING and isinstance(look(above, spot.at), list):
                # It may be one of those that are there: a new one would be its double.
                pick, at = ", ".join(place.pick), ".".join(spot.at)
                raise RecordRejected(
                    f"place {spot.name}: an item of {at} does not say {pick} as the mapping expects it, so that a new one "
                    "could be its double; say in the mapping how it is picked now"
                )
            values = {**(place.pick if place.list else {}), **deepcopy(place.add), **values}
        if place.resource and isinstance(above, dict):
            parts.append(Part(spot.trail, place.resource, self._key(spot), values, exists))
            return
        if exists and place.list:
            names = (*place.pick, *place.key)
            values = {**{name: lying[name] for name in names if name in lying}, **values}
        _nest(self.said.setdefault(spot.within, {}), spot.at, values, listed=place.list)

    def _key(self, spot: Spot) -> Record:
        """Return what is known of a place's key: its own fields first, then those of what it hangs in."""
        key: Record = {}
        for name in spot.place.key:
            here: Spot | None = spot
            value = look(self.lying(spot.name), (name,))
            while value in (None, MISSING) and here is not None:
                value = look(self.lying(here.within), (name,))
                here = self.spots[here.within] if here.within else None
            if value not in (None, MISSING):
                key[name] = value
        return key


def _nest(record: Record, at: tuple[str, ...], values: Record, *, listed: bool) -> None:
    *above, name = at
    for step in above:
        record = record.setdefault(step, {})
    if listed:
        record.setdefault(name, []).append(values)
    else:
        record.setdefault(name, {}).update(values)
