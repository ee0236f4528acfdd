"""What the documentation shows is true: blocks run, links lead somewhere, nothing that exists goes unsaid."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from crossroads.cli import app
from sandbox.pages import ROOT, blocks, code, pages, prose, scratch, spans, wrong

DOCS = ROOT / "docs"
PAGES = pages()


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


RUN = [page for page in PAGES if any(block.runnable for block in blocks(page))]


@pytest.mark.parametrize("page", RUN, ids=named)
def test_what_a_page_shows_is_what_happens(page: Path, tmp_path: Path) -> None:
    checkout = scratch(tmp_path)
    for block in blocks(page):
        if block.runnable:
            assert not list(wrong(block, checkout)), block.text


def test_a_page_that_shows_something_else_is_found_out(tmp_path: Path) -> None:
    for told in ("```console run\n$ echo one\ntwo\n```\n", "```python\n>>> 1 + 1\n3\n```\n"):
        page = tmp_path / "page.md"
        page.write_text(told)
        (block,) = blocks(page)
        assert list(wrong(block, tmp_path))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", prose(there), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target


FOLDERS = (
    "connectors",
    "crossroads",
    "dags",
    "docs",
    "mappings",
    "plugins",
    "sandbox",
    "tests",
    "newsfragments",
)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_commands_and_tests_that_a_page_names_exist(page: Path) -> None:
    made = {block.told.removeprefix("file=") for block in blocks(page) if block.told.startswith("file=")}
    for span in spans(page):
        path = span.partition("::")[0].rstrip("/")
        if re.fullmatch(rf"({'|'.join(FOLDERS)})(/[\w.-]+)+", path) and "acme_shop" not in path:
            assert (ROOT / path).exists() or path in made, span
    shown = code(page)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    # A sentence may say "make one"; only code is a command.
    assert {*re.findall(r"^(?:\$ )?make ([a-z-]+)", shown, re.MULTILINE)} <= targets
    groups = "|".join({way.split()[0] for way in COMMANDS if " " in way})
    named = rf"^(?:\$ )?crossroads ((?:(?:{groups}) )?[a-z-]+)([^\n#]*)"
    for way, options in re.findall(named, shown, re.MULTILINE):
        # A group may take a stream in place of a command, as its own first one does.
        command = COMMANDS.get(way) or COMMANDS.get(f"{way.split()[0]} show")
        assert command is not None, f"crossroads {way}"
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        assert set(re.findall(r"(?<=\s)(--[a-z-]+)", options)) <= known | {"--help"}, f"{way} {options}"
    tests = set(re.findall(r"\btest_[a-z0-9_]{8,}\b", shown))
    assert tests <= TESTS, tests - TESTS


def _tests() -> set[str]:
    found: set[str] = set()
    for path in [*ROOT.glob("tests/**/*.py"), *ROOT.glob("crossroads/testkit/*.py")]:
        found |= {path.stem} | {
            node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
        }
    return found


def _commands(group: TyperGroup, way: str = "") -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            if command.invoke_without_command:
                yield f"{way}{name}", command
            yield from _commands(command, f"{way}{name} ")
        else:
            yield f"{way}{name}", command


TESTS = _tests()
COMMANDS = dict(_commands(typer.main.get_command(app)))


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    missing = [
        path.name for path in DOCS.glob("*.md") if path.name != "README.md" and f"]({path.name})" not in index
    ]
    missing += [p.name for p in (DOCS / "decisions").glob("*.md") if f"](decisions/{p.name})" not in index]
    assert missing == []


def test_every_decision_says_its_number_status_context_decision_and_consequences() -> None:
    numbers = []
    for path in sorted((DOCS / "decisions").glob("*.md")):
        text = path.read_text()
        numbers.append(int(path.name[:4]))
        assert text.startswith(f"# {numbers[-1]}. "), path.name
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], (
            path.name
        )
        assert "**Status:** " in text, path.name
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_notes_on_changes_make_a_changelog() -> None:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "0"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in (ROOT / "newsfragments").glob("*.md"):
        assert path.read_text().strip().split("\n")[0][:60] in built, path.name
