"""The quality board: what each connector claims of each rule, and which claims are false."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from crossroads.errors import ConfigError
from crossroads.quality import claims as written
from crossroads.quality.checks import writes
from crossroads.quality.claims import TIERS, Claims
from crossroads.quality.rules import REVIEW, RULES, Rule
from crossroads.quality.subject import Subject

ABOUT_WRITING = {"idempotent-write", "rejects-one-not-all"}
"""Rules that nobody who writes can be exempt from."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One connector's claims, and what is false about them."""

    name: str
    claims: Claims | None = None
    false: Sequence[str] = field(default_factory=tuple)


def judged(root: Path) -> list[Judged]:
    """Return every connector of a checkout with what is false about its claims."""
    return [
        _judge(Subject(root, path.parent.name))
        for path in sorted((root / "connectors").glob("*/manifest.yaml"))
    ]


def show(console: Console, found: Sequence[Judged]) -> bool:
    """Show the board and below it the false claims; return whether there are none."""
    table = Table("tier", "rule", *(one.name for one in found), box=None, pad_edge=False)
    table.add_row("", "claims", *(f"[bold]{one.claims.tier}[/]" if one.claims else "?" for one in found))
    for rule in RULES:
        table.add_row(rule.tier, rule.name, *(_state(one, rule) for one in found))
    console.print(table)
    told = [f"{one.name}: {false}" for one in found for false in one.false]
    for line in told:
        console.print(f"[bold red]false[/] {line}", highlight=False, soft_wrap=True)
    if not told:
        console.print(f"No false claim among {len(found)} connectors.", highlight=False)
    return not told


def _state(one: Judged, rule: Rule) -> str:
    claim = one.claims.rules.get(rule.name) if one.claims else None
    if claim is None:
        return "?"
    return REVIEW if claim.state == "done" and rule.check is None else claim.state


def _judge(subject: Subject) -> Judged:
    try:
        claims = written.read(subject.folder / "quality.yaml")
        return Judged(subject.name, claims, tuple(_false(subject, claims)))
    except ConfigError as error:
        return Judged(subject.name, false=(str(error),))


def _false(subject: Subject, claims: Claims) -> Iterator[str]:
    if subject.manifest.quality != claims.tier:
        yield f"the manifest says {subject.manifest.quality}, quality.yaml says {claims.tier}; make them the same"
    known = {rule.name for rule in RULES}
    for name in claims.rules:
        if name not in known:
            yield f"there is no rule {name!r}; rules: {', '.join(sorted(known))}"
    within = TIERS[: TIERS.index(claims.tier) + 1]
    for rule in RULES:
        claim = claims.rules.get(rule.name)
        if claim is None:
            yield f"nothing is said of {rule.name}; say done, todo or exempt"
        elif claim.state == "todo" and rule.tier in within:
            yield f"{claims.tier} needs {rule.name}, which is still to do; claim a lower tier"
        elif claim.state == "exempt" and (
            rule.tier == "bronze" or (rule.name in ABOUT_WRITING and writes(subject))
        ):
            yield f"nobody {'who writes ' if rule.tier != 'bronze' else ''}is exempt from {rule.name}"
        elif claim.state == "done" and rule.check and (wrong := rule.check(subject)):
            yield f"{rule.name} is not done: {wrong}"
