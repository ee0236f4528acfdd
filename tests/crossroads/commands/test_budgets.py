"""An operator sees which system is not called, since when and until when, and can end it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossroads.cli import app
from crossroads.protocols.breaker import FAILURES
from crossroads.protocols.budget import Budget, Held
from crossroads.protocols.counters import Counters


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Budget]:
    (tmp_path / "airflow.cfg").touch()
    (tmp_path / "dags" / "syncs").mkdir(parents=True)
    calls = f"sqlite:///{tmp_path / 'calls.db'}"
    monkeypatch.setenv("CROSSROADS_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSROADS_BUDGET_URL", calls)
    monkeypatch.setenv("COLUMNS", "200")
    budget = Budget({"per_hour": 9}, name="1f", title="shopify at shop.example", counters=Counters(calls))
    yield budget
    budget.close()


@pytest.fixture
def said() -> Callable[..., str]:
    def run(*arguments: str, ends: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == ends, result.output
        return " ".join(result.output.split())

    return run


def test_a_dead_system_is_shown_and_called_again_when_a_person_says_so(
    shop: Budget, said: Callable[..., str]
) -> None:
    assert "No system was called yet" in said("budgets", ends=1)
    for _ in range(FAILURES):
        shop.take()
        shop.heard(dead=True)
    assert f"shopify at shop.example {FAILURES} does not answer 20" in said("budgets")
    with pytest.raises(Held):
        shop.take()
    assert "No system is called 'crm'" in said("budgets", "--call-again", "crm", ends=1)
    assert "is called - -" in said("budgets", "--call-again", "shopify at shop.example")
    shop.take()
