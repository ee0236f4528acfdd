"""Whatever a system answers, as long as it is JSON: a connector ends in an error of ours, and never in one of Python's."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from connectors.discourse.dialect import DiscourseDialect
from connectors.mastodon.dialect import MastodonDialect
from connectors.salesforce.dialect import SalesforceDialect
from crossroads import registry
from crossroads.connector import Connector
from crossroads.errors import AuthError, CrossroadsError, RecordRejected, Unavailable
from crossroads.protocols import failures
from crossroads.protocols.answers import Answer, Dialect
from crossroads.protocols.graphql import GraphQLDialect
from crossroads.protocols.http import Retries
from crossroads.protocols.odata_dialect import ODataDialect
from crossroads.records import Change, Record, State
from crossroads.testkit.answers import answer

ODD = [None, 1, "x", [], [1], [None], ["x"], {}, {"a": 1}, True]
SETTINGS = {
    "discourse": {"base_url": "https://forum.example", "api_key": "k"},
    "mastodon": {"base_url": "https://social.example", "token": "t"},
    "salesforce": {"base_url": "https://crm.example", "client_id": "c", "client_secret": "s"},
    "sap_s4": {"base_url": "https://erp.example", "user": "u", "password": "p"},
    "shopify": {"base_url": "https://shop.example", "token": "t"},
}


def around(odd: Any) -> dict[str, list[Any]]:
    """Return answers as each system gives them, but for one odd thing in each."""
    nodes = (
        {"nodes": odd},
        {"nodes": [], "pageInfo": odd},
        [odd],
        {"count": odd, "precision": "EXACT"},
        {"userErrors": odd},
    )
    return {
        "discourse": [
            [odd], [{"id": odd}], [{"id": 1, "created_at": odd}], {"current_user": odd}, {"latest_posts": odd},
            {"latest_posts": [odd]}, {"latest_posts": [{"id": odd}]}, {"latest_posts": [{"id": 5, "user_id": odd}]},
        ],
        "mastodon": [
            [odd], {"id": odd}, {"id": 1, "account": odd}, {"id": 1, "account": {"acct": odd}, "text": odd},
            {"id": 1, "descendants": odd}, {"id": 1, "descendants": [odd]}, {"details": odd}, {"details": {"status": odd}},
            {"details": {"status": [{"error": odd}]}}, {"error": odd},
        ],
        "salesforce": [
            [odd], {"fields": odd}, {"fields": [{"name": odd}]}, {"records": odd}, {"records": [], "nextRecordsUrl": odd},
            {"records": [{"Id": odd, "SystemModstamp": odd}]}, [{"success": odd, "errors": odd}],
            [{"success": False, "errors": [odd]}], [{"success": True, "id": odd}], [{"errorCode": odd, "message": odd}],
        ],
        "sap_s4": [
            {"value": odd}, {"value": [], "@odata.nextLink": odd}, {"d": odd}, {"d": {"EntitySets": odd}},
            {"d": {"results": odd}}, {"d": {"results": [odd]}},
            {"d": {"results": [], "__next": odd}}, {"d": {"results": [], "__count": odd}},
            {"d": {"results": [{"BusinessPartner": odd, "__metadata": odd}]}}, {"error": odd}, {"error": {"details": odd}},
            {"d": {"results": [{"BusinessPartner": "1", "to": {"results": odd}}]}},
            {"error": {"innererror": {"errordetails": odd}}},
        ],
        "shopify": [
            {"data": odd}, {"errors": odd}, {"errors": [odd]}, {"errors": [{"extensions": odd, "path": odd, "message": odd}]},
            {"extensions": odd}, {"extensions": {"cost": odd}}, {"extensions": {"cost": {"throttleStatus": odd}}},
            *({"data": {name: odd}} for name in ("customers", "nodes", "customersCount", "customerByIdentifier", "m0c")),
            *({"data": {name: one}} for name in ("customers", "customersCount", "m0c") for one in nodes),
            {"data": {"m0c": {"userErrors": [{"code": odd, "field": odd}]}}}, {"data": {"m0c": {"customer": odd}}},
            {"data": {"nodes": [{"id": odd, "lineItems": odd, "fulfillmentOrders": {"nodes": odd}}]}},
            {"data": {"nodes": [{"id": "5", "lineItems": {"nodes": odd}, "fulfillmentOrders": {"nodes": [odd]}}]}},
        ],
    }  # fmt: skip


class Saying(BaseAdapter):
    """Answers everything the same, but for a token."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__()
        self.status, self.body, self.asked = status, orjson.dumps(body), 0

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self.asked += 1
        assert self.asked < 50, "it asks again and again"
        told = {"Content-Type": "application/json", "x-csrf-token": "t"}
        if str(request.url).endswith("/oauth2/token"):
            return answer(request, 200, b'{"access_token": "t"}', told)
        return answer(request, self.status, self.body, told)

    def close(self) -> None:
        pass


