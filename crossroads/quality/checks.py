"""What a program can find out about a claim: each check returns what is wrong with it, or None."""

from crossroads.manifest import StreamBlock
from crossroads.quality.subject import Subject

SECRET = {"password", "passphrase", "secret", "token", "key"}
HEADINGS = ("Set-up", "Permissions", "Removal")
LIMITS = "Known limits"


def contract_tested(subject: Subject) -> str | None:
    """Look for a test class that inherits the contract for this system."""
    if subject.contract is None:
        return f"no test in tests/connectors/{subject.name} inherits ConnectorContract with system = {subject.name!r}"
    return None


def settings_described(subject: Subject) -> str | None:
    """Look for settings without help."""
    bare = [name for name, one in subject.manifest.settings.items() if not one.help.strip()]
    return f"settings without help: {', '.join(bare)}" if bare else None


def secrets_typed(subject: Subject) -> str | None:
    """Look for secrets that are typed as something else."""
    settings = subject.manifest.settings.items()
    bare = [name for name, one in settings if name.split("_")[-1] in SECRET and one.type != "secret"]
    return f"not typed as secret: {', '.join(bare)}" if bare else None


def readme(subject: Subject) -> str | None:
    """Look for headings that are missing, or have nothing below them."""
    missing = [heading for heading in HEADINGS if not subject.sections.get(heading)]
    return f"README.md says nothing below {', '.join(missing)}" if missing else None


def owner(subject: Subject) -> str | None:
    """Look for the owner."""
    return None if subject.manifest.owner.strip() else "the manifest names no owner"


def incremental(subject: Subject) -> str | None:
    """Ask a manifest without code how it reads on; a connector with code is asked by its contract tests."""
    whole = [
        name
        for name, stream in subject.manifest.streams.items()
        if stream.read and not stream.read.since and stream.read.paging.kind != "id_desc"
    ]
    return f"everything is read each time: {', '.join(whole)}" if whole and not subject.coded else None


def idempotent(subject: Subject) -> str | None:
    """Look for streams whose creates the contract tests cannot try."""
    tried = subject.contract.creates if subject.contract else frozenset()
    missing = [name for name in _creating(subject) if name not in tried]
    return f"the contract test has no new_record for {', '.join(missing)}" if missing else None


def rejecting(subject: Subject) -> str | None:
    """Look for streams whose refusals the contract tests cannot try."""
    tried = subject.contract.refuses if subject.contract else frozenset()
    missing = [name for name in _creating(subject) if name not in tried]
    return f"the contract test has no refused_record for {', '.join(missing)}" if missing else None


def limited(subject: Subject) -> str | None:
    """Ask a manifest without code for its limits; a connector with code is asked by its contract tests."""
    if subject.coded or subject.manifest.limits.budget:
        return None
    return "the manifest has no limits"


def mapped(subject: Subject) -> str | None:
    """Look for streams without a mapping, and mappings without recorded pairs."""
    bare = [name for name in subject.manifest.streams if name not in subject.mappings.values()]
    untried = [name for name in subject.mappings if not subject.pairs(name)]
    wrong = [f"no mapping is for {', '.join(bare)}"] if bare else []
    wrong += [f"no recorded pairs for {', '.join(untried)}"] if untried else []
    return "; ".join(wrong) or None


def deletions(subject: Subject) -> str | None:
    """Look for streams that are read and do not see deletes."""
    blind = [
        name
        for name, one in subject.manifest.streams.items()
        if one.readable and one.deletes == "none" and not one.hides
    ]
    return f"deletes are not seen: {', '.join(blind)}" if blind else None


def limits_told(subject: Subject) -> str | None:
    """Look for the heading."""
    return None if subject.sections.get(LIMITS) else f"README.md says nothing below {LIMITS}"


def typed(subject: Subject) -> str | None:
    """Look for lines that the type checker is told to overlook."""
    eased = [
        path.name
        for path in sorted(subject.folder.glob("*.py"))
        if "# type: ignore" in path.read_text(encoding="utf-8")
    ]
    return f"the type checker is told to overlook lines of {', '.join(eased)}" if eased else None


def writes(subject: Subject) -> bool:
    """Tell whether the connector writes anything; one that does cannot be exempt from rules about writing."""
    return any(stream.writable for stream in subject.manifest.streams.values())


def _creating(subject: Subject) -> list[str]:
    def creates(stream: StreamBlock) -> bool:
        return stream.writable and stream.create != "none"

    return [name for name, stream in subject.manifest.streams.items() if creates(stream)]
