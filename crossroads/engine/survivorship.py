"""Who wins when systems say different things: a pure function of what they said, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, RootModel

from crossroads.canonical import ENTITIES, Document, fields
from crossroads.errors import MappingError
from crossroads.mapping import folder
from crossroads.mapping.files import parsed


class Rule(BaseModel):
    """How one field's winner is chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rule: Literal["newest", "ranked", "most_complete", "longest_standing"]
    systems: tuple[str, ...] = ()


class Policy(BaseModel):
    """The rules of one entity."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    default: Rule
    together: dict[str, Rule] = {}
    fields: dict[str, Rule] = {}


class Policies(RootModel[dict[str, Policy]]):
    """The rules of every entity, as the file says them."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one contribution said itself, and when."""

    id: str
    address: str
    system: str
    mapping: str
    said: Document = field(repr=False)
    said_at: str
    since: Mapping[str, str] = field(default_factory=dict)
    readable: frozenset[str] = frozenset()
    gone: bool = False

    def at(self, path: str) -> str:
        """Return when the value of a path was said."""
        return self.since.get(path, self.said_at)


class Won(NamedTuple):
    """Why a value is golden: the contribution, the rule, the time it was said, the mapping version that read it."""

    contribution: str
    rule: str
    at: str
    mapping: str


class Survivorship:
    """The policies of all entities, from `mappings/survivorship.yaml`."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self.policies = policies
        self._rules: dict[tuple[str, str], tuple[Rule, str | None]] = {}

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
        return cls(policies)

    @classmethod
    def shipped(cls) -> "Survivorship":
        """Return the policies that come with the mappings."""
        return cls.load(folder() / "survivorship.yaml")

    def rule(self, entity: str, path: str) -> tuple[Rule, str | None]:
        """Return a path's rule, and the group it is decided with, if any."""
        found = self._rules.get((entity, path))
        if found is None:
            found = self._rules[entity, path] = self._decided(entity, path)
        return found

    def together(self, entity: str, path: str) -> str | None:
        """Return the group a path is decided with, if any."""
        return self.rule(entity, path)[1]

    def _decided(self, entity: str, path: str) -> tuple[Rule, str | None]:
        policy = self.policies[entity]
        steps = path.split(".")
        for end in range(1, len(steps)):
            for pattern, rule in policy.together.items():
                if _fits(pattern.split("."), steps[:end]):
                    return rule, ".".join(steps[:end])
        for pattern, rule in policy.fields.items():
            if _fits(pattern.split("."), steps):
                return rule, None
        return policy.default, None

    def golden(self, entity: str, sources: Sequence[Source]) -> tuple[Document, dict[str, Won]]:
        """Return the golden document and why each value is in it.

        Nothing but the sources and the policy counts, and the order of the sources does not: ties fall by
        record address. A deleted or blocked record's word counts where no other record says anything.
        """
        living = [source for source in sources if not source.gone]
        if len(living) == len(sources):
            return self._golden(entity, sources)
        document, why = self._golden(entity, living)
        said = {self._unit(entity, path) for path in document}
        former, former_why = self._golden(entity, [source for source in sources if source.gone])
        more = [path for path in former if self._unit(entity, path) not in said]
        return document | {p: former[p] for p in more}, why | {p: former_why[p] for p in more}

    def _unit(self, entity: str, path: str) -> str:
        return self.rule(entity, path)[1] or path

    def _golden(self, entity: str, sources: Sequence[Source]) -> tuple[Document, dict[str, Won]]:
        if len(sources) == 1:
            (only,) = sources
            at, since = only.said_at, only.since
            return dict(only.said), {
                p: Won(only.id, "only", since.get(p, at), only.mapping) for p in only.said
            }
        document: Document = {}
        why: dict[str, Won] = {}
        groups: dict[str, list[str]] = {}
        saying: dict[str, list[Source]] = {}
        for source in sources:
            for path in source.said:
                saying.setdefault(path, []).append(source)
        for path, those in saying.items():
            rule, group = self.rule(entity, path)
            if group is not None:
                groups.setdefault(group, []).append(path)
                continue
            source = those[0] if len(those) == 1 else best(rule, path, those)
            document[path] = source.said[path]
            why[path] = Won(source.id, rule.rule, source.at(path), source.mapping)
        for group, members in groups.items():
            rule, _ = self.rule(entity, members[0])
            source = _best_group(rule, members, sources)
            # The winner speaks for the whole group: what it has no value for is empty, not filled from
            # elsewhere.
            whole = set(members) | {path for path in source.readable if path.startswith(f"{group}.")}
            for path in sorted(whole):
                if path in source.said or path in source.readable:
                    document[path] = source.said.get(path)
                    why[path] = Won(source.id, rule.rule, source.at(path), source.mapping)
        return document, why


def best(rule: Rule, path: str, saying: Sequence[Source]) -> Source:
    """Return the source whose value of a path wins, of those that say one."""
    match rule.rule:
        case "ranked":
            return max(saying, key=lambda s: (-_rank(rule, s), s.at(path), s.address))
        case "most_complete":
            return max(saying, key=lambda s: (len(str(s.said[path] or "")), s.at(path), s.address))
        case "longest_standing":
            return min(saying, key=lambda s: (s.at(path), s.address))
        case "newest":
            return max(saying, key=lambda s: (s.at(path), s.address))


def _best_group(rule: Rule, paths: Sequence[str], sources: Sequence[Source]) -> Source:
    saying = [s for s in sources if any(s.said.get(path) is not None for path in paths)]
    saying = saying or [s for s in sources if any(path in s.said for path in paths)]

    def at(source: Source) -> str:
        return max(source.at(path) for path in paths if path in source.said)

    match rule.rule:
        case "ranked":
            return max(saying, key=lambda s: (-_rank(rule, s), at(s), s.address))
        case "most_complete":
            return max(
                saying, key=lambda s: (sum(s.said.get(p) is not None for p in paths), at(s), s.address)
            )
        case "longest_standing":
            return min(saying, key=lambda s: (at(s), s.address))
        case "newest":
            return max(saying, key=lambda s: (at(s), s.address))


def _rank(rule: Rule, source: Source) -> int:
    return rule.systems.index(source.system) if source.system in rule.systems else len(rule.systems)


def _fits(pattern: Sequence[str], steps: Sequence[str]) -> bool:
    return len(pattern) == len(steps) and all(p in ("*", s) for p, s in zip(pattern, steps, strict=True))
