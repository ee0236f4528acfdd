import json

import pytest

from sandbox.tally import Tally
from sandbox.world.sap import multipart


def answered(statuses: list[int]) -> bytes:
    parts = [f"--r\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {s} X\r\n\r\n{{}}\r\n" for s in statuses]
    return "".join([*parts, "--r--\r\n"]).encode()


def noted(
    method: str, path: str, status: int = 200, asked: bytes = b"", answer: bytes = b"{}", **headers: str
) -> Tally:
    tally = Tally()
    tally.note(method, path, asked, status, headers, answer)
    return tally


@pytest.mark.parametrize(
    ("method", "path", "status", "creates", "updates"),
    [
        ("GET", "/api/v1/notifications", 200, 0, 0),
        ("POST", "/api/v1/statuses", 200, 1, 0),
        ("POST", "/api/v1/statuses", 422, 0, 0),
        ("PATCH", "/sap/opu/odata/sap/S/A_BusinessPartner('1')", 204, 0, 1),
        ("PATCH", "/sap/opu/odata/sap/S/A_BusinessPartner('1')", 412, 0, 0),
        ("MERGE", "/sap/opu/odata/sap/S/A_BusinessPartner('1')", 204, 0, 1),
        ("DELETE", "/sap/opu/odata/sap/S/A_BusinessPartner('1')", 204, 0, 1),
        ("POST", "/sap/bc/sec/oauth2/token", 200, 0, 0),
        ("POST", "/_mock/advance", 200, 0, 0),
        ("POST", "/sap/bc/rfc/BAPI_SALESORDER_GETLIST", 200, 0, 0),
        ("POST", "/sap/bc/rfc/BAPI_OUTB_DELIVERY_CREATE_SLS", 200, 1, 0),
    ],
)
def test_only_a_successful_change_of_a_record_counts(
    method: str, path: str, status: int, creates: int, updates: int
) -> None:
    tally = noted(method, path, status)
    assert (tally.creates, tally.updates) == (creates, updates)


def test_every_operation_inside_a_batch_counts_if_it_was_carried_out() -> None:
    asked = multipart(
        [("POST", "A", {}), ("PATCH", "A('1')", {}), ("PATCH", "A('2')", {}), ("GET", "A", None)]
    )
    answer = answered([201, 204, 412, 200])
    tally = noted("POST", "/s/$batch", 202, asked, answer, **{"Content-Type": "multipart/mixed; boundary=r"})
    assert (tally.creates, tally.updates, dict(tally.by_key)) == (1, 1, {"A": 1, "A('1')": 1})


def test_a_refused_change_set_counts_nothing_and_a_done_one_each_of_its_operations() -> None:
    inner = multipart([("PATCH", "A('1')", {}), ("PATCH", "A('2')", {})]).replace(b"load", b"set")
    one = b"Content-Type: multipart/mixed; boundary=set\r\n\r\n" + inner
    asked = b"--load\r\n" + one + b"\r\n--load\r\n" + one + b"\r\n--load--\r\n"
    refused = b"--r\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n{}\r\n"
    done = b"--r\r\nContent-Type: multipart/mixed; boundary=s\r\n\r\n" + answered([204, 204]).replace(
        b"--r", b"--s"
    )
    answer = refused + done + b"--r--\r\n"
    tally = noted("POST", "/s/$batch", 202, asked, answer, **{"Content-Type": "multipart/mixed; boundary=r"})
    assert (tally.creates, tally.updates) == (0, 2)


def test_an_idempotent_repeat_is_one_change() -> None:
    tally = Tally()
    for _ in range(2):
        tally.note("POST", "/api/v1/statuses", b"", 200, {}, json.dumps({"id": "7"}).encode())
    assert tally.said() == {"writes": 1, "creates": 1, "updates": 0, "by_key": {"7": 1}}


def test_a_function_that_answers_with_an_error_row_changed_nothing() -> None:
    answer = json.dumps({"RETURN": [{"TYPE": "E"}]}).encode()
    assert noted("POST", "/sap/bc/rfc/BAPI_OUTB_DELIVERY_CREATE_SLS", 200, b"", answer).creates == 0
