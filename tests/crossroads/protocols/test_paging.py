"""Each way of handing out pages, and the ends they have."""

from itertools import islice
from typing import Any

import pytest

from crossroads.errors import ConfigError
from crossroads.protocols.answers import Answer
from crossroads.protocols.paging import JsonCursor, JsonUrl, LinkHeader, Offset, PageNumber, SinglePage, pages
from crossroads.protocols.paging_keys import Connection, IdDescending, Keyset

ROWS = [{"id": str(number)} for number in range(1, 8)]


def answer(body: Any, **headers: str) -> Answer:
    return Answer(200, headers, body, url="https://x.example/api/list")


def ids(found: Any) -> list[str]:
    some = islice(found, 20)  # a list without an end is found out, and not waited for
    return [one["id"] for page in some for one in page.records]


def test_one_page_is_all() -> None:
    assert ids(pages(lambda *_: answer(ROWS), "/list", None, SinglePage())) == [one["id"] for one in ROWS]


def test_a_link_header_is_followed_until_a_page_is_empty() -> None:
    asked = []

    def ask(path: str, params: Any) -> Answer:
        asked.append(path)
        start = 0 if path == "/list" else int(path.rsplit("=")[-1])
        return answer(
            ROWS[start : start + 3],
            Link=f'<https://x.example/first>; rel="next", <https://x.example/list?min={start + 3}>; rel="prev"',
        )

    assert ids(pages(ask, "/list", {"limit": 3}, LinkHeader("prev"))) == [one["id"] for one in ROWS]
    assert asked[1] == "https://x.example/list?min=3"


def test_an_address_in_the_answer_is_followed_relative_to_the_host() -> None:
    def ask(path: str, params: Any) -> Answer:
        if path == "/list":
            return answer({"records": ROWS[:4], "nextRecordsUrl": "/api/list/01g-4"})
        assert (path, params) == ("https://x.example/api/list/01g-4", None)
        return answer({"records": ROWS[4:], "nextRecordsUrl": None})

    assert ids(pages(ask, "/list", {"q": "x"}, JsonUrl("nextRecordsUrl"), "records")) == [
        one["id"] for one in ROWS
    ]


def test_a_cursor_goes_back_as_a_parameter_until_there_is_no_more() -> None:
    def ask(path: str, params: Any) -> Answer:
        start = int(params.get("after", 0))
        more = start + 3 < len(ROWS)
        return answer({"data": ROWS[start : start + 3], "meta": {"after": str(start + 3), "more": more}})

    paging = JsonCursor("meta.after", "after", more="meta.more")
    assert ids(pages(ask, "/list", {"size": 3}, paging, "data")) == [one["id"] for one in ROWS]


@pytest.mark.parametrize(("total", "calls"), [(None, 4), ("X-Pages", 3), ("pages", 3)])
def test_page_numbers_end_at_an_empty_page_or_at_the_total(total: str | None, calls: int) -> None:
    asked = []

    def ask(path: str, params: Any) -> Answer:
        number = params.get("page", 0)
        asked.append(number)
        return answer({"rows": ROWS[number * 3 : number * 3 + 3], "pages": 3}, **{"X-Pages": "3"})

    assert ids(pages(ask, "/list", {}, PageNumber(first=0, total_pages=total), "rows")) == [
        one["id"] for one in ROWS
    ]
    assert len(asked) == calls


@pytest.mark.parametrize("total", [None, "count"])
def test_an_offset_ends_at_a_short_page_or_at_the_count(total: str | None) -> None:
    asked = []

    def ask(path: str, params: Any) -> Answer:
        asked.append(params.get("offset", 0))
        return answer({"rows": ROWS[asked[-1] : asked[-1] + 3], "count": 7})

    assert ids(pages(ask, "/list", {"limit": 3}, Offset(3, total=total), "rows")) == [
        one["id"] for one in ROWS
    ]
    assert asked == [0, 3, 6]


def test_newest_first_stops_at_the_known_id_and_leaves_known_records_out() -> None:
    newest_first, asked = [{"id": str(number)} for number in range(12, 5, -1)], []

    def ask(path: str, params: Any) -> Answer:
        before = int(params.get("before", 99))
        asked.append(before)
        return answer([one for one in newest_first if int(one["id"]) < before][:3])

    paging = IdDescending(known="8")  # as text "10" comes before "8"
    found = [one["id"] for page in pages(ask, "/list", {}, paging) for one in paging.fresh(page.records)]
    assert found == ["12", "11", "10", "9"]
    assert asked == [99, 10]


