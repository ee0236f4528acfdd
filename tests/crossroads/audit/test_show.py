"""What an auditor sees on the terminal."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from rich.console import Console
from sqlalchemy import update
from typer.testing import CliRunner

from crossroads.audit import aside, show, show_profile
from crossroads.audit.explain import explain
from crossroads.audit.journal import verified
from crossroads.audit.texts import TEXTS
from crossroads.audit.verdict import KINDS, Verdict
from crossroads.cli import app
from crossroads.engine.reconcile_found import KINDS as DIFFERENCES
from crossroads.engine.survivorship import Rule
from crossroads.store import table
from crossroads.store.tables import Entry
from crossroads.testkit.memory import Memory

ANN = {
    "given": "Ann",
    "family": "Lee",
    "mail": "ann@lee.example",
    "city": "Bonn",
    "changed": "2026-01-01T00:00:00Z",
}


def printed(show_it: Callable[[Console], Any], width: int = 200) -> str:
    out = StringIO()
    show_it(Console(file=out, width=width))
    return out.getvalue()


@pytest.fixture
def known(world: Callable[..., Any]) -> Any:
    w = world(
        erp=Memory(), crm=Memory(refuse=lambda record: "LOCKED" if record.get("given") == "Bo" else None)
    )
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", "2", given="Bo", family="Ek", mail="bo@ek.example", mobile="nonsense")
    w.sync()
    return w


def test_a_value_cannot_command_the_terminal(world: Callable[..., Any]) -> None:
    w = world(erp=Memory())
    w.systems["erp"].put("people", "1", **{**ANN, "given": "A\x1b[2Jnn [bold]x[/]"})
    w.sync()
    seen = printed(lambda console: show_profile.explanation(console, explain(w.ws, "erp/people/1")))
    assert "\x1b" not in seen
    assert "A\N{REPLACEMENT CHARACTER}[2Jnn [bold]x[/]" in seen


@pytest.mark.parametrize("width", [60, 200])
def test_a_long_value_is_folded_and_never_cut(world: Callable[..., Any], width: int) -> None:
    w = world(erp=Memory())
    w.systems["erp"].put("people", "1", **{**ANN, "city": "abcdefghij" * 12})
    w.sync()
    seen = printed(lambda console: show_profile.explanation(console, explain(w.ws, "erp/people/1")), width)
    assert sum(line.count(letter) for line in seen.splitlines() for letter in "j") >= 12
    assert "…" not in seen


@pytest.mark.parametrize(
    ("value", "standing"), [("erp@x.example", "golden too"), ("Anna", "lost"), ("Lee", "says the same")]
)
def test_a_word_that_did_not_win_says_whether_it_lost(
    world: Callable[..., Any], value: str, standing: str
) -> None:
    w = world(erp=Memory(), crm=Memory())
    ann = {**ANN, "mobile": "+4915100000001"}
    w.systems["erp"].put("people", "1", **{**ann, "given": "Anna", "mail": "erp@x.example"})
    w.systems["crm"].put("people", "a", **{**ann, "changed": "2026-02-01T00:00:00Z"})
    w.sync()
    seen = printed(lambda console: show_profile.explanation(console, explain(w.ws, "erp/people/1")))
    assert any(f"{value} erp {standing} 2026-01-01" in " ".join(line.split()) for line in seen.splitlines())


def test_what_was_set_aside_says_why_and_by_what_name_to_ask_further(known: Any) -> None:
    with known.store.read() as db:
        found = aside.set_aside(db)
        seen = printed(lambda console: show.rejected(console, found, aside.unmapped(db)), 400)
    by_kind = {one.kind: one for one in found}
    assert set(by_kind) == {"write", "field"}
    assert by_kind["write"].reasons == ["LOCKED"]
    assert explain(known.ws, by_kind["write"].name).entity == "customer"
    assert by_kind["field"].about == "phones.mobile.number"
    assert f"crossroads explain {by_kind['write'].name}" in seen
    assert f"crossroads repair show {by_kind['write'].place}" in seen
    assert "nonsense" not in seen
    assert "bo@ek.example" not in seen


def test_every_kind_of_thing_has_its_words() -> None:
    wanted = {f"verdict.{name}" for name in get_args(Verdict)} | {f"gap.{name}" for name in KINDS}
    wanted |= {f"{word}.{kind}" for kind in get_args(aside.Kind) for word in ("kind", "do")}
    wanted |= {f"rule.{name}" for name in get_args(Rule.model_fields["rule"].annotation)}
    wanted |= {f"differs.{kind}" for kind in DIFFERENCES} | {
        f"compared.{said}" for said in (True, False, None)
    }
    assert wanted - TEXTS.keys() == set()


def test_a_journal_that_was_changed_is_told_apart(known: Any) -> None:
    with known.store.read() as db:
        good = verified(db)
    assert good.problems == []
    entries = table(Entry)
    with known.store.write() as db:
        db.execute(update(entries).where(entries.c.seq == 2).values(kind="other"))
    with known.store.read() as db:
        bad = verified(db)
    assert bad.problems
    assert good.head in printed(lambda console: show.journal(console, good))
    assert "entry 2" in printed(lambda console: show.journal(console, bad))


@pytest.fixture
def home(known: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose store is the known world's."""
    (tmp_path / "dags" / "syncs").mkdir(parents=True)
    (tmp_path / "airflow.cfg").touch()
    (plan,) = known.plans
    (tmp_path / "dags" / "syncs" / "customers.yaml").write_text(yaml.safe_dump(plan.model_dump(mode="json")))
    monkeypatch.setenv("CROSSROADS_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSROADS_DATABASE_URL", known.store.url)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["status"], 0, "crm.people: writes refused: 1"),
        (["status", "--run", "run-1"], 0, "applied"),
        (["status", "--run", "customers"], 0, "run-1"),
        (["status", "--run", "nix"], 1, "no run and no sync 'nix'"),
        (["status", "--journal"], 0, "The journal holds"),
        (["profiles", "--find", "LEE"], 0, "erp/people/1"),
        (["rejected"], 0, "LOCKED"),
        (["reconcile", "--list"], 0, "Nothing differed"),
        (["schema"], 0, "No field is new, missing or retyped."),
        (["schema", "erp.people"], 0, "first read"),
        (["schema", "nix.people"], 1, "There are: erp.people"),
        (["schema", "approve", "erp.people", "nix", "--by", "Kim"], 1, "waits for approval"),
        (["schema", "approve", "erp.people", "--by", "Kim"], 0, "0 fields of erp.people are approved."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_commands_that_look_answer(home: Path, command: list[str], code: int, said: str) -> None:
    answer = CliRunner().invoke(app, command)
    assert (answer.exit_code, said in answer.output) == (code, True), answer.output


def test_a_field_that_changed_is_shown_in_the_status_until_it_is_approved(home: Path, known: Any) -> None:
    known.systems["erp"].put("people", "1", loyalty="Ann's own")
    known.sync()
    seen = CliRunner().invoke(app, ["status"]).output
    assert "erp.people: fields that wait for approval: 1 new" in seen
    listed = CliRunner().invoke(app, ["schema"]).output
    assert "loyalty" in listed
    assert "Ann's own" not in seen + listed
    assert "1 fields" in CliRunner().invoke(app, ["schema", "approve", "erp.people", "--by", "Kim"]).output
    assert "wait for approval" not in CliRunner().invoke(app, ["status"]).output


def test_looking_at_a_store_that_is_not_there_creates_none(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSROADS_DATABASE_URL", f"sqlite:///{home / 'none.db'}")
    answer = CliRunner().invoke(app, ["status"])
    assert answer.exit_code == 1
    assert "There is no store yet" in answer.output
    assert not (home / "none.db").exists()
