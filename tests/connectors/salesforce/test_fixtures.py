"""The stand-in answers in the shapes the vendor documents, and the connector reads those shapes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.salesforce.rows import outcome

FOLDER = Path(__file__).parent / "fixtures"
ROOT = "/services/data/v67.0"


def documented(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_bytes())
    return found


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return type(value).__name__


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_fixture_says_where_its_shape_comes_from(path: Path) -> None:
    assert "salesforce.com" in json.loads(path.read_bytes())["source"]


def test_a_documented_row_is_saved_or_refused_without_its_value() -> None:
    saved, refused = (outcome(row) for row in documented("upsert_answer.json")["answer"])
    assert saved.key == "0035g0000000001AAA"
    assert refused.key is None
    assert refused.reasons[0].startswith("STRING_TOO_LONG at FirstName")
    assert "Wolfe" not in refused.reasons[0]


def test_the_stand_in_answers_an_upsert_as_documented(control: Any, org: str) -> None:
    rows = [{"LastName": "Moreno", "Crossroads_Id__c": "a"}, {"LastName": "x" * 81, "Crossroads_Id__c": "b"}]
    records = [{"attributes": {"type": "Contact"}, **row} for row in rows]
    path = f"{org}{ROOT}/composite/sobjects/Contact/Crossroads_Id__c"
    answer = control.patch(path, json={"allOrNone": False, "records": records}).json()
    assert [shape(row) for row in answer] == [
        shape(row) for row in documented("upsert_answer.json")["answer"]
    ]


def test_the_stand_in_answers_a_query_as_documented(control: Any, org: str) -> None:
    query = "SELECT Id, LastName, SystemModstamp FROM Contact ORDER BY Id LIMIT 1"
    answer = control.get(f"{org}{ROOT}/query", params={"q": query}).json()
    assert shape(answer) == shape(documented("query_page.json")["answer"])


def test_the_stand_in_answers_get_deleted_as_documented(control: Any, org: str) -> None:
    control.delete(f"{org}{ROOT}/sobjects/Contact/0035g0000000002AAA")
    now = datetime.now(UTC)
    window = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
    answer = control.get(f"{org}{ROOT}/sobjects/Contact/deleted/", params=window).json()
    assert shape(answer) == shape(documented("deleted.json")["answer"])
