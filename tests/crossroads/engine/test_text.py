"""Text that no database keeps: set aside with a reason, on both stores alike, and the page goes on."""

from typing import Any

import orjson
import pytest

from crossroads.engine.raw import payload
from crossroads.errors import RecordRejected
from crossroads.testkit.memory import Memory

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": "2026-01-01T00:00:00Z"}
NUL, HALF = "a\0b", "a\ud83d"


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("2", {"given": NUL}),
        ("2", {"unmapped": {"deep": [NUL]}}),
        ("2", {NUL: "x"}),
        (NUL, {}),
        ("2", {"given": HALF}),
        ("2", {HALF: "x"}),
        (HALF, {}),
    ],
    ids=ascii,
)
def test_a_record_with_text_no_database_keeps_is_set_aside(
    world: Any, key: str, fields: dict[str, Any]
) -> None:
    w = world(erp=Memory(page=3), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN)
    w.systems["erp"].put("people", key, **{**ANN, "mail": "bo@lee.example", **fields})
    w.systems["erp"].put("people", "3", **{**ANN, "given": "Cy", "mail": "cy@lee.example"})
    (found,) = w.sync()
    assert found["members"]["erp.people"]["pull"] == {**dict.fromkeys(found["members"]["erp.people"]["pull"], 0),
                                                      "read": 3, "applied": 2, "rejected": 1}  # fmt: skip
    assert len(w.systems["crm"].records["people"]) == 2
    (refused,) = w.rows("Rejected")
    assert "NUL" in refused["reasons"] or "half a character" in refused["reasons"]
    if key == NUL:
        w.systems["erp"].delete("people", key)
        w.sync()
    again = w.sync(full=True)[0]["members"]["erp.people"]["pull"]
    assert again["applied"] == 0


def test_the_six_letters_of_an_escaped_nul_are_text_like_any_other() -> None:
    for said in ("\\u0000", "\\\\u0000", "x\\\\\\u0000"):
        assert orjson.loads(payload({"a": said})) == {"a": said}
    for said in ("\0", "\\\0", "\\\\\0", "\\u0000\0"):
        with pytest.raises(RecordRejected):
            payload({"a": said})
