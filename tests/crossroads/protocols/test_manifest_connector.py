"""The contract, passed by a system that is described by a manifest alone."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from requests.adapters import BaseAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crossroads import registry
from crossroads.connector import Connector
from crossroads.errors import ConfigError, RecordRejected
from crossroads.manifest import Manifest, Setting
from crossroads.protocols.rest import ManifestConnector
from crossroads.records import Change, Rejected, State, Written
from crossroads.testkit.contract import QUICK, ConnectorContract
from crossroads.testkit.faults import FaultyTransport
from sandbox.serve import running

TOKEN = "top-secret-token"

MANIFEST = Manifest.model_validate(
    {
        "name": "tiny_shop",
        "title": "Tiny shop",
        "category": "ecommerce",
        "protocol": "rest",
        "owner": "tests",
        "quality": "bronze",
        "settings": {
            "base_url": {"type": "url", "help": "Where the shop lives."},
            "token": {"type": "secret", "help": "A token."},
        },
        "auth": {"kind": "bearer", "token": "token"},
        "check": "/me",
        "streams": {
            "customers": {
                "key": "id",
                "version": "version",
                "writable": True,
                "deletes": "full_compare",
                "read": {
                    "path": "/customers",
                    "items": "data",
                    "total": "total",
                    "params": {"limit": 2},
                    "paging": {"kind": "offset", "limit": 2, "total": "total"},
                    "since": {
                        "param": "updated_since",
                        "field": "updated_at",
                        "overlap_seconds": 60,
                        "ordered": True,
                    },
                },
                "fetch": "/customers/{key}",
                "create_by": {
                    "method": "POST",
                    "path": "/customers",
                    "wrap": "customer",
                    "result": "customer",
                },
                "update_by": {
                    "method": "PATCH",
                    "path": "/customers/{key}",
                    "wrap": "customer",
                    "result": "customer",
                },
                "find": {"path": "/customers", "param": "reference", "items": "data"},
            }
        },
    }
)


def shop(*, shifting: bool = False) -> Starlette:
    """A REST shop with five customers, one a day; with `shifting`, one moves a place down while pages are handed out."""
    rows = [
        {"id": n, "email": f"c{n}@shop.example", "updated_at": f"2026-01-0{n}T00:00:00Z", "version": 1}
        for n in range(1, 6)
    ]

    def guard(request: Request) -> Response | None:
        return (
            None if request.headers.get("authorization") == f"Bearer {TOKEN}" else Response(status_code=401)
        )

    async def me(request: Request) -> Response:
        return guard(request) or JSONResponse({"shop": "tiny"})

    async def customers(request: Request) -> Response:
        if refusal := guard(request):
            return refusal
        if request.method == "POST":
            row = json.loads(await request.body())["customer"]
            if "@" not in row.get("email", ""):
                return JSONResponse({"error": f"bad e-mail {row.get('email')}"}, 422)
            rows.append({"id": len(rows) + 1, "updated_at": "2026-02-01T00:00:00Z", "version": 1, **row})
            return JSONResponse({"customer": rows[-1]}, 201)
        asked = request.query_params
        found = [one for one in rows if one["updated_at"] >= asked.get("updated_since", "")]
        if "reference" in asked:
            found = [one for one in rows if one.get("reference") == asked["reference"]]
        start, limit = int(asked.get("offset", 0)), int(asked.get("limit", 50))
        start -= int(shifting and start > 0)
        return JSONResponse({"data": found[start : start + limit], "total": len(found)})

    async def customer(request: Request) -> Response:
        if request.path_params["number"] == "maintenance":
            return JSONResponse({"error": "later"}, 400)
        number = int(request.path_params["number"])
        if not 0 < number <= len(rows):
            return JSONResponse({}, 404)
        if request.method == "PATCH":
            rows[number - 1] |= json.loads(await request.body())["customer"]
            return JSONResponse({"customer": rows[number - 1]})
        return JSONResponse(rows[number - 1])

    return Starlette(
        routes=[
            Route("/me", me),
            Route("/customers", customers, methods=["GET", "POST"]),
            Route("/customers/{number}", customer, methods=["GET", "PATCH"]),
        ]
    )


def connect(url: str, transport: BaseAdapter, token: str = TOKEN) -> ManifestConnector:
    settings = MANIFEST.settings_model().model_validate({"base_url": url, "token": token})
    streams = [MANIFEST.stream(name) for name in MANIFEST.streams]
    return ManifestConnector(settings, streams, MANIFEST, transport=transport, retries=QUICK)


class TestTinyShop(ConnectorContract):
    system = "tiny_shop"
    new_record: ClassVar[dict[str, Any]] = {"customers": {"email": "new@shop.example"}}
    refused_record: ClassVar[dict[str, Any]] = {"customers": {"email": "nobody"}}
    reference_field: ClassVar[dict[str, str]] = {"customers": "reference"}

    def installed(self) -> registry.Installed:
        return registry.Installed(MANIFEST, ManifestConnector)

    @pytest.fixture
    def connector(self, transport: FaultyTransport) -> Iterator[Connector[Any]]:
        with running(shop()) as url, connect(url, transport) as connector:
            yield connector


@pytest.fixture
def connector() -> Iterator[ManifestConnector]:
    with running(shop()) as url, connect(url, FaultyTransport()) as connector:
        yield connector


def test_reading_goes_on_where_it_was_left(connector: ManifestConnector) -> None:
    stream = connector.streams["customers"]
    batches = list(connector.read(stream, State({"at": "2026-01-04T00:00:30Z"})))
    assert [one["id"] for batch in batches for one in batch.records] == [4, 5]
    assert batches[-1].state == State({"at": "2026-01-05T00:00:00Z"})


def test_reading_can_start_at_a_time_where_the_cursor_is_one(connector: ManifestConnector) -> None:
    stream = connector.streams["customers"]
    batches = list(connector.read(stream, connector.state_at(stream, "2026-01-04T00:00:30Z")))
    assert [one["id"] for batch in batches for one in batch.records] == [4, 5]
    numbered = MANIFEST.stream(
        "customers", {"read": {"path": "/customers", "since": {"param": "after", "field": "id"}}}
    )
    with pytest.raises(ConfigError, match="cannot be read from a point in time"):
        connector.state_at(numbered, "2026-01-04T00:00:30Z")


def test_only_a_full_listing_is_called_complete(connector: ManifestConnector) -> None:
    stream = connector.streams["customers"]
    assert [batch.last for batch in connector.read(stream, State())] == [False, False, True]
    assert not any(batch.last for batch in connector.read(stream, State({"at": "2026-01-01T00:00:00Z"})))


def test_a_listing_says_what_the_system_counts(connector: ManifestConnector) -> None:
    assert [batch.total for batch in connector.read(connector.streams["customers"], State())] == [5, 5, 5]


def test_a_list_by_position_that_shows_a_record_twice_is_not_complete() -> None:
    with running(shop(shifting=True)) as url, connect(url, FaultyTransport()) as connector:
        batches = list(connector.read(connector.streams["customers"], State()))
    assert [one["id"] for batch in batches for one in batch.records] == [1, 2, 2, 3, 4, 5]
    assert not any(batch.last for batch in batches), "where one comes twice, another may not come at all"


def test_a_refused_question_is_not_the_answer_that_a_record_is_not_there(
    connector: ManifestConnector,
) -> None:
    stream = connector.streams["customers"]
    assert [one["id"] for one in connector.fetch(stream, ["2", "77"])] == [2]
    with pytest.raises(RecordRejected):
        list(connector.fetch(stream, ["maintenance"]))


@pytest.mark.parametrize(
    "body", ["?", 1, [1], {"data": 1}, {"data": "x"}, {"data": {"id": 1}}, {"data": [1]}, {"data": [{}]}]
)
def test_an_answer_that_cannot_be_read_does_not_say_that_a_create_is_not_there(
    scripted: Any, body: Any
) -> None:
    connector = connect("https://tiny.example", scripted((200, {}, body)))
    with pytest.raises(ConfigError, match="/customers"):
        connector.find(connector.streams["customers"], Change("c", {}, reference="r"))
    connector.close()


@pytest.mark.parametrize("body", ["?", 1, [1], [None]])
def test_what_is_no_record_is_not_fetched(scripted: Any, body: Any) -> None:
    connector = connect("https://tiny.example", scripted((200, {}, body)))
    with pytest.raises(ConfigError, match="/customers/7: expected records"):
        list(connector.fetch(connector.streams["customers"], ["7"]))
    connector.close()


def test_an_update_goes_to_the_key_and_tells_the_version(connector: ManifestConnector) -> None:
    (result,) = connector.write(
        connector.streams["customers"], [Change("u", {"email": "x@y.example"}, key="3")]
    )
    assert isinstance(result, Written)
    assert (result.key, result.version, (result.record or {})["email"]) == ("3", 1, "x@y.example")


def test_a_refusal_does_not_repeat_the_value(connector: ManifestConnector) -> None:
    (result,) = connector.write(connector.streams["customers"], [Change("c", {"email": "Ann Private"})])
    assert isinstance(result, Rejected)
    assert "Ann" not in " ".join(result.reasons)


def test_an_overlay_changes_facts_and_options() -> None:
    stream = MANIFEST.stream("customers", {"page_size": 7, "read": {"path": "/clients"}, "extra": 1})
    assert stream.page_size == 7
    assert stream.options["read"]["path"] == "/clients"
    assert stream.options["read"]["items"] == "data"
    assert stream.options["extra"] == 1


def test_a_number_setting_is_checked() -> None:
    with_days = MANIFEST.model_copy(
        update={"settings": {"days": Setting(type="integer", help="Days.", default=3)}}
    )
    assert with_days.settings_model()().model_dump() == {"days": 3}


def test_an_unknown_system_is_answered_with_those_installed() -> None:
    with pytest.raises(ConfigError, match=r"No connector named 'sap4'. Installed: .*sap_s4"):
        registry.load("sap4")
