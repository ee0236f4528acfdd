"""The stand-in answers in the shapes of the real forum, and the connector reads those shapes."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.discourse.dialect import DiscourseDialect
from crossroads.protocols.answers import Answer
from sandbox.discourse.app import API_KEY

FOLDER = Path(__file__).parent / "fixtures"


def documented(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())["answer"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_fixture_says_where_its_shape_comes_from(path: Path) -> None:
    assert "iscourse" in json.loads(path.read_bytes())["source"]


@pytest.mark.parametrize(
    ("name", "path", "place"),
    [
        ("posts.json", "/posts.json", "latest_posts"),
        ("members.json", "/admin/users/list/active.json?show_emails=true&order=created&asc=true", ""),
    ],
)
def test_the_stand_in_says_every_documented_field_alike(name: str, path: str, place: str, forum: str) -> None:
    headers = {"Api-Key": API_KEY, "Api-Username": "system"}
    answer = requests.get(f"{forum}{path}", headers=headers, timeout=5).json()
    wanted = documented(name)
    rows, (known,) = (answer[place], wanted[place]) if place else (answer, wanted)
    (said,) = [row for row in rows if row["id"] == known["id"]]
    assert {field: said.get(field, "absent") for field in known} == known


def test_the_wait_of_a_rate_limit_is_read_from_the_body() -> None:
    assert DiscourseDialect().wait(Answer(429, {}, documented("rate_limit.json"))) == 17


def test_a_refusal_keeps_its_kind_and_loses_its_text() -> None:
    body = {"errors": ["member1@example.com is taken"], "error_type": "invalid_parameters"}
    (reason,) = DiscourseDialect().reasons(Answer(422, {}, body))
    assert reason.startswith("invalid_parameters (message: text of")
    assert "example.com" not in reason
