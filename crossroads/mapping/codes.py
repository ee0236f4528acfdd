"""Code lists: what a system's code means, one file per list in `mappings/codes/`."""

from collections.abc import Mapping

from crossroads.errors import MappingError
from crossroads.mapping.files import folder, parsed
from crossroads.mapping.language import Strict


class CodeList(Strict):
    """One list: for each system, remote code: canonical code.

    Several codes may mean one thing; the first is the one that is written. A connection's own name may stand
    where a system's does: its lines come before those of its system, for codes differ from installation to
    installation.
    """

    list: str
    why: str = ""
    systems: dict[str, dict[str, str]]


def table(name: str, system: str, connection: str | None = None) -> Mapping[str, str]:
    """Return the codes of one list as a system, or one connection to it, says them."""
    path = folder() / "codes" / f"{name}.yaml"
    if not path.exists():
        there = ", ".join(sorted(file.stem for file in path.parent.glob("*.yaml"))) or "none"
        raise MappingError(f"mappings/codes/{name}.yaml is missing; code lists: {there}")
    codes = parsed(path, CodeList)
    if codes.list != name:
        raise MappingError(f"mappings/codes/{name}.yaml: list must say {name}")
    own = codes.systems.get(connection, {}) if connection else {}
    found = {**own, **{code: ours for code, ours in codes.systems.get(system, {}).items() if code not in own}}
    if not found:
        raise MappingError(
            f"mappings/codes/{name}.yaml has no codes for {system}; it has {', '.join(codes.systems)}"
        )
    return found
