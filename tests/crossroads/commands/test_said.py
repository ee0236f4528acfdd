"""A command that was told too little says so, before it does anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossroads.cli import app
from crossroads.testkit.memory import Memory


@pytest.fixture
def home(world: Callable[..., Any], at_home: Callable[[Any], Any]) -> Any:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", given="Ann", family="Lee", mail="ann@lee.example")
    w.sync()
    return at_home(w)


def asked(*command: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, command)
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    "command",
    [
        ["deletes", "approve", "crm.people", "--yes"],
        ["repair", "drop", "erp/people/1", "--why", "a test"],
        ["decide", "erp/people/1", "given_name", "--from", "crm/people/1", "--why", "a test", "--yes"],
        ["schema", "approve", "erp.people"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
@pytest.mark.parametrize("by", ["", "  "])
def test_nobody_decides_without_a_name(home: Any, command: list[str], by: str) -> None:
    before = home.rows("Entry")
    code, text = asked(*command, "--by", by)
    assert (code, "Invalid value for '--by'" in text) == (2, True), text
    assert home.rows("Entry") == before


def test_nothing_is_dropped_without_a_reason(home: Any) -> None:
    code, text = asked("repair", "drop", "erp/people/1", "--by", "eve", "--why", " ")
    assert (code, "Invalid value for '--why'" in text) == (2, True), text


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (["--stored", "--all", "--keys", "FILE"], "--keys names no record"),
        (["--keys", " , "], "--keys names no record"),
        (["--keys", "1", "--until", "2026-01-01"], "Say which records"),
        (["--since", "2026-12-01", "--until", "2026-01-01"], "Nothing lies between"),
    ],
    ids=["an empty file", "no key", "keys and a window", "a window that is none"],
)
def test_a_backfill_of_nothing_is_no_backfill_of_everything(
    home: Any, tmp_path: Path, how: list[str], said: str
) -> None:
    (file := tmp_path / "keys.txt").touch()
    runs = home.rows("Run")
    code, text = asked("backfill", "erp.people", *[str(file) if one == "FILE" else one for one in how])
    assert (code, said in text) == (1, True), text
    assert home.rows("Run") == runs
