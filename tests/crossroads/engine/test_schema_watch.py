"""New, missing and retyped fields of a source are noticed, listed and raised; the data is left alone, and no value is shown."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.engine.schema_approval import approve, fields, raised
from crossroads.engine.schema_named import named
from crossroads.engine.schema_shape import Shape, named_types
from crossroads.errors import ConfigError
from crossroads.mapping import load
from crossroads.records import Batch, State, Stream
from crossroads.testkit.memory import Memory, MemoryConnector

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "changed": "2026-01-01T00:00:00Z"}


def person(number: int, **more: Any) -> dict[str, Any]:
    return {**ANN, "mail": f"p{number}@lee.example", **more}


@pytest.fixture
def erp(world: Callable[..., Any]) -> Any:
    """An ERP with sixty persons, read once."""
    w = world(erp=Memory(page=100))
    for number in range(60):
        w.systems["erp"].put("people", str(number), **person(number, tags=[{"name": "x"}], shop={"id": 1}))
    w.sync()
    return w


def states(w: Any) -> dict[str, str]:
    return {row["path"]: row["state"] for row in w.rows("SourceField") if row["state"] != "approved"}


def types(w: Any, path: str) -> list[str]:
    (row,) = [row for row in w.rows("SourceField") if row["path"] == path]
    return list(orjson.loads(row["types"]))


def holds(w: Any, key: str) -> dict[str, Any]:
    (row,) = [row for row in w.rows("Contribution") if row["key"] == key]
    return dict(orjson.loads(row["holds"]))


def edit(w: Any, numbers: Any, change: Callable[[dict[str, Any]], None]) -> None:
    for number in numbers:
        record = w.systems["erp"].records["people"][str(number)]
        change(record)
        w.systems["erp"].put("people", str(number))


def test_the_first_read_is_the_baseline(erp: Any) -> None:
    assert states(erp) == {}
    assert {row["path"] for row in erp.rows("SourceField")} == {
        "changed", "family", "given", "key", "mail", "seq", "shop", "shop.id", "tags", "tags[]", "tags[].name", "version",
    }  # fmt: skip
    assert {row["path"] for row in erp.rows("SourceField") if row["named"]} == {
        "changed", "family", "given", "key", "mail"
    }  # fmt: skip
    assert {row["approved_by"] for row in erp.rows("SourceField")} == {None}


CHANGES: list[tuple[Callable[[dict[str, Any]], Any], dict[str, str], str, list[str]]] = [
    (lambda r: r.update(loyalty=7), {"loyalty": "new"}, "loyalty", ["number"]),
    (lambda r: r["shop"].update(since="x"), {"shop.since": "new"}, "shop.since", ["text"]),
    (lambda r: r["tags"].append({"hue": True}), {"tags[].hue": "new"}, "tags[].hue", ["boolean"]),
    (lambda r: r["shop"].update(id="1"), {"shop.id": "retyped"}, "shop.id", ["number", "text"]),
    (lambda r: r.update(given={"latin": "Ann"}), {"given": "retyped", "given.latin": "new"}, "given", ["text", "object"]),
    (lambda r: r.update(tags="x"), {"tags": "retyped"}, "tags", ["text", "list"]),
    (lambda r: r["shop"].update(id=None), {}, "shop.id", ["null", "number"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "found", "path", "with_types"), CHANGES, ids=range(len(CHANGES)))
def test_what_changes_later_is_raised_with_its_types(
    erp: Any, change: Callable[[dict[str, Any]], Any], found: dict[str, str], path: str, with_types: list[str]
) -> None:
    edit(erp, [3], change)
    (report,) = erp.sync()
    assert states(erp) == found
    assert types(erp, path) == with_types
    assert report["problems"] == []
    assert sum(report.get("schema", {}).get("erp.people", {}).values()) == len(found)
    told = [orjson.loads(row["body"]) for row in erp.rows("Entry") if row["kind"] == "schema"]
    assert len(told) == bool(found)


def test_a_field_that_was_always_empty_may_get_any_type(erp: Any) -> None:
    edit(erp, range(60), lambda record: record.update(fax=None))
    erp.sync()
    approve(erp.store, erp.ws.clock, "erp.people", ["fax"], "Kim")
    edit(erp, [1], lambda record: record.update(fax="1"))
    erp.sync()
    assert states(erp) == {}
    edit(erp, [2], lambda record: record.update(fax=1))
    erp.sync()
    assert states(erp) == {"fax": "retyped"}


def test_a_mapped_field_that_stops_coming_is_missing_and_empties_nothing(erp: Any) -> None:
    before = holds(erp, "1")
    edit(erp, range(49), lambda record: record.pop("given"))
    erp.sync()
    assert states(erp) == {}  # not yet
    for number in range(60):
        erp.systems["erp"].records["people"][str(number)].pop("given", None)
        erp.systems["erp"].records["people"][str(number)]["round"] = 2
    for _ in range(4):  # twenty looked at in an attempt, and a few more
        for number in range(60):
            record = erp.systems["erp"].records["people"][str(number)]
            record["round"] += 1
        erp.sync(full=True)
    assert states(erp) == {"given": "missing", "round": "new"}
    assert holds(erp, "1") == before
    erp.systems["erp"].put("people", "5", given="Ann")
    erp.sync()
    assert states(erp) == {"round": "new"}


@pytest.mark.parametrize(
    ("page", "without", "then", "found"),
    [
        (25, 49, 0, {}),
        (25, 50, 0, {"mail": "missing"}),
        (100, 49, 0, {}),
        (100, 50, 0, {"mail": "missing"}),
        (100, 60, 1, {}),
    ],
    ids=["49 in pages", "50 in pages", "49", "50", "60 and one that has it"],
)
def test_a_mapped_field_that_all_lose_at_once_is_missing_however_few_are_looked_at(
    world: Callable[..., Any], page: int, without: int, then: int, found: dict[str, str]
) -> None:
    w = world(erp=Memory(page=page))
    for number in range(100):
        w.systems["erp"].put("people", str(number), **person(number))
    w.sync()
    edit(w, range(without), lambda record: record.pop("mail"))
    edit(w, range(without, without + then), lambda record: record.update(family="Berg"))
    w.sync()
    assert states(w) == found
    edit(w, [99], lambda record: record.update(family="Ek"))
    w.sync()
    assert states(w) == {}, "a record came that has it"


def test_a_first_read_misses_nothing_however_its_records_are_ordered(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(page=100))
    for number in range(200):
        more = {"street": "Lane"} if number < 100 else {}
        w.systems["erp"].put("people", str(number), **person(number, **more))
    w.sync()
    assert states(w) == {}


def test_a_field_that_no_mapping_reads_or_that_few_records_have_is_never_missing(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(page=100))
    for number in range(60):
        more = {"mobile": "+49 170 1234567"} if number == 7 else {}
        half = {"city": "Bonn"} if number % 2 else {}
        w.systems["erp"].put("people", str(number), **person(number, shoe_size=38, **more, **half))
    w.sync()
    for turn in range(10):  # for five turns half of them have a city, enough to be known by, and then nobody
        for number in range(60):
            record = w.systems["erp"].records["people"][str(number)]
            record.pop("shoe_size", None)
            record.pop("mobile", None)
            if turn >= 5:
                record.pop("city", None)
            record["street"] = f"Lane {turn}"
        w.sync(full=True)
    assert states(w) == {"street": "new"}


def test_a_field_of_its_own_is_seen_in_one_of_many_and_a_nested_one_some_time(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(page=1000))
    for number in range(1000):
        w.systems["erp"].put("people", str(number), **person(number, shop={"id": 1}))
    w.sync()
    for number in range(1000):
        w.systems["erp"].records["people"][str(number)]["street"] = "Lane"
    w.systems["erp"].records["people"]["777"]["odd"] = 1
    w.systems["erp"].records["people"]["777"]["shop"] = {"id": 1, "rare": 1}
    w.systems["erp"].records["people"]["779"]["shop"] = {"id": 1, "rarer": 1}
    w.sync(full=True)
    # 777 was looked at for its own new field; 779 was not in the sample.
    assert states(w) == {"street": "new", "odd": "new", "shop.rare": "new"}
    w.systems["erp"].put("people", "779", street="Road")
    w.sync()
    assert states(w)["shop.rarer"] == "new"


def test_approving_takes_what_waits_for_right_and_says_who(erp: Any) -> None:
    edit(erp, [3], lambda record: record.update(loyalty={"level": 1}, shop={"id": "1"}))
    erp.sync()
    assert raised_in(erp) == {"erp.people": {"new": 2, "retyped": 1}}
    with pytest.raises(ConfigError, match="Nothing at 'nix'"):
        approve(erp.store, erp.ws.clock, "erp.people", ["nix"], "Kim")
    with pytest.raises(ConfigError, match="--by NAME"):
        approve(erp.store, erp.ws.clock, "erp.people", [], " ")
    with pytest.raises(ConfigError, match=r"Nothing is known of a stream 'erp.nix'"):
        approve(erp.store, erp.ws.clock, "erp.nix", [], "Kim")
    assert approve(erp.store, erp.ws.clock, "erp.people", ["loyalty"], "Kim") == ["loyalty", "loyalty.level"]
    assert raised_in(erp) == {"erp.people": {"retyped": 1}}
    assert approve(erp.store, erp.ws.clock, "erp.people", [], "Kim") == ["shop.id"]
    with erp.store.read() as db:
        (one,) = [one for one in fields(db, "erp.people") if one.path == "shop.id"]
    assert (one.state, one.approved_by, list(one.approved_types)) == ("approved", "Kim", ["number", "text"])
    assert [row["body"] for row in erp.rows("Entry") if row["kind"] == "schema"][-1] == orjson.dumps(
        {"approved": ["shop.id"], "by": "Kim"}
    ).decode()
    edit(erp, [4], lambda record: record.update(loyalty={"level": 2}, shop={"id": "2"}))
    erp.sync()
    assert raised_in(erp) == {}


def test_reading_again_with_nothing_changed_changes_no_field(erp: Any) -> None:
    edit(erp, [3], lambda record: record.update(loyalty=7))
    erp.sync()
    before = erp.rows("SourceField")
    erp.sync(full=True)
    assert erp.rows("SourceField") == before


def test_a_first_read_that_breaks_off_is_still_the_baseline(world: Callable[..., Any]) -> None:
    class Breaks(Memory):
        ends = 1

        def connector(self, *streams: str, writable: bool = True) -> MemoryConnector:
            return Breaking(self, list(super().connector(*streams, writable=writable).streams.values()))

    class Breaking(MemoryConnector):
        def read(self, stream: Stream, since: State) -> Iterator[Batch]:
            for number, batch in enumerate(super().read(stream, since)):
                if number >= self.memory.ends:  # type: ignore[attr-defined]
                    raise ConnectionError
                yield batch

    w = world(erp=Breaks(page=1))
    w.systems["erp"].put("people", "1", **person(1))
    w.systems["erp"].put("people", "2", **person(2, loyalty=7))
    with pytest.raises(ConnectionError):
        w.sync()
    w.systems["erp"].ends = 9
    w.run(w.plans[0], run="run-1")
    assert "loyalty" in {row["path"] for row in w.rows("SourceField")}
    assert states(w) == {}


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ({"ann@lee.example": 1}, {"notes", "notes.*"}),
        ({"plain": 1, "ann@lee.example": {"seen": True}}, {"notes", "notes.*", "notes.*.seen"}),
        ({"Ann Lee": [1]}, {"notes", "notes.*", "notes.*[]"}),
        ({"4711": {"a": 1}, "4712": {"b": 1}}, {"notes", "notes.*", "notes.*.a", "notes.*.b"}),
        ({"@odata.etag": "x"}, {"notes", "notes.@odata%2Eetag"}),
        ({f"k{chr(97 + n)}": n for n in range(26)}, {"notes", *(f"notes.k{chr(97 + n)}" for n in range(26))}),
    ],
    ids=range(6),
)
def test_keys_that_are_data_are_never_listed(erp: Any, inside: dict[str, Any], shown: set[str]) -> None:
    edit(erp, [3], lambda record: record.update(notes=inside))
    erp.sync()
    found = {row["path"] for row in erp.rows("SourceField")}
    assert {path for path in found if path.startswith("notes")} == shown
    told = orjson.dumps([dict(row) for row in erp.rows("SourceField")])
    assert b"ann@lee" not in told
    assert b"Ann Lee" not in told


def test_an_object_with_ever_other_keys_is_a_map(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(page=100))
    names = ["ann", "bo", "cy", "di", "eve", "fay", "gus", "hal", "ida", "jo", "kim", "lee"]
    for number, name in enumerate(names):
        w.systems["erp"].put("people", str(number), **person(number, friends={name: {"since": 1}}))
    w.sync()
    found = {row["path"] for row in w.rows("SourceField") if row["path"].startswith("friends")}
    assert found == {"friends", "friends.*", "friends.*.since"}
    w.systems["erp"].put("people", "99", **person(99, friends={"max": {"since": 1}}))
    w.sync()
    assert states(w) == {}
    assert {row["path"] for row in w.rows("SourceField") if row["path"].startswith("friends")} == found


def test_a_key_of_the_record_itself_that_is_data_has_no_name_either(erp: Any) -> None:
    edit(erp, [3, 4], lambda record: record.update({f"p{record['key']}@lee.example": 1}))
    erp.sync()
    assert states(erp) == {"*": "new"}
    assert "lee" not in orjson.dumps([row["path"] for row in erp.rows("SourceField")]).decode()


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(max_size=6), json, max_size=5), max_size=12))
def test_any_records_have_a_shape_and_none_of_their_texts_is_in_it(records: list[dict[str, Any]]) -> None:
    shape = Shape(frozenset(), baseline=True)
    for record in records:
        shape.look(record)
    for path, node in shape.nodes.items():
        assert node.path == path
        assert 0 <= node.seen <= shape.looked
        assert named_types(node.types) or not node.seen
    again = Shape(frozenset(), baseline=True)
    for path in shape.nodes:
        assert again.place(path).path == path
    assert again.nodes.keys() >= shape.nodes.keys()


@pytest.mark.parametrize(
    ("system", "entity", "paths"),
    [
        ("sap_s4", "customer", ["FirstName", "to_BusinessPartnerAddress[].to_EmailAddress[].EmailAddress",
                                "to_BuPaIdentification[].BPIdentificationType", "to_BusinessPartnerAddress"]),
        ("salesforce", "customer", ["Id", "LastName", "MailingCity"]),
        ("sap_s4", "order", ["SalesOrder"]),
    ],
    ids=["sap_s4 customer", "salesforce customer", "sap_s4 order"],
)  # fmt: skip
def test_a_mapping_says_which_paths_it_names(system: str, entity: str, paths: list[str]) -> None:
    assert set(paths) <= named(load(system, entity))


def raised_in(w: Any) -> dict[str, dict[str, int]]:
    with w.store.read() as db:
        return raised(db)


def test_a_name_that_looks_like_data_is_one_if_the_mapping_says_it() -> None:
    shape = Shape(frozenset({"Kunden Nr%2E"}), baseline=False)
    shape.look({"Kunden Nr.": "1", "Ort und Land": "x"})
    assert {path: node.named for path, node in shape.nodes.items()} == {"Kunden Nr%2E": True, "*": False}
