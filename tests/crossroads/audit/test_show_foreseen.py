"""What a dry run shows on the terminal, and what it writes into a file."""

from io import StringIO
from typing import Any

import orjson
import pytest
from rich.console import Console

from crossroads.audit import show_foreseen as show
from crossroads.engine.dry_run import dry_run
from crossroads.testkit.memory import Memory

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": "2026-01-01T00:00:00Z"}  # fmt: skip


@pytest.fixture
def foreseen(world: Any) -> Any:
    w = world(erp=Memory(), crm=Memory(), shop=Memory(down=True))
    for number in ("1", "2"):
        w.systems["erp"].put("people", number, **{**ANN, "mail": f"{number}@lee.example"})
    return dry_run(w.ws, ["customers"])


@pytest.mark.parametrize(("shown", "named"), [(1, 1), (None, 2)])
def test_the_terminal_shows_counts_and_values_and_says_if_there_is_more(
    foreseen: Any, shown: int | None, named: int
) -> None:
    out = StringIO()
    show.foreseen(Console(file=out, width=200), foreseen, shown)
    seen = out.getvalue()
    assert "the next run would send 2 writes" in seen
    assert "shop.people: pull failed" in seen
    assert seen.count("@lee.example") == named
    assert ("--all shows every one" in seen) == (shown == 1)


@pytest.mark.parametrize("values", [False, True])
def test_a_file_holds_values_only_if_asked_for(foreseen: Any, values: bool) -> None:
    text = orjson.dumps(show.told(foreseen, values=values)).decode()
    assert ("@lee.example" in text) == values
    (one,) = orjson.loads(text)
    assert one["targets"]["crm.people"] == {
        "create": 2, "change": 0,
        "fields": {"given_name": 2, "family_name": 2, "emails.main.address": 2, "addresses.main.locality": 2},
    }  # fmt: skip
