"""OData V2 and V4: values, envelopes, batches, and the refusals that look like successes."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from crossroads.errors import ConfigError, Conflict, OutcomeUnknown, RecordRejected
from crossroads.protocols.answers import Answer
from crossroads.protocols.http import Http, Retries
from crossroads.protocols.odata import ODataService
from crossroads.protocols.odata_batch import Operation, decode, encode
from crossroads.protocols.odata_dialect import ODataDialect
from crossroads.protocols.odata_values import literal, moment, unwrap

ROOT = "/sap/opu/odata/sap/SERVICE"
TOKEN = (200, {"x-csrf-token": "t"}, {"d": {"EntitySets": []}})


def service(transport: Any, version: Any = "v2") -> ODataService:
    http = Http(
        "https://sap.example", transport=transport, dialect=ODataDialect(), retries=Retries(attempts=1)
    )
    return ODataService(http, ROOT, version)


def test_a_list_that_goes_on_with_the_same_page_has_no_end(scripted: Any) -> None:
    transport = scripted(
        (200, {}, {"d": {"results": [], "__next": f"https://sap.example{ROOT}/A?$skiptoken=1"}})
    )
    with pytest.raises(ConfigError, match="no end"):
        service(transport).select("A", {})
    assert len(transport.asked) == 2


@pytest.mark.parametrize("odd", [None, 1, "x", {"a": 1}, [1, None], [{"a": 1}, "x"]])
def test_an_odd_list_in_an_entity_is_left_to_the_mapping(odd: Any) -> None:
    assert unwrap({"A": "1", "to": {"results": odd}, "": 1}, ROOT)["A"] == "1"


@pytest.mark.parametrize(
    ("value", "v2", "v4"),
    [
        ("O'Neil", "'O''Neil'", "'O''Neil'"),
        (True, "true", "true"),
        (7, "7", "7"),
        (date(2026, 11, 22), "datetime'2026-11-22T00:00:00'", "2026-11-22"),
        (
            datetime(2026, 11, 22, 10, tzinfo=UTC),
            "datetimeoffset'2026-11-22T10:00:00Z'",
            "2026-11-22T10:00:00Z",
        ),
    ],
)
def test_literals(value: Any, v2: str, v4: str) -> None:
    assert literal(value, "v2") == v2
    assert literal(value, "v4") == v4


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("/Date(1763769600000)/", "2025-11-22T00:00:00+00:00"),
        ("/Date(1763805600000+0060)/", "2025-11-22T10:00:00+00:00"),
        ("/Date(-86400000)/", "1969-12-31T00:00:00+00:00"),
        ("/Date(253402214400000)/", "9999-12-31T00:00:00+00:00"),
        ("2026-11-22T10:00:00+01:00", "2026-11-22T09:00:00+00:00"),
        ("2026-11-22", "2026-11-22T00:00:00+00:00"),
        ("0000-00-00T00:00:00", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_never_shifted_by_a_local_zone(told: Any, meant: str | None) -> None:
    found = moment(told)
    assert (found.isoformat() if found else None) == meant


def test_v4_metadata_is_said_as_in_v2() -> None:
    entity = {"@odata.etag": 'W/"1"', "@odata.context": "x", "A": 1, "_Item": [{"@odata.id": "I(1)", "B": 2}]}
    told = unwrap(entity, ROOT)
    assert told == {
        "A": 1,
        "_Item": [{"B": 2, "__metadata": {"uri": "I(1)"}}],
        "__metadata": {"etag": 'W/"1"'},
    }


def v2_error(*details: dict[str, str], code: str = "R1/100", message: str = "Ann exists") -> Any:
    inner = {"transactionid": "x", "errordetails": list(details)}
    return {"error": {"code": code, "message": {"lang": "en", "value": message}, "innererror": inner}}


SUMMARY = {"code": "/IWBEP/CX_MGW_BUSI_EXCEPTION", "message": "An exception was raised", "severity": "error"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (v2_error(), ["R1/100"]),
        (v2_error(SUMMARY), ["R1/100"]),
        (
            v2_error(
                {"code": "AM/010", "message": "m", "propertyref": "A_X/City", "severity": "error"},
                {"code": "AM/011", "message": "m", "severity": "warning"},
                {"code": "AM/012", "message": "m", "severity": "error"},
                SUMMARY,
            ),
            ["AM/010 at A_X/City", "AM/012"],
        ),
        (
            {"error": {"code": "V/1", "message": "m", "details": [{"code": "V/2", "target": "City"}]}},
            ["V/2 at City"],
        ),
        ({"error": {"code": "V/1", "message": "m"}}, ["V/1"]),
    ],
)
def test_every_error_of_an_envelope_is_told_once_without_its_text(body: Any, told: list[str]) -> None:
    reasons = ODataDialect().reasons(Answer(400, {}, body))
    assert [one.partition(" (")[0] for one in reasons] == told
    assert not any("Ann" in one for one in reasons)


def test_an_error_inside_200_is_a_refusal_and_a_warning_is_not(scripted: Any, caplog: Any) -> None:
    def said(severity: str) -> Any:
        detail = {"code": "B/2", "severity": severity}
        header = {"code": "B/1", "message": "Ann", "severity": "success", "details": [detail]}
        return 200, {"sap-message": orjson.dumps(header).decode()}, {}

    with pytest.raises(RecordRejected, match="B/2"):
        service(scripted(TOKEN, said("error"))).send(Operation("PATCH", "A('1')", {}))
    service(scripted(TOKEN, said("warning"))).send(Operation("PATCH", "A('1')", {}))
    assert "warned: B/2" in caplog.text
    assert "Ann" not in caplog.text


def test_a_token_is_read_even_from_a_refused_fetch(scripted: Any) -> None:
    transport = scripted((404, {"x-csrf-token": "t"}, b""), (204, {}, b""))
    service(transport).send(Operation("PATCH", "A('1')", {}))
    assert transport.asked[1].headers["X-CSRF-Token"] == "t"
    with pytest.raises(ConfigError, match="gave no CSRF token"):
        service(scripted((404, {}, b""))).send(Operation("PATCH", "A('1')", {}))


def test_a_filter_that_is_ignored_is_an_error_and_no_endless_list(scripted: Any) -> None:
    page = (200, {}, {"d": {"results": [{"K": "1"}]}})
    with pytest.raises(ConfigError, match="ignores the filter on K"):
        list(service(scripted(page)).pages("A", "K", {}, 1))


def test_blanks_in_a_filter_are_said_as_gateways_want_them(scripted: Any) -> None:
    transport = scripted((200, {}, {"d": {"results": []}}))
    service(transport).select("A", {"$filter": "K eq 'a+b c'"})
    assert transport.asked[0].url.endswith("?$filter=K%20eq%20'a%2Bb%20c'")


def batch_answer(*parts: tuple[int, Any], whole: bool = True) -> tuple[int, dict[str, str], bytes]:
    lines = []
    for status, body in parts:
        content = b"" if body is None else orjson.dumps(body)
        http = b"Content-Type: application/http\r\n\r\nHTTP/1.1 %d X\r\nContent-Type: application/json\r\n\r\n%s\r\n"
        part = http % (status, content)
        if status < 400:
            part = b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n" + part + b"\r\n--in--\r\n"
        lines.append(b"--out\r\n" + part)
    end = b"\r\n--out--\r\n" if whole else b""
    return 202, {"Content-Type": "multipart/mixed; boundary=out"}, b"\r\n".join(lines) + end


def test_every_part_of_a_batch_is_checked(scripted: Any) -> None:
    parts = batch_answer(
        (201, {"d": {"K": "7"}}), (400, v2_error()), (204, None), (412, v2_error()), (500, v2_error())
    )
    changesets = [[Operation("POST", "A", {})] for _ in range(5)]
    told = service(scripted(TOKEN, parts)).batch(changesets)
    assert told[0] == {"K": "7"}
    assert told[2] == {}
    assert [type(one) for one in told if isinstance(one, Exception)] == [
        RecordRejected,
        Conflict,
        OutcomeUnknown,
    ]


def test_a_batch_that_is_cut_off_is_unknown(scripted: Any) -> None:
    for answer in (batch_answer((204, None), whole=False), batch_answer((204, None), (204, None))):
        with pytest.raises(OutcomeUnknown, match="not a whole batch"):
            service(scripted(TOKEN, answer)).batch([[Operation("PATCH", "A('1')", {})]])


def test_a_batch_is_written_so_that_it_can_be_read() -> None:
    body, boundary = encode(
        [[Operation("PATCH", "A('1')", {"x": "ü"}, {"If-Match": 'W/"1"'})], [Operation("POST", "A", {})]]
    )
    assert b"PATCH A('1') HTTP/1.1\r\n" in body
    assert b'If-Match: W/"1"\r\n' in body
    assert b"Content-Length: 10\r\n" in body
    assert (
        decode(Answer(202, {"Content-Type": f"multipart/mixed; boundary={boundary}"}, None, body)) is not None
    )
