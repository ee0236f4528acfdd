"""The judge: knows what people did in the systems, from the systems' own log, and nothing of our code or store."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sandbox.crash.ring import FIELDS, SYSTEMS, Act, Record

UNITS = {"address": ("street", "city"), "mobile": ("mobile",)}
"""Fields that are said together."""
MARKS = ("family", "mail", "mobile", "street", "city")
Value = tuple[str, ...]


@dataclass
class Said:
    """What may be true of one unit of a person: the last value all agreed on, or what was said since, by record.

    Agreed on may also be that it was `emptied`. It is doubtful once a record was deleted: perhaps nobody read what it said last,
    and what it had said before stands.
    """

    agreed: Value | None = None
    emptied: bool = False
    fresh: dict[tuple[str, str], Value | None] = field(default_factory=dict)
    former: set[Value | None] = field(default_factory=set)
    doubtful: bool = False

    @property
    def settled(self) -> bool:
        """Tell whether all agreed on a word, be it that there is none any more."""
        return self.agreed is not None or self.emptied

    def says(self, place: tuple[str, str], value: Value | None) -> None:
        """Note what a record says now."""
        if place in self.fresh:
            self.former.add(self.fresh[place])
        self.fresh[place] = value

    def allowed(self) -> set[Value | None]:
        """Return the values that may be the golden one."""
        known = {*self.fresh.values()} if self.fresh else {self.agreed}
        return known | {self.agreed, *self.former} if self.doubtful else known


@dataclass
class Judge:
    """Follows the log and says what is wrong, by kind: duplicates, lost, extra_writes, not_converged."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    heard: int = 0
    person: dict[tuple[str, str], int] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    said: dict[tuple[int, str], Said] = field(default_factory=lambda: defaultdict(Said))
    living: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in SYSTEMS})
    deleted: set[tuple[str, int]] = field(default_factory=set)
    settled: set[tuple[str, str]] = field(default_factory=set)
    unmade: set[tuple[str, str]] = field(default_factory=set)
    carried_out: dict[str, tuple[str, str]] = field(default_factory=dict)
    wrote: dict[tuple[str, str, str], set[Any]] = field(default_factory=lambda: defaultdict(set))

    def hear(self, acts: list[list[Any]]) -> int:
        """Take in what was done since the last time; return how many writes were ours."""
        ours = 0
        for row in acts[self.heard :]:
            act = Act(*row)
            if act.by == "people":
                self._people(act)
            else:
                ours += 1
                self._ours(act)
        self.heard = len(acts)
        return ours

    def rest(self, records: dict[str, dict[str, Record]]) -> None:
        """Judge systems that have come to rest."""
        groups: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for system in SYSTEMS:
            for key in records[system]:
                groups[self._root(self.person[system, key])].append((system, key))
        for group, places in groups.items():
            # Emptied before anybody read it, a record says nothing that could be made elsewhere.
            says = any(records[system][key].get(name) for system, key in places for name in FIELDS)
            for system in {*SYSTEMS} - {system for system, _ in places}:
                if says and not any(self._root(p) == group for s, p in self.deleted if s == system):
                    self._say("lost", f"{system} has no record of person {group}, whom {places} have")
            for unit, fields in UNITS.items():
                self._agree(
                    group, unit, {place: _value(records[place[0]][place[1]], fields) for place in places}
                )
        self.settled = {(system, key) for system in SYSTEMS for key in records[system]}

    def _agree(self, group: int, unit: str, shown: dict[tuple[str, str], Value | None]) -> None:
        said = self.said[group, unit]
        values = set(shown.values())
        if len(values) > 1:
            return self._say("not_converged", f"person {group}: {unit} differs: {shown}")
        (value,) = values
        if value not in said.allowed():
            self._say("lost", f"person {group}: {unit} is {value}, people said {said}")
        self.said[group, unit] = Said(value, value is None and (said.emptied or bool(said.fresh)))
        return None

    def _people(self, act: Act) -> None:
        place = (act.system, act.key)
        if act.verb == "create":
            self.person[place] = self._known(act.after) or len(self.merged) + 1
            self.merged.setdefault(self.person[place], self.person[place])
            self.living[act.system].add(act.key)
        group = self._root(self.person[place])
        if act.verb == "delete":
            self.living[act.system].discard(act.key)
            self.deleted.add((act.system, self.person[place]))
            self.unmade.add(place)
            for unit in UNITS:
                self.said[group, unit].doubtful = True
            return
        other = self._known(act.after)
        for mark in MARKS:
            if act.after.get(mark):
                self.marks.setdefault(_folded(act.after[mark]), self.person[place])
        if other is not None and self._root(other) != group:
            group = self._merge(group, self._root(other))
        for unit, fields in UNITS.items():
            changed = [f for f in fields if (act.before.get(f) or None) != (act.after.get(f) or None)]
            said = self.said[group, unit]
            if changed and act.verb == "create" and said.settled:
                # Who makes a record has not seen what the others agree on, and its system's clock may be behind theirs.
                said.fresh[("agreed", str(group))] = said.agreed
            if changed:
                self.said[group, unit].says(place, _value(act.after, fields))
                self._said_anew(fields, act.after)
        for name in FIELDS:
            if act.before.get(name) != act.after.get(name):
                self.wrote.pop((act.system, act.key, name), None)

    def _said_anew(self, fields: tuple[str, ...], record: Record) -> None:
        """Forget that we wrote what people say now: who changes a city says the street beside it once more."""
        for (_, _, name), values in self.wrote.items():
            if name in fields:
                said = _folded(record.get(name) or "")
                values -= {word for word in values if _folded(word or "") == said}

    def _ours(self, act: Act) -> None:
        place, what = (act.system, act.key), f"{act.verb} of {act.system}/{act.key} by {act.by}"
        if not act.again:
            if act.by in self.carried_out and not self._left_nothing(act):
                self._say("extra_writes", f"{what}: carried out twice")
            self.carried_out[act.by] = place
        told = {name: act.told[name] for name in FIELDS if name in act.told}
        if act.verb == "create":
            person = self._known(act.after)
            if person is None:
                return self._say("extra_writes", f"{what}: nobody ever said {_shown(act.after)}")
            there = [k for k in self.living[act.system] if self.person[act.system, k] == person]
            if there:
                self._say("duplicates", f"{what}: person {person} is there as {there}")
            if any(s == act.system and self.person[s, k] == person for s, k in self.settled - self._all()):
                self._say("extra_writes", f"{what}: person {person} was deleted there")
            self.person[place] = person
            self.living[act.system].add(act.key)
        elif (
            all((act.before.get(name) or None) == (value or None) for name, value in told.items())
            and not act.again
        ):
            self._say("extra_writes", f"{what}: the record said so before")
        for name, value in told.items():
            if value in self.wrote[act.system, act.key, name] and not act.again:
                self._say("extra_writes", f"{what}: says {name} again")
            self.wrote[act.system, act.key, name].add(value)
        return None

    def _left_nothing(self, act: Act) -> bool:
        """Tell whether what was made before is nowhere to be found: the CRM is only searched, and not for what was deleted."""
        return act.system == "crm" and self.carried_out[act.by] in self.unmade

    def _all(self) -> set[tuple[str, str]]:
        return {(system, key) for system in SYSTEMS for key in self.living[system]}

    def _known(self, record: Record) -> int | None:
        found = [
            self.marks[m] for name in MARKS if record.get(name) and (m := _folded(record[name])) in self.marks
        ]
        return found[0] if found else None

    def _merge(self, one: int, other: int) -> int:
        self.merged[max(one, other)] = min(one, other)
        group = min(one, other)
        for unit in UNITS:
            a, b = self.said.pop((one, unit), Said()), self.said.pop((other, unit), Said())
            # Neither has seen what the other agreed on.
            old = {("agreed", str(who)): said.agreed for who, said in ((one, a), (other, b)) if said.settled}
            self.said[group, unit] = Said(
                fresh={**a.fresh, **b.fresh, **old},
                former=a.former | b.former,
                doubtful=a.doubtful or b.doubtful,
            )
        return group

    def _root(self, person: int) -> int:
        while self.merged[person] != person:
            person = self.merged[person]
        return person

    def _say(self, kind: str, what: str) -> None:
        self.wrong[kind].append(what)


def _value(record: Record, fields: tuple[str, ...]) -> Value | None:
    found = tuple(_folded(record.get(name) or "") for name in fields)
    return found if any(found) else None


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _shown(record: Record) -> dict[str, Any]:
    return {name: record[name] for name in FIELDS if record.get(name)}
