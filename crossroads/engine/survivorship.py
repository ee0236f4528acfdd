"""Who wins when systems say different things: a pure function of what they said and people decided, field by field."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, RootModel

from crossroads.canonical import ENTITIES, Document, fields, pattern
from crossroads.engine.decided import Decision, ruling
from crossroads.engine.taken_out import agreed
from crossroads.engine.union import joined, labelled, standing, whole
from crossroads.engine.weighing import Rule, Source, Won, best, best_of_group, differ, last
from crossroads.errors import MappingError
from crossroads.mapping import folder
from crossroads.mapping.files import parsed

DECIDED, CONTESTED = "decided", "contested"
Decisions: TypeAlias = Mapping[str, Sequence[Decision]]
"""What people decided, by the address of the record that is right."""

__all__ = ["CONTESTED", "DECIDED", "Policies", "Policy", "Rule", "Source", "Survivorship", "Won"]


class Policy(BaseModel):
    """The rules of one entity."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    default: Rule
    together: dict[str, Rule] = {}
    fields: dict[str, Rule] = {}


class Policies(RootModel[dict[str, Policy]]):
    """The rules of every entity, as the file says them."""


class Survivorship:
    """The policies of all entities, from `mappings/survivorship.yaml`.

    `rule` returns the rule of a path of an entity, and the group it is decided with, if any.
    """

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self.policies = policies
        self.rule = lru_cache(maxsize=10_000)(self._rule)  # asked of every field of every record

    @classmethod
    def load(cls, path: Path) -> "Survivorship":
        """Read a policy file; a field no entity has is an error that names it."""
        policies = parsed(path, Policies).root
        if policies.keys() != ENTITIES.keys():
            raise MappingError(f"{path.name}: say the rules of {', '.join(ENTITIES)}, and of nothing else")
        for entity, policy in policies.items():
            known = {path for path, _ in fields(ENTITIES[entity])}
            groups = {path.rpartition(".")[0] for path in known}
            for name in (set(policy.fields) - known) | (set(policy.together) - groups):
                raise MappingError(
                    f"{path.name}: {entity}: there is no field {name!r}. Fields: {', '.join(sorted(known))}"
                )
            for name, rule in {"default": policy.default, **policy.together, **policy.fields}.items():
                if rule.rule == "union" and not _unites(policy, name, rule):
                    raise MappingError(
                        f"{path.name}: {entity}: {name}: a union is of one labelled field (emails.*.address), of one "
                        "labelled group (addresses.*), or of one field that lists things, with the separator between them"
                    )
        return cls(policies)

    @classmethod
    def shipped(cls) -> "Survivorship":
        """Return the policies that come with the mappings."""
        return cls.load(folder() / "survivorship.yaml")

    def together(self, entity: str, path: str) -> str | None:
        """Return the group a path is decided with, if any."""
        return self.rule(entity, path)[1]

    def _rule(self, entity: str, path: str) -> tuple[Rule, str | None]:
        policy = self.policies[entity]
        steps = path.split(".")
        for end in range(1, len(steps)):
            for known, rule in policy.together.items():
                if _fits(known.split("."), steps[:end]):
                    return rule, ".".join(steps[:end])
        for known, rule in policy.fields.items():
            if _fits(known.split("."), steps):
                return rule, None
        return policy.default, None

    def asks(self, entity: str) -> bool:
        """Tell whether any field of an entity waits for a person when records differ."""
        policy = self.policies[entity]
        return any(
            rule.rule == "ask"
            for rule in (policy.default, *policy.together.values(), *policy.fields.values())
        )

    def unit(self, entity: str, path: str) -> str:
        """Return what a path is decided as: its group, or itself."""
        return self.rule(entity, path)[1] or path

    def golden(
        self, entity: str, sources: Sequence[Source], decisions: Decisions = MappingProxyType({})
    ) -> tuple[Document, dict[str, Won]]:
        """Return the golden document and why each value is in it.

        Nothing but the sources, the decisions of people and the policy counts, and the order of the sources does not: ties
        fall by record address. A deleted or blocked record's word stands until another one says something later: that a
        record went is no reason to write anything elsewhere. An item that is taken out of its list is not in the document.
        """
        sources = agreed(sources, partial(self._owner, entity, decisions))
        if len(sources) == 1:
            (only,) = sources
            at, since = only.said_at, only.since
            return dict(only.said), {
                p: Won(only.id, "only", since.get(p, at), only.mapping) for p in only.said
            }
        document: Document = {}
        why: dict[str, Won] = {}
        saying: dict[str, list[Source]] = {}
        for source in sources:
            for path in source.said:
                if path in saying:
                    saying[path].append(source)
                else:
                    saying[path] = [source]
        groups = self._alone(entity, saying, decisions, document, why)
        self._together(entity, groups, sources, decisions, document, why)
        return document, why

    def _owner(self, entity: str, decisions: Decisions, paths: list[str], saying: Sequence[Source]) -> Source:
        """Return whose word on an item of a list counts: of the record a person chose for a field of it, else by its rule."""
        for path in paths if decisions else ():
            if ruled := ruling(decisions, path, saying, [path]):
                return ruled
        rule, _ = self.rule(entity, paths[0])
        return _chosen(rule, paths[0].rpartition(".")[0], paths, saying, {})[0]

    def _alone(
        self, entity: str, saying: Mapping[str, Sequence[Source]], decisions: Decisions, document: Document, why: dict[str, Won]
    ) -> dict[str, list[str]]:  # fmt: skip
        """Decide the fields that are decided one by one, of those that say one; return the others by their groups."""
        groups: dict[str, list[str]] = {}
        unions: list[tuple[str, Sequence[Source]]] = []
        name: str
        for path, those in saying.items():
            rule, group = self.rule(entity, path)
            if group is not None:
                groups.setdefault(group, []).append(path)
                continue
            if rule.separator:
                those = [source for source in those if not source.gone] or those
            if len(those) == 1 and not decisions:
                source, name = those[0], rule.rule
            else:
                source, name = _chosen(rule, path, [path], those, decisions)
            document[path] = source.said[path]
            why[path] = Won(source.id, name, source.since.get(path, source.said_at), source.mapping)
            if (name if rule.separator else rule.rule) == "union" and _vary(path, those):
                unions.append((path, those))
        for path, those in sorted(unions, key=lambda one: one[0]):
            self._unite(entity, path, those, document, why)
        return groups

    def _together(
        self, entity: str, groups: Mapping[str, list[str]], sources: Sequence[Source], decisions: Decisions,
        document: Document, why: dict[str, Won],
    ) -> None:  # fmt: skip
        """Decide each group of fields: its winner speaks for the whole of it.

        What it has no value for is empty, not filled from elsewhere.
        """
        united: list[tuple[str, list[str]]] = []
        for group, members in groups.items():
            rule, _ = self.rule(entity, members[0])
            source, name = _chosen(rule, group, members, sources, decisions)
            said, since, said_at = source.said, source.since, source.said_at
            inside = _inside(group, source.readable)
            for path in (*inside, *(one for one in members if one in said and one not in inside)):
                document[path] = said.get(path)
                why[path] = Won(source.id, name, since.get(path, said_at), source.mapping)
            if rule.rule == "union":
                united.append((group, members))
        for group, members in sorted(united):
            saying = standing(members, sources)
            others, reasons = whole(document, group, self._label(entity, group), saying)
            document |= others
            why |= reasons

    def _label(self, entity: str, group: str) -> int:
        """Return the place of the label among the steps of a group."""
        steps = group.split(".")
        return next(
            known.split(".").index("*")
            for known in self.policies[entity].together
            if _fits(known.split("."), steps)
        )

    def digest(self, entity: str) -> str:
        """Return what is another as soon as the rules of an entity are."""
        return blake2b(self.policies[entity].model_dump_json().encode(), digest_size=8).hexdigest()

    def _unite(
        self, entity: str, path: str, those: Sequence[Source], document: Document, why: dict[str, Won]
    ) -> None:
        rule, _ = self.rule(entity, path)
        if rule.separator is not None:
            document[path] = joined(path, rule.separator, those)
        elif known := pattern(ENTITIES[entity], path):
            saying = standing([path], those)
            more, reasons = labelled(document, why, path, known.split(".").index("*"), saying)
            document.update(more)
            why.update(reasons)


