"""Everything that is said of labelled things is golden, until somebody who saw it replaces it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads import engine
from crossroads.engine import deciding
from crossroads.engine.survivorship import Policy, Rule, Source, Survivorship
from crossroads.errors import MappingError
from crossroads.testkit.memory import Memory
from sandbox.lenses import lens

CITY, MAIL, MAILS = "addresses.main.locality", "emails.main.address", "emails.*.address"
JAN, FEB, MAR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
ANN = {"given": "Ann", "family": "Lee", "mobile": "+4915112345678", "changed": JAN}


def union(path: str, **more: Any) -> Survivorship:
    said = Rule(rule="union", **more)
    return Survivorship({"customer": Policy(default=Rule(rule="newest"), fields={path: said})})


@pytest.fixture
def ann(world: Callable[..., Any]) -> Any:
    """One woman of whom the ERP and, later, the CRM know an e-mail address each, by the rules that are shipped."""
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", **ANN, mail="erp@x.example")
    w.systems["crm"].put("people", "a", **{**ANN, "mail": "crm@x.example", "changed": FEB})
    w.sync()
    return w


def mails(w: Any) -> dict[str, Any]:
    """Return the golden addresses by their labels."""
    (profile,) = w.rows("Profile")
    return {
        path.split(".")[1]: value
        for path, value in json.loads(profile["document"]).items()
        if path.startswith("emails.")
    }


def told(w: Any) -> list[Any]:
    """Return what the ERP and the CRM show."""
    return [w.systems["erp"].value("people", "1", "mail"), w.systems["crm"].value("people", "a", "mail")]


def test_a_second_address_stays_golden_after_its_system_was_told_the_first(ann: Any) -> None:
    for _ in range(2):
        assert mails(ann) == {"main": "crm@x.example", "erp": "erp@x.example"}
        assert told(ann) == ["crm@x.example"] * 2
        ann.sync(full=True)
    (profile,) = ann.rows("Profile")
    records = {row["id"]: row["connection"] for row in ann.rows("Contribution")}
    why = json.loads(profile["provenance"])
    assert {path: (records[why[path][0]], why[path][1]) for path in (MAIL, "emails.erp.address")} == {
        MAIL: ("crm", "union"),
        "emails.erp.address": ("erp", "union"),
    }


@pytest.mark.parametrize("who", ["erp", "crm"])
@pytest.mark.parametrize(
    ("new", "golden"),
    [
        ("new@x.example", {"erp": {"main": "new@x.example"}, "crm": {"main": "new@x.example", "erp": "erp@x.example"}}),
        (None, {"erp": {"main": None}, "crm": {"main": None, "erp": "erp@x.example"}}),  # that one is told to nobody
    ],
    ids=["corrected", "cleared"],
)  # fmt: skip
def test_who_replaces_an_address_takes_it_away_and_not_the_one_that_he_never_saw(
    ann: Any, who: str, new: str | None, golden: dict[str, dict[str, Any]]
) -> None:
    ann.systems[who].put("people", "1" if who == "erp" else "a", mail=new, changed=MAR)
    ann.sync()
    assert mails(ann) == golden[who]
    ann.sync(full=True)
    assert told(ann) == [golden[who]["main"]] * 2
    assert mails(ann) == golden[who]


def test_what_both_said_and_one_corrected_is_not_kept_as_the_word_of_the_other(ann: Any) -> None:
    ann.systems["erp"].put("people", "2", given="Bob", family="Ek", mail="bob@x.example", changed=JAN)
    ann.systems["crm"].put("people", "b", given="Bob", family="Ek", mail="bob@x.example", changed=JAN)
    ann.sync()
    ann.systems["crm"].put("people", "b", mail="ek@x.example", changed=MAR)
    ann.sync()
    golden = [json.loads(row["document"]) for row in ann.rows("Profile")]
    bob = next(one for one in golden if one["given_name"] == "Bob")
    assert {path: value for path, value in bob.items() if path.startswith("emails.")} == {
        MAIL: "ek@x.example"
    }
    assert ann.systems["erp"].value("people", "2", "mail") == "ek@x.example"


def test_a_correction_that_is_met_by_the_look_before_a_write_takes_the_old_address_away(world: Any) -> None:
    w = world(erp=Memory(), crm=Memory(token=False))
    for system, key in (("erp", "1"), ("crm", "a")):
        w.systems[system].put("people", key, **ANN, mail="ann@x.example")
    w.sync()
    w.systems["erp"].put("people", "1", family="Ek", changed=FEB)
    plan = w.begun("one")
    w.systems["crm"].put("people", "a", mail="lee@x.example", changed=MAR)
    engine.push(w.ws, plan, "crm.people", "one")
    w.sync()
    assert mails(w) == {"main": "lee@x.example"}
    assert told(w) == ["lee@x.example"] * 2


def test_a_person_who_puts_another_address_first_takes_none_away(ann: Any) -> None:
    (profile,) = ann.rows("Profile")
    with ann.store.read() as db:
        found = deciding.proposed(
            db, ann.ws, profile["id"], MAIL, "erp/people/1", actor="Kim", why="asked her"
        )
    deciding.decide(ann.ws, found, actor="Kim", why="asked her")
    ann.sync()
    assert mails(ann) == {"main": "erp@x.example", "crm": "crm@x.example"}
    assert told(ann) == ["erp@x.example"] * 2


PLACE = ("addresses.main.street", CITY, "addresses.main.extra")


def at(key: str, when: str, street: str, city: str | None, replaced: Any = None, **more: Any) -> Source:
    said = {
        path: value for path, value in zip(PLACE, (street, city, more.get("extra")), strict=True) if value
    }
    return Source(key, f"{key}/p/1", key, "m", said, when, replaced={PLACE[0]: replaced} if replaced else {})


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        (at("erp", JAN, "Weg 1", "Bonn"), False),
        (at("erp", JAN, "Weg 1", "Bonn", extra="c/o Ek"), False),  # the CRM has no such field
        (at("erp", MAR, "Weg 1", "Bonn"), True),  # said anew after it was replaced
        (at("erp", JAN, "Weg 1", "Kiel"), True),  # the CRM never showed Kiel
        (at("erp", JAN, "Weg 2", "Bonn"), True),
        (at("erp", JAN, "Weg 1", None), False),
    ],
)
def test_an_address_is_replaced_where_everything_that_the_other_shows_of_it_was(
    other: Source, stays: bool
) -> None:
    rules = Survivorship(
        {"customer": Policy(default=Rule(rule="newest"), together={"addresses.*": Rule(rule="union")})}
    )
    found, _ = rules.golden("customer", [at("crm", FEB, "Allee 3", "Bonn", [["Weg 1", FEB]]), other])
    newest = other.said_at == MAR
    assert found["addresses.main.street"] == ("Weg 1" if newest else "Allee 3")
    assert any(path.startswith("addresses.erp.") for path in found) == (stays and not newest)
    assert any(path.startswith("addresses.crm.") for path in found) == newest


NEWEST = Survivorship({"customer": Policy(default=Rule(rule="newest"))})
one = st.tuples(
    st.sampled_from(["a", "b", "c", None]), st.sampled_from([JAN, FEB, MAR]), st.booleans(),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([JAN, FEB])), max_size=2),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["erp", "crm", "shop"]), one, min_size=2), st.randoms())
def test_a_union_is_of_what_is_said_and_not_replaced_and_no_order_counts(
    said: dict[str, Any], random: Any
) -> None:
    sources = [
        Source(
            name,
            f"{name}/p/1",
            name,
            "m",
            {MAIL: value},
            when,
            gone=gone,
            replaced={MAIL: left} if left else {},
        )
        for name, (value, when, gone, left) in said.items()
    ]
    found, why = union(MAILS).golden("customer", sources)
    random.shuffle(sources)
    assert (found, why) == union(MAILS).golden("customer", sources)
    valid = {
        s.said[MAIL] for s in sources
        if not any(former == s.said[MAIL] and time >= s.said_at and o.said[MAIL] != former
                   for o in sources for former, time in o.replaced.get(MAIL, ()))
    } - {None}  # fmt: skip
    golden = [value for value in found.values() if value is not None]
    assert len(golden) == len(set(golden))
    living = {s.said[MAIL] for s in sources if not s.gone}
    assert valid & living <= set(golden)
    assert found[MAIL] == NEWEST.golden("customer", sources)[0][MAIL], (
        "what is told is as if there were no union"
    )
    assert set(golden) <= valid | {found[MAIL]}


def test_a_union_of_texts_lists_everything_once_and_a_union_of_labels_keeps_the_loser() -> None:
    tags = "extensions.shop.tags"
    sources = [
        Source("1", "erp/p/1", "erp", "m", {tags: "vip,b2b", "emails.main.address": "a@x.example"}, JAN),
        Source("2", "crm/p/1", "crm", "m", {tags: "new, vip", "emails.main.address": "b@x.example"}, FEB),
        Source("3", "crm/p/2", "crm", "m", {"emails.main.address": "c@x.example"}, JAN),
    ]
    of_tags = union("extensions.*.*", separator=",")
    assert of_tags.golden("customer", sources)[0][tags] == "b2b,new,vip"
    found, why = union(MAILS).golden("customer", sources)
    assert {p: v for p, v in found.items() if p.startswith("emails")} == {
        "emails.main.address": "b@x.example",
        "emails.crm.address": "c@x.example",
        "emails.erp.address": "a@x.example",
    }
    assert why["emails.erp.address"][:2] == ("1", "union")


LATER = "2026-01-02T00:00:00Z"


def place(key: str, city: str | None, at: str, street: str | None = None, *, gone: bool = False) -> Source:
    said = {CITY: city, "addresses.main.street": street}
    since = {"addresses.main.street": LATER} if key == "crm2" else {}
    return Source(key, f"{key}/p/1", key[:3], "m", said, at, since, gone=gone)


def test_a_union_of_addresses_keeps_each_whole_with_its_source_and_time() -> None:
    places = Survivorship(
        {"customer": Policy(default=Rule(rule="newest"), together={"addresses.*": Rule(rule="union")})}
    )
    sources = [place("erp", "Ulm", JAN, "Weg 1"), place("crm1", "Bonn", FEB), place("crm2", "Ulm", JAN, "Weg 1"),
               place("crm3", "Essen", JAN), place("shop", None, JAN), place("web", "Kiel", JAN, gone=True)]  # fmt: skip
    found, why = places.golden("customer", sources)
    assert found == {
        "addresses.main.street": None,
        CITY: "Bonn",
        "addresses.crm.locality": "Ulm",
        "addresses.crm.street": "Weg 1",
        "addresses.crm2.locality": "Essen",
    }
    assert why["addresses.crm.street"] == ("crm2", "union", LATER, "m")
    assert why["addresses.crm.locality"] == ("crm2", "union", JAN, "m")
    assert why["addresses.crm2.locality"] == ("crm3", "union", JAN, "m")
    assert (found, why) == places.golden("customer", sources[::-1])


@pytest.mark.parametrize(
    ("customer", "wrong"),
    [
        ("default: {rule: newest}\n  fields: {emails.*.address: {rule: union}}", ""),
        ("default: {rule: newest}\n  fields: {language: {rule: union, separator: ','}}", ""),
        ("default: {rule: newest}\n  fields: {language: {rule: union}}", "language: a union is"),
        (
            "default: {rule: newest}\n  fields: {emails.*.address: {rule: union, separator: ','}}",
            "a union is",
        ),
        ("default: {rule: union}", "default: a union is"),
        ("default: {rule: newest}\n  fields: {identifiers.*: {rule: union}}", "identifiers.*: a union is"),
        ("default: {rule: newest}\n  fields: {extensions.*.*: {rule: union}}", "a union is"),
        ("default: {rule: newest}\n  fields: {title: {rule: union, separator: ','}}", ""),
        ("default: {rule: newest}\n  together: {addresses.*: {rule: union}}", ""),
        ("default: {rule: newest}\n  together: {addresses.*: {rule: union, separator: ','}}", "a union is"),
    ],
)
def test_a_union_is_said_of_fields_it_can_be_made_of(tmp_path: Path, customer: str, wrong: str) -> None:
    others = "".join(f"{name}:\n  default: {{rule: newest}}\n" for name in ("order", "interaction"))
    (file := tmp_path / "survivorship.yaml").write_text(f"customer:\n  {customer}\n{others}")
    if wrong:
        with pytest.raises(MappingError, match=wrong):
            Survivorship.load(file)
    else:
        assert Survivorship.load(file).policies["customer"].default.rule == "newest"


def united(world: Callable[..., Any], **more: Any) -> Any:
    w = world(erp=Memory(), crm=Memory())
    policies = Survivorship.shipped().policies
    w.ws.survivorship = Survivorship({**policies, "customer": Policy(default=Rule(rule="newest"), **more)})
    return w


def golden(w: Any, group: str) -> dict[str, Any]:
    (profile,) = w.rows("Profile")
    said = json.loads(profile["document"]).items()
    return {path: value for path, value in said if path.startswith(f"{group}.")}


def test_a_list_that_one_system_says_stays_as_it_says_it(world: Callable[..., Any]) -> None:
    w = united(world, fields={"extensions.shop.tags": Rule(rule="union", separator=",")})
    for name in ("erp", "crm"):
        w.ws.lenses[name, "people"] = lens(name, "customer", **{"extensions.shop.tags": {"at": "tags"}})
    w.systems["erp"].put("people", "1", **ANN, mail="a@x.example", tags="vip,b2b")
    w.sync()
    writes = w.writes()
    w.sync()
    assert w.writes() == writes
    assert w.systems["erp"].value("people", "1", "tags") == "vip,b2b"


def test_an_address_is_not_replaced_by_who_never_showed_all_of_it(world: Callable[..., Any]) -> None:
    w = united(world, together={"addresses.*": Rule(rule="union")})
    w.systems["erp"].put("people", "1", **ANN, mail="a@x.example", street="Weg 1", city="Kiel")
    w.systems["crm"].put("people", "a", **{**ANN, "changed": FEB}, mail="a@x.example", street="Weg 1")
    w.sync()
    w.systems["crm"].put("people", "a", street="Allee 3", changed=MAR)
    w.sync()
    erp = {"addresses.erp.street": "Weg 1", "addresses.erp.locality": "Kiel"}
    assert golden(w, "addresses") == erp | {
        "addresses.main.street": "Allee 3",
        "addresses.main.locality": None,
    }


def test_what_a_deleted_record_said_does_not_come_back_by_a_clearing(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory(), web=Memory())
    w.systems["web"].put("people", "w", **ANN, mail="old@x.example")
    w.systems["erp"].put("people", "1", **{**ANN, "changed": FEB}, mail="new@x.example")
    w.sync()
    w.systems["web"].delete("people", "w")
    w.sync()
    assert mails(w) == {"main": "new@x.example"}
    (key,) = w.systems["crm"].records["people"]
    w.systems["crm"].put("people", key, mail=None, changed=MAR)
    w.sync()
    assert mails(w) == {"main": None}


def test_a_value_that_comes_and_goes_pushes_no_other_out(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    for name in w.systems:
        w.systems[name].put("people", name, **ANN, mail="x@x.example")
    w.sync()
    for number in range(22):
        when = f"2026-02-{number + 1:02}T00:00:00Z"
        w.systems["crm"].put("people", "crm", mail=f"y{number % 2}@x.example", changed=when)
        w.sync()
    assert mails(w) == {"main": "y1@x.example"}
