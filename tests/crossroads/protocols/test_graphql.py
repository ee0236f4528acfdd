"""GraphQL: errors inside 200, cost buckets, and refusals mutation by mutation."""

from typing import Any

import pytest

from crossroads.errors import ConfigError, OutcomeUnknown, RecordRejected, Unavailable
from crossroads.protocols.answers import Answer
from crossroads.protocols.graphql import GraphQL, GraphQLDialect
from crossroads.protocols.http import Http, Retries

DOCUMENT = (
    "mutation { a: customerUpdate { userErrors { field } } b: customerUpdate { userErrors { field } } }"
)


def graphql(transport: Any, longest: float = 0.2) -> GraphQL:
    retries = Retries(attempts=2, first=0.0, longest=longest)
    http = Http("https://shop.example", transport=transport, dialect=GraphQLDialect(), retries=retries)
    return GraphQL(http, "/graphql.json")


def ok(data: Any, errors: Any = None) -> tuple[int, dict[str, str], Any]:
    return 200, {}, {"data": data, **({"errors": errors} if errors else {})}


def throttled(available: float) -> tuple[int, dict[str, str], Any]:
    status = {"maximumAvailable": 1000, "currentlyAvailable": available, "restoreRate": 100}
    cost = {"requestedQueryCost": 112, "throttleStatus": status}
    return 200, {}, {"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}


def test_a_throttled_call_waits_until_the_bucket_holds_its_cost(scripted: Any) -> None:
    transport = scripted(throttled(100), ok({"shop": {"name": "x"}}))
    assert graphql(transport).query("{ shop { name } }").body["data"]["shop"]["name"] == "x"
    assert len(transport.asked) == 2
    with pytest.raises(Unavailable) as caught:
        graphql(scripted(throttled(12)), longest=0.5).query("{ shop { name } }")
    assert caught.value.retry_after == 1.0


def test_a_throttled_mutation_was_not_begun_and_is_sent_again(scripted: Any) -> None:
    transport = scripted(throttled(110), ok({"a": {"userErrors": []}}))
    assert graphql(transport).mutate(DOCUMENT).payload("a") == {"userErrors": []}
    assert len(transport.asked) == 2


def test_each_mutation_of_a_document_is_refused_for_itself(scripted: Any) -> None:
    taken = {"field": ["input", "email"], "code": "TAKEN", "message": "ann@x.example has already been taken"}
    crashed = {"path": ["c"], "message": "boom", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    answer = ok({"a": {"userErrors": []}, "b": {"userErrors": [taken]}, "c": None}, [crashed])
    done = graphql(scripted(answer)).mutate(DOCUMENT)
    assert done.payload("a") == {"userErrors": []}
    with pytest.raises(RecordRejected) as caught:
        done.payload("b")
    assert str(caught.value).startswith("TAKEN at input.email")
    assert "ann@" not in str(caught.value)
    with pytest.raises(RecordRejected, match="INTERNAL_SERVER_ERROR at c"):
        done.payload("c")
    with pytest.raises(OutcomeUnknown):
        done.payload("d")


@pytest.mark.parametrize(
    ("errors", "query", "mutation"),
    [
        (
            [{"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}],
            ConfigError,
            ConfigError,
        ),
        ([{"message": "boom", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}], Unavailable, OutcomeUnknown),
        ("[API] Invalid API key", ConfigError, ConfigError),
    ],
)
def test_top_level_errors_are_sorted(scripted: Any, errors: Any, query: type, mutation: type) -> None:
    with pytest.raises(query):
        graphql(scripted(ok(None, errors))).query("{ x }")
    with pytest.raises(mutation):
        graphql(scripted(ok(None, errors))).mutate(DOCUMENT)


@pytest.mark.parametrize(
    "body",
    ["?", None, [], {"errors": 1}, {"errors": [1], "data": {"a": {"userErrors": []}}}, {"errors": {"a": 1}}],
    ids=str,
)
def test_an_answer_that_cannot_be_read_is_none_and_says_nothing_of_a_mutation(
    scripted: Any, body: Any
) -> None:
    with pytest.raises(ConfigError, match="no answer of GraphQL"):
        graphql(scripted((200, {}, body))).query("{ x }")
    with pytest.raises(OutcomeUnknown, match="no answer of GraphQL"):
        graphql(scripted((200, {}, body))).mutate(DOCUMENT)


@pytest.mark.parametrize("payload", [{}, {"a": {"userErrors": 1}}, {"a": {"userErrors": ["x"]}}, {"a": 1}])
def test_a_mutation_of_which_nothing_readable_is_told_is_unknown(scripted: Any, payload: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        graphql(scripted(ok(payload))).mutate(DOCUMENT).payload("a")


@pytest.mark.parametrize("odd", [1, "x", [], {"throttleStatus": 1}, {"throttleStatus": {"restoreRate": "x"}}])
def test_a_cost_that_cannot_be_read_holds_nobody(odd: Any) -> None:
    answer = Answer(200, {}, {"data": {"shop": {"name": "x"}}, "extensions": {"cost": odd}})
    assert GraphQLDialect().spent(answer) is None
    assert GraphQLDialect().wait(answer) is None


@pytest.mark.parametrize("odd", [1, "x", ["x"]])
def test_an_error_that_cannot_be_read_is_an_error(scripted: Any, odd: Any) -> None:
    error = {"extensions": odd, "path": odd, "message": odd}
    with pytest.raises(ConfigError, match="no code"):
        graphql(scripted(ok({"x": 1}, [error]))).query("{ x }")


def test_a_lost_mutation_is_unknown(scripted: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        graphql(scripted((502, {}, b""))).mutate(DOCUMENT)


def test_a_connection_is_read_page_by_page(scripted: Any) -> None:
    def page(number: int, *, more: bool) -> Any:
        info = {"hasNextPage": more, "endCursor": f"c{number}"}
        return ok({"orders": {"nodes": [{"id": number}], "pageInfo": info}})

    transport = scripted(page(1, more=True), page(2, more=False))
    found = graphql(transport).pages("query($after: String) { orders { id } }", {"first": 1}, "orders")
    assert [one["id"] for part in found for one in part.records] == [1, 2]
    assert b'"after":"c1"' in transport.asked[1].body