def whole(ask: Callable[..., Iterable[Any]], *told: Any) -> Callable[[], list[Any]]:
    return lambda: list(ask(*told))


def asked(system: str, connector: Connector[Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Return what a connector can be asked."""
    record = RECORDS.get(system, {"LastName": "Lee"})
    create = Change("1", record, reference="ref")
    yield "check", connector.check
    for stream in connector.streams.values():
        edit = EDITS.get(stream.name, {"LastName": "Li"})
        if stream.readable:
            yield f"read {stream.name}", whole(connector.read, stream, State())
        yield f"fetch {stream.name}", whole(connector.fetch, stream, KEYS)
        if stream.writable:
            yield f"create {stream.name}", whole(connector.write, stream, [create])
            yield f"update {stream.name}", whole(connector.write, stream, [Change("2", edit, KEYS[0])])
            yield f"find {stream.name}", whole(connector.find, stream, create)


KEYS = ["5", "gid://shopify/Customer/5", "gid://shopify/Order/5"]
RECORDS: dict[str, Record] = {
    "mastodon": {"status": "hi", "in_reply_to_id": "5"},
    "shopify": {"firstName": "Ann"},
}
EDITS: dict[str, Record] = {
    "statuses": {"status": "ho"},
    "customers": {"firstName": "Ann", "defaultAddress": {"city": "Bonn"}},
    "orders": {"displayFulfillmentStatus": "FULFILLED"},
}


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize("system", SETTINGS)
def test_no_answer_is_so_odd_that_it_ends_in_an_error_of_python(system: str, status: int) -> None:
    wrong: dict[str, Any] = {}
    for body in [*ODD, *(body for odd in ODD for body in around(odd)[system])]:
        wire = Saying(status, body)
        opened = registry.open(system, SETTINGS[system], transport=wire, retries=Retries(attempts=1))
        with opened as connector:
            for name, ask in asked(system, connector):
                wire.asked = 0
                try:
                    ask()
                except (CrossroadsError, NotImplementedError):
                    continue
                except Exception as error:
                    wrong[f"{name}: {error!r}"] = body
    assert wrong == {}


DIALECTS: dict[str, Dialect] = {
    "discourse": DiscourseDialect(),
    "mastodon": MastodonDialect(),
    "salesforce": SalesforceDialect(0.9),
    "sap_s4": ODataDialect(),
    "shopify": GraphQLDialect(),
}


@pytest.mark.parametrize("system", DIALECTS)
def test_a_refusal_stays_a_refusal_however_oddly_it_is_explained(system: str) -> None:
    for body in [*ODD, *(body for odd in ODD for body in around(odd)[system])]:
        for status, means in ((422, RecordRejected), (403, AuthError), (429, Unavailable)):
            told = failures.of_status(Answer(status, {}, body), "POST /x", DIALECTS[system], safe=False)
            assert isinstance(told, means), body


@pytest.mark.parametrize(
    ("system", "body", "told"),
    [
        ("mastodon", {"error": "no", "details": ["x"]}, "422 (message: text of 2: letters)"),
        ("mastodon", {"error": "no", "details": {"status": "too long"}}, "no code at status"),
        ("mastodon", {"error": "no", "details": {"text": [{"error": "BLANK"}, 1]}}, "BLANK at text; no code at text"),
        ("salesforce", [{"errorCode": ["A", "B"], "fields": 1}], "A.B at 1"),
        ("sap_s4", {"error": {"code": "R1/286", "details": "x"}}, "R1/286"),
        ("sap_s4", {"error": {"code": "R1", "innererror": {"errordetails": [{"code": "R1/286"}, 1]}}}, "R1/286"),
        ("discourse", {"error_type": "invalid", "errors": [1]}, "invalid (message: int)"),
    ],
)  # fmt: skip
def test_of_an_odd_explanation_what_can_be_read_is_told(system: str, body: Any, told: str) -> None:
    assert "; ".join(DIALECTS[system].reasons(Answer(422, {}, body))) == told
