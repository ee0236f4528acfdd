"""`crossroads identity`: anybody's file in, clusters out, held against the truth."""

import csv
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossroads.cli import app
from crossroads.testkit.memory import Memory
from sandbox.identity.people import people

FIELDS = ["given", "family", "birth_date", "email", "phone", "street", "house", "city"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    records, truth = people(600, seed=3)
    with (tmp_path / "in.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("key", *FIELDS))
        writer.writerows(
            (f"r{place}", *(getattr(one, name) or "" for name in FIELDS)) for place, one in enumerate(records)
        )
    with (tmp_path / "truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "cluster"))
        writer.writerows((f"r{place}", who) for place, who in enumerate(truth))
    (tmp_path / "fields.yaml").write_text("id: key\n" + "".join(f"{name}: {name}\n" for name in FIELDS))
    return tmp_path


def resolving(files: Path, out: str = "out.csv") -> tuple[str, ...]:
    return (
        "resolve", str(files / "in.csv"), "--fields", str(files / "fields.yaml"), "--out", str(files / out),
    )  # fmt: skip


def run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["identity", *words])
    return found.exit_code, " ".join(found.output.split())


def test_a_file_is_resolved_and_held_against_the_truth(files: Path) -> None:
    out, model = files / "out.csv", files / "model.json"
    words = resolving(files)
    code, told = run(*words, "--save-model", str(model))
    assert code == 0, told
    assert "600 records are" in told
    assert out.read_text().splitlines()[0] == "id,cluster"
    code, told = run("evaluate", str(out), "--truth", str(files / "truth.csv"), "--json")
    quality = json.loads(told)
    assert quality["precision"] > 0.95
    assert quality["recall"] > 0.85
    first = out.read_text()
    code, told = run(*words, "--model", str(model))
    assert code == 0, told
    assert out.read_text() == first, "the same model gives the same people"


SMALL = ["Ann,Lee,ann@lee.example,1980-01-02", "Ann,Lee,ann@lee.example,1980-01-02", "Tom,Ek,tom@ek.example,"]
MARRIED = [
    f"{given},{family},p{place}@mail.example,19{place % 90 + 10}-0{place % 9 + 1}-1{place % 7}"
    for place in range(60)
    for given, family in [
        (["Ann", "Eva", "Tom", "Ole"][place % 4], f"Name{(place + step) % 13}") for step in (0, 1)
    ]
]
"""Sixty people, each with two surnames: of them one would learn that who has another surname is rather the same person."""


@pytest.mark.parametrize(
    ("lines", "told", "people"),
    [
        ([], "Of fewer than 100 records nothing reliable is learnt", 0),
        (SMALL, "Of fewer than 100 records nothing reliable is learnt", 2),
        (MARRIED, "equal family speaks against one person", 60),
    ],
)
def test_a_file_of_which_nothing_is_learnt_is_held_against_what_is_known_of_others(
    tmp_path: Path, lines: list[str], told: str, people: int
) -> None:
    table, fields, out, model = (tmp_path / name for name in ("in.csv", "fields.yaml", "out.csv", "model"))
    table.write_text("key,given,family,email,born\n" + "".join(f"{n},{one}\n" for n, one in enumerate(lines)))
    fields.write_text("id: key\ngiven: given\nfamily: family\nemail: email\nbirth_date: born\n")
    words = ("resolve", str(table), "--fields", str(fields), "--out", str(out))
    code, said = run(*words, "--save-model", str(model))
    assert (code, told in said) == (0, True), said
    assert f"{len(lines)} records are {people} people" in said
    first = out.read_text()
    assert run(*words, "--model", str(model))[0] == 0
    assert out.read_text() == first, "the model that was saved says the same"


def test_a_record_that_was_left_out_is_alone_and_one_that_the_truth_does_not_know_is_told(
    tmp_path: Path,
) -> None:
    ours, truth = tmp_path / "ours.csv", tmp_path / "truth.csv"
    ours.write_text("id,cluster\n1,a\n2,a\n3,b\n4,b\n")
    truth.write_text("id,cluster\n1,a\n2,a\n5,a\n")
    code, told = run("evaluate", str(ours), "--truth", str(truth))
    assert code == 0
    assert f"1 records of {truth} are not in {ours}: each counts as alone" in told
    assert f"2 records of {ours} are not in {truth}, and are left out" in told
    assert "precision: 1.0000 recall: 0.3333" in told
    truth.write_text("id,cluster\n1,a\n1,b\n")
    code, told = run("evaluate", str(ours), "--truth", str(truth))
    assert (code, "some ids twice" in told) == (1, True), told


def test_clusters_of_other_records_are_not_right_in_everything(tmp_path: Path) -> None:
    ours, truth = tmp_path / "ours.csv", tmp_path / "truth.csv"
    ours.write_text("id,cluster\n1,a\n2,a\n")
    truth.write_text("id,cluster\n3,a\n4,a\n")
    code, told = run("evaluate", str(ours), "--truth", str(truth))
    assert (code, "no id in common" in told) == (1, True), told
    for content in (b"\xef\xbb\xbfid,cluster\n1,a\n2,a\n", b"id;cluster\n1;a\n", b"id,cluster\n1,\xe9\n"):
        truth.write_bytes(content)
        code, told = run("evaluate", str(ours), "--truth", str(truth))
        assert code == (0 if content[0] == 0xEF else 1)
        assert code == 0 or "commas between them" in told


def test_what_a_column_says_in_an_unknown_form_is_told(files: Path) -> None:
    rows = list(csv.reader((files / "in.csv").read_text().splitlines()))
    for row in rows[1:]:
        row[3] = f"born {row[3]}"
    with (files / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    code, told = run(*resolving(files))
    assert (code, "Of what 'birth_date' says, 100% is not understood" in told) == (0, True), told


def test_what_all_say_alike_is_not_compared_and_learning_goes_on(files: Path) -> None:
    rows = list(csv.reader((files / "in.csv").read_text().splitlines()))
    with (files / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows([*row, "land" if n == 0 else "ES"] for n, row in enumerate(rows))
    (files / "fields.yaml").write_text((files / "fields.yaml").read_text() + "other: land\n")
    model = files / "model.json"
    code, told = run(*resolving(files), "--save-model", str(model))
    assert (code, "nothing reliable" in told, "Nothing to rely on" in told) == (0, False, False), told
    assert "land" not in json.loads(model.read_text())["chances"]


def test_a_place_that_cannot_be_written_is_told_before_the_work(files: Path) -> None:
    code, told = run(*resolving(files, "nowhere/out.csv"))
    assert (code, "cannot be written: No such file or directory" in told) == (1, True), told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("id: nobody\nname: given\n", "has no column nobody"),
        ("id: city\nname: given\n", "an id names one record"),
        ("id: key\n", "nothing that tells people apart"),
        ("id: key\nfirst_name: given\n", "Known are id, given"),
        ("[", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(files: Path, fields: str, told: str) -> None:
    (files / "fields.yaml").write_text(fields)
    code, said = run(*resolving(files))
    assert code == 1
    assert told in said


def test_a_pair_is_explained_row_by_row_and_no_value_is_shown(files: Path) -> None:
    words = ("--fields", str(files / "fields.yaml"), "--model", str(files / "model.json"))
    run(
        "resolve",
        str(files / "in.csv"),
        *words[:2],
        "--out",
        str(files / "out.csv"),
        "--save-model",
        words[3],
    )
    pairs: dict[str, list[str]] = {}
    with (files / "out.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            pairs.setdefault(row["cluster"], []).append(row["id"])
    a, b, *_ = next(ids for ids in pairs.values() if len(ids) > 1)
    code, told = run("explain", a, b, "--in", str(files / "in.csv"), *words)
    assert code == 0, told
    assert all(word in told for word in ("prior", "given", "household or namesake", "together"))
    values = {value for one in people(600, seed=3)[0] for value in (one.email, one.phone) if value}
    assert not any(value in told for value in values)
    assert run("explain", a, "nobody", "--in", str(files / "in.csv"), *words)[0] == 1


@pytest.fixture
def home(
    world: Callable[..., Any],
    customer_plan: Callable[..., Any],
    at_home: Callable[[Any], Any],
) -> Any:
    """A home in which one person is in two systems, and two more records are doubtful."""
    plan = customer_plan("erp", "crm", create="never")
    w = world([plan], erp=Memory(), crm=Memory())
    for name, mail in (("erp", "a@x.example"), ("crm", "zz@y.example")):
        w.systems[name].put("people", "1", given="Ann", family="Lee", mail="ann@lee.example")
        w.systems[name].put(
            "people", "2", given="Eva", family="Ek", mail=mail, street="Am Markt 7", city="Ulm"
        )
    w.sync()
    return at_home(w)


def test_two_records_of_the_store_are_explained(home: Any) -> None:
    code, told = run("explain", "erp/people/1", "crm/people/1")
    assert code == 0, told
    assert all(word in told for word in ("prior", "declared to identify", "together", home.ws.model.version))
    assert "ann@lee" not in told
    code, told = run("explain", "erp/people/1", "crm/people/9")
    assert code == 1
    assert "No customer's record crm/people/9 is in the store" in told
    code, told = run("explain", "erp/people/1", "crm/people/1", "--in", "people.csv")
    assert (code, "--fields and --model" in told) == (1, True)


def test_a_doubtful_pair_is_listed_and_decided(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, told = run("doubtful")
    assert code == 0, told
    assert all(word in told for word in ("crm/people/2", "erp/people/2", "%", "crossroads identity same"))
    assert "Eva" not in told
    monkeypatch.setattr("crossroads.commands.persons.workspace", lambda: nullcontext(home.ws))
    words = ("crm/people/2", "erp/people/2", "--by", "Kim", "--why", "asked her")
    code, told = run("same", *words)
    assert code == 0, told
    assert "Nothing is changed yet" in told
    assert "crm/people/2, erp/people/2" in told
    assert home.rows("Assertion") == []
    code, told = run("same", *words, "--yes")
    assert (code, "Done; the next run tells the systems." in told) == (0, True), told
    assert [row["kind"] for row in home.rows("Assertion")] == ["must"]
    assert run("doubtful") == (0, "No two records are doubtful.")
    code, told = run("apart", "crm/people/1", "erp/people/1", *words[2:], "--yes")
    assert code == 0, told
    assert len(home.rows("Profile")) == 3
    code, told = run("apart", "crm/people/1", "nowhere", *words[2:], "--yes")
    assert (code, "No customer's record nowhere is known" in told) == (1, True), told


def test_who_has_more_records_than_anybody_is_listed_and_told(home: Any) -> None:
    assert run("crowds") == (0, "Nobody has more than 20 records.")
    home.systems["erp"].put(
        "people", "2", given="Eva", family="Ek", mail="crowd@x.example", changed="2099-01-01T00:00:00Z"
    )
    for number in range(20):
        home.systems["crm"].put("people", f"{10 + number}", mail="crowd@x.example")
    home.sync()
    code, told = run("crowds")
    assert (code, "21" in told, "crm/people/10" in told) == (0, True, True), told
    assert "crowd@x.example" not in told
    told = CliRunner().invoke(app, ["status"]).output
    assert "1 with more than 20 records each, up to 21" in " ".join(told.split())
