import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from crossroads.store import Store, migrate
from crossroads.store.session import table
from crossroads.store.tables import Run
from sandbox import flows, outcome, play
from sandbox.checker import Verdict
from sandbox.play import Round

GOOD: dict[str, Any] = {
    "consistent_after": 0.995,
    "writes_second": 0,
    "duplicates_created": 0,
    "disturbed": 0,
    "wrong_merges": 0,
    "missed_merges": 3,
    "wrong_sums": [],
    "red": [],
    "flows": dict.fromkeys(
        [
            "web_orders", "sales_orders", "delivered", "fulfilled", "messages", "cases", "answers", "replies",
            "secrets_told",
        ],
        0,
    ),
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    migrate(url)
    opened = Store(url)
    yield opened
    opened.close()


def summarised(store: Store, run: str, members: dict[str, Any]) -> None:
    row = {"id": run, "sync": "s", "entity": "customer", "started_at": "", "full": False, "airflow": "{}"}
    summary = orjson.dumps({"members": members}).decode()
    with store.write() as db:
        db.execute(table(Run).insert().values(**row, state="finished", summary=summary))


def test_the_rows_of_a_connection_add_up_over_streams_and_runs(store: Store) -> None:
    pull = {"read": 3, "applied": 1, "unchanged": 1, "rejected": 1}
    summarised(store, "one", {"crm.contacts": {"pull": pull, "push": {"applied": 4}}})
    summarised(store, "two", {"crm.cases": {"pull": {"read": 2, "parked": 2}}})
    rows = outcome.per_system(store, ["one", "two"])
    expected = {"read": 5, "applied": 1, "unchanged": 1, "parked": 2, "withheld": 0, "rejected": 1}
    assert rows == {"crm": {**expected, "superseded": 0, "written": 4}}
    assert outcome.wrong_sums(rows) == []
    assert outcome.wrong_sums({"crm": {**rows["crm"], "read": 6}}) == ["crm"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"consistent_after": 0.9899}, ["consistent_after is below 0.99"]),
        ({"writes_second": 1}, ["the second run wrote"]),
        ({"duplicates_created": 1}, ["duplicates were created"]),
        ({"wrong_merges": 1}, ["persons were merged wrongly"]),
        ({"disturbed": 1}, ["cells nobody planted were disturbed"]),
        ({"wrong_sums": ["crm"]}, ["a row does not add up"]),
        ({"red": ["customers/1"]}, ["a run was red"]),
        (
            {"flows": {**GOOD["flows"], "web_orders": 2, "sales_orders": 3}},
            ["2 web_orders but 3 sales_orders"],
        ),
        ({"flows": {**GOOD["flows"], "secrets_told": 1}}, ["a comment for colleagues was told"]),
    ],
)
def test_a_broken_promise_is_told(change: dict[str, Any], told: list[str]) -> None:
    assert outcome.broken(GOOD | change) == told


class Scripted:
    """Stand-ins whose counters follow a script: so many writes after each run of a DAG."""

    def __init__(self, writes: list[int]) -> None:
        self.left = writes
        self.count = 0
        self.asked: list[tuple[str, bool]] = []

    def values(self) -> Any:
        return [self]

    def items(self) -> Any:
        return [("crm", self)]

    def writes(self) -> dict[str, int]:
        return {"writes": self.count}

    def run(self, dag_id: str, compare: bool) -> tuple[str, bool]:
        self.asked.append((dag_id, compare))
        self.count += self.left.pop(0) if self.left else 0
        return f"{dag_id}/{len(self.asked)}", dag_id != "orders"


def test_a_round_counts_what_the_stand_ins_counted_and_names_red_runs() -> None:
    scripted = Scripted([3, 0, 2])
    ended = play.one(scripted, scripted.run, Console(file=io.StringIO()), "Round", compare=True)  # type: ignore[arg-type]
    assert (ended.writes, ended.total, ended.red) == ({"crm": 5}, 5, ("orders/2",))
    assert scripted.asked == [
        ("customers", True),
        ("orders", True),
        ("conversations", True),
        ("upkeep", False),
    ]


def test_the_report_says_what_the_issue_asks_for(store: Store) -> None:
    verdict = Verdict(planted=10, to_settle=8, consistent=8, wrong=(), disturbed=(), doubles=())
    before = Verdict(planted=10, to_settle=8, consistent=2, wrong=(), disturbed=(), doubles=())
    truth: dict[str, Any] = defaultdict(list, accounts={})
    rounds = [Round(("a",), (), {"crm": 4}), Round(("b",), (), {"crm": 0})]
    report = outcome.report(store, truth, before, verdict, rounds, Round(("c",), (), {"crm": 0}))
    asked = (
        "systems contributions profiles planted settled consistent_before consistent_after rejected parked withheld "
        "rounds writes_first writes_second duplicates_created wrong_merges missed_merges per_system"
    )
    assert set(asked.split()) <= set(report)
    assert (report["consistent_before"], report["consistent_after"], report["writes_first"]) == (0.25, 1.0, 4)
    report["flows"] = dict.fromkeys(GOOD["flows"], 0)
    assert outcome.broken(report) == []
    assert "100.00%" in outcome.told(report)


def test_nothing_is_amiss_when_everything_arrived_once() -> None:
    assert flows.amiss(GOOD["flows"]) == []
