"""`crossroads new connector NAME`: the files of a connector that passes bronze as it is written."""

import keyword
import re
from collections.abc import Mapping
from pathlib import Path

from crossroads.errors import ConfigError

TEMPLATES = Path(__file__).parent / "new_connector"
SHIPPED: Mapping[str, str] = {
    "manifest.yaml": "connectors/{name}/manifest.yaml",
    "quality.yaml": "connectors/{name}/quality.yaml",
    "README.md": "connectors/{name}/README.md",
    "conftest.py": "tests/connectors/{name}/conftest.py",
    "test_contract.py": "tests/connectors/{name}/test_contract.py",
}
TABLE = '[project.entry-points."crossroads.connectors"]\n'


def connector(root: Path, name: str) -> list[Path]:
    """Write a new connector and its test below `root`, make it known in pyproject.toml, and return the files."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ConfigError(f"{name!r} is no name for a system: small letters, digits and _, e.g. acme_shop.")
    if (root / "connectors" / name).exists():
        raise ConfigError(f"There is a connector {name!r} already: {root / 'connectors' / name}.")
    project = root / "pyproject.toml"
    before, table, after = project.read_text().partition(TABLE)
    if not table:
        raise ConfigError(f"{project} has no table {TABLE.strip()}: its connectors could not be found.")
    texts = {path: (TEMPLATES / source).read_text() for source, path in SHIPPED.items()}
    texts["connectors/{name}/__init__.py"] = '"""Acme Shop."""\n'
    written = []
    for path, text in texts.items():
        target = root / path.format(name=name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_renamed(text, name))
        written.append(target)
    project.write_text(f'{before}{table}{name} = "connectors.{name}"\n{after}')
    return [*written, project]


def _renamed(text: str, name: str) -> str:
    """Return a template, which is written for a system called Acme Shop, for a system of another name."""
    words = name.split("_")
    text = text.replace("acme_shop", name).replace("AcmeShop", "".join(word.capitalize() for word in words))
    return text.replace("Acme Shop", " ".join(word.capitalize() for word in words))
