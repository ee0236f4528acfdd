"""The commands for what waits for a person."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from crossroads.cli import app
from crossroads.commands import decide
from crossroads.engine.deciding import Effect
from crossroads.engine.survivorship import Policy, Rule, Survivorship
from crossroads.testkit.memory import Memory

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn"}


@pytest.fixture
def home(world: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A home whose store has one contested field and one write that nobody can look up."""
    w = world(erp=Memory(), crm=Memory(), shop=Memory(create="none", lose=1, settle_seconds=0.0))
    w.ws.survivorship = Survivorship({"customer": Policy(default=Rule(rule="ask"))})
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["crm"].put("people", "a", **{**ANN, "city": "Ulm"})
    with pytest.raises(Exception, match="no known outcome"):
        w.sync()
    (tmp_path / "dags" / "syncs").mkdir(parents=True)
    (tmp_path / "airflow.cfg").touch()
    plan = w.plans[0].model_dump(mode="json")
    (tmp_path / "dags" / "syncs" / "customers.yaml").write_text(yaml.safe_dump(plan))
    monkeypatch.setenv("CROSSROADS_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSROADS_DATABASE_URL", w.store.url)
    return w


def test_what_waits_for_a_person_is_listed_with_the_way_to_answer(home: Any) -> None:
    answer = CliRunner().invoke(app, ["waiting"], env={"COLUMNS": "300"})
    said = " ".join(answer.output.split())
    (profile,) = home.rows("Profile")
    assert answer.exit_code == 0, answer.output
    assert f"crossroads decide {profile['id']} addresses.main.locality --from RECORD" in said
    assert f"crossroads answer shop.people {profile['id']} --key KEY | --again | --drop" in said
    assert "Bonn" not in said
    seen = CliRunner().invoke(app, ["status"]).output
    assert "customer: fields on which records differ and a person is asked: 1" in " ".join(seen.split())


def test_an_answer_says_one_thing(home: Any) -> None:
    for ways in ([], ["--again", "--drop"]):
        answer = CliRunner().invoke(
            app, ["answer", "shop.people", "x", "--by", "Kim", "--why", "seen", *ways]
        )
        assert answer.exit_code == 2


def test_a_decision_shows_what_it_will_tell_whom() -> None:
    out = io.StringIO()
    decide.show(Console(file=out, width=120), [Effect("crm/people/a", "given_name", None, "Ann")])
    assert [word in out.getvalue() for word in ("crm/people/a", "given_name", "(empty)", "Ann")] == [True] * 4
    decide.show(Console(file=out, width=120), [])
    assert "No system would be told anything." in out.getvalue()