def _vary(path: str, saying: Sequence[Source]) -> bool:
    return any(source.said[path] != saying[0].said[path] for source in saying[1:])


@lru_cache(maxsize=1000)
def _inside(group: str, paths: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(path for path in paths if path.startswith(f"{group}.")))


def _chosen(
    rule: Rule, unit: str, paths: Sequence[str], sources: Sequence[Source], decisions: Decisions
) -> tuple[Source, str]:
    """Return whose word is golden, and by what: a person's decision, else the rule; *contested* where a person is asked."""
    if decisions and (ruled := ruling(decisions, unit, sources, paths)):
        return ruled, DECIDED
    alone = len(sources) == 1 or unit == paths[0]
    winner = best(rule, unit, sources) if alone else best_of_group(rule, paths, sources)
    if rule.rule != "ask" and not winner.gone:
        return winner, rule.rule
    living = [source for source in sources if not source.gone]
    if winner.gone and any(last(one, paths) > last(winner, paths) for one in living):
        return _chosen(rule, unit, paths, living, decisions)
    return winner, CONTESTED if rule.rule == "ask" and differ(paths, living) else rule.rule


def _unites(policy: Policy, name: str, rule: Rule) -> bool:
    """Tell whether something can be united by a rule under that name of a policy."""
    if name in policy.fields:
        labelled = name.count("*") == 1 and not name.endswith("*")
        return "*" not in name if rule.separator else labelled
    return name in policy.together and "*" in name and not rule.separator


def _fits(pattern: Sequence[str], steps: Sequence[str]) -> bool:
    return len(pattern) == len(steps) and all(p in ("*", s) for p, s in zip(pattern, steps, strict=True))
