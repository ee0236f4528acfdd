"""A person sees which deletions wait, and decides: about those that were shown, under their own name."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from crossroads.cli import app
from crossroads.engine.report import RunFailed
from crossroads.testkit.memory import Memory


@pytest.fixture
def home(
    world: Callable[..., Any],
    customer_plan: Callable[..., Any],
    at_home: Callable[[Any], Any],
) -> Any:
    """A home in which three of four deletions at once wait."""
    plan = customer_plan("crm", crm={"deletes": {"most": "0%", "least": 0}})
    w = world([plan], crm=Memory())
    for number in range(4):
        w.systems["crm"].put(
            "people", str(number), given=f"P{number}", family="Lee", mail=f"p{number}@lee.example"
        )
    w.sync()
    for number in range(3):
        w.systems["crm"].delete("people", str(number))
    with pytest.raises(RunFailed):
        w.sync()
    return at_home(w)


def asked(*command: str, answer: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["deletes", *command], input=answer)
    return result.exit_code, " ".join(result.output.split())


def test_what_waits_is_listed_and_approved_and_carried_out_by_the_next_run(home: Any) -> None:
    code, text = asked()
    assert code == 0
    assert "crm.people" in text
    assert "native" in text
    code, text = asked("approve", "crm.people", "--by", "Ann Lee", answer="y\n")
    assert (code, "The next run marks 3 records of crm.people" in text) == (0, True), text
    assert asked() == (0, "No deletions wait.")
    home.sync()
    assert sum(bool(row["gone"]) for row in home.rows("Contribution")) == 3


@pytest.mark.parametrize(
    ("command", "answer", "code", "said"),
    [
        (["refuse", "crm.people", "--by", "Ann Lee", "--yes"], None, 0, "3 records of crm.people are kept"),
        (["approve", "crm.people", "--by", "Ann Lee"], "n\n", 1, "3 of 4 records of crm.people"),
        (["approve", "shop.people", "--by", "Ann Lee"], None, 1, "that wait: crm.people"),
        (["approve", "crm.people"], None, 2, "--by"),
    ],
)
def test_a_decision_is_asked_for_and_has_a_name(
    home: Any, command: list[str], answer: str | None, code: int, said: str
) -> None:
    found, text = asked(*command, answer=answer)
    assert (found, said in text) == (code, True), text
    assert {row["decided_by"] for row in home.rows("Deletion")} == {"Ann Lee" if code == 0 else None}