def test_a_keyset_asks_for_what_comes_after_the_last_record() -> None:
    def ask(path: str, params: Any) -> Answer:
        return answer([one for one in ROWS if one["id"] > params.get("gt", "")][:3])

    paging = Keyset(3, lambda last: {"gt": last["id"]})
    assert ids(pages(ask, "/list", {}, paging)) == [one["id"] for one in ROWS]


def test_a_connection_is_followed_by_its_end_cursor() -> None:
    def ask(path: str, params: Any) -> Answer:
        start = int(params.get("after") or 0)
        info = {"hasNextPage": start + 4 < len(ROWS), "endCursor": str(start + 4)}
        return answer({"data": {"orders": {"nodes": ROWS[start : start + 4], "pageInfo": info}}})

    found = pages(ask, "/graphql", {}, Connection("data.orders"), "data.orders.nodes")
    assert [page.last for page in islice(found, 20)] == [False, True]


def test_a_list_that_goes_round_is_an_error_and_no_endless_loop() -> None:
    round_and_round = pages(
        lambda *_: answer({"rows": ROWS, "next": "/list"}),
        "https://x.example/list",
        None,
        JsonUrl("next"),
        "rows",
    )
    with pytest.raises(ConfigError, match="same page again"):
        list(islice(round_and_round, 10))


@pytest.mark.parametrize(
    ("paging", "body", "headers"),
    [
        (PageNumber(total_pages="pages"), {"rows": [{}], "pages": "x"}, {}),
        (PageNumber(total_pages="X-Pages"), {"rows": [{}]}, {"X-Pages": "x"}),
        (Offset(limit=1, total="total"), {"rows": [{}], "total": {}}, {}),
        (JsonUrl("next"), {"rows": [], "next": 1}, {}),
        (IdDescending(), {"rows": [{}]}, {}),
        (IdDescending(), {"rows": [{"id": "x"}]}, {}),
        (Connection("rows"), {"rows": [1]}, {}),
    ],
)
def test_a_page_whose_next_one_cannot_be_read_is_a_clear_error(paging: Any, body: Any, headers: Any) -> None:
    def ask(_: str, __: Any) -> Answer:
        return Answer(200, headers, body, url="https://x.example/list")

    with pytest.raises(ConfigError, match="/list: "):
        list(pages(ask, "/list?email=ann", None, paging, "rows"))


def test_something_else_where_the_list_should_be_is_an_error() -> None:
    with pytest.raises(ConfigError, match="expected a list at 'rows'"):
        list(
            pages(
                lambda *_: answer({"rows": {"a": 1}}), "/list?email=ann@x.example", None, SinglePage(), "rows"
            )
        )


@pytest.mark.parametrize(
    ("paging", "params", "body", "count", "end"),
    [
        (SinglePage(), {}, {}, 3, True),
        (LinkHeader(), {}, {}, 3, True),
        (JsonUrl("next"), {}, {}, 3, True),
        (JsonUrl("next", done="done"), {}, {"done": True}, 3, True),
        (JsonUrl("next", done="done"), {}, {"done": False}, 3, False),
        (JsonUrl("next", done="done"), {}, {}, 3, False),
        (JsonCursor("after", "after"), {}, {}, 3, True),
        (JsonCursor("after", "after", more="more"), {}, {"more": False}, 3, True),
        (JsonCursor("after", "after", more="more"), {}, {"more": True}, 3, False),
        (JsonCursor("after", "after", more="more"), {}, {"after": "x"}, 3, False),
        (PageNumber(), {"page": 4}, {}, 0, True),
        (PageNumber(total_pages="pages"), {"page": 4}, {"pages": 4}, 3, True),
        (PageNumber(total_pages="pages"), {"page": 2}, {"pages": 4}, 0, False),
        (Offset(3), {"offset": 6}, {}, 0, True),
        (Offset(3), {"offset": 6}, {}, 1, False),
        (Offset(3, total="count"), {"offset": 6}, {"count": 7}, 1, True),
        (Offset(3, total="count"), {"offset": 3}, {"count": 7}, 0, False),
        (Keyset(3, lambda last: {}), {}, {}, 0, True),
        (Keyset(3, lambda last: {}), {}, {}, 1, False),
        (IdDescending(), {}, {}, 0, True),
        (Connection("c"), {}, {"c": {"pageInfo": {"hasNextPage": False}}}, 3, True),
        (Connection("c"), {}, {"c": {}}, 3, False),
    ],
)
def test_a_list_is_whole_only_if_the_system_says_that_it_ends(
    paging: Any, params: dict[str, Any], body: dict[str, Any], count: int, end: bool
) -> None:
    (page,) = pages(lambda *_: answer({**body, "rows": ROWS[:count]}), "/list", params, paging, "rows")
    assert (page.last, page.end) == (True, end)
