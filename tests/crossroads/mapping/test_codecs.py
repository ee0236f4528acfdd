"""Each codec, both ways, and what it does with what it cannot say."""

from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from crossroads.canonical import telephone
from crossroads.errors import MappingError, RecordRejected
from crossroads.mapping.catalogue import codec, names
from crossroads.mapping.codecs import Context, SetAside
from crossroads.mapping.codecs_contact import PLAIN, Phone, address

CODES = {"title": {"0001": "ms", "Frau": "ms"}, "unit": {"PC": "C62"}}
CONTEXT = Context("acme", lambda name: CODES[name])
LEAST: dict[str, dict[str, Any]] = {
    "choice": {"of": {"a": "1"}},
    "code": {"list": "title"},
    "digest": {"length": 10},
    "gid": {"type": "Order"},
    "prefix": {"with": "x:"},
    "reference": {"to": "customer", "stream": "s"},
    "split": {"width": 20, "parts": 2},
    "phone": {"region": "DE"},
}

READ = [
    ("text", {}, [" Ann "], "Ann"),
    ("text", {}, [7], "7"),
    ("text", {}, [""], None),
    ("text", {}, [True], SetAside),
    ("text", {}, [{}], SetAside),
    ("lowercase", {}, [" DE "], "de"),
    ("email", {}, ["Ann.Lee@Example.COM "], "ann.lee@example.com"),
    ("email", {}, ["ann@localhost"], SetAside),
    ("email", {}, ["ann@x..example.com"], SetAside),
    ("phone", {}, ["+49 (0)170 / 123 45 67"], "+491701234567"),
    ("phone", {"region": "ES"}, ["600 12 34 56"], "+34600123456"),
    ("phone", {"region": "IT"}, ["06 1234567"], "+39061234567"),
    ("phone", {}, ["0170 1234567", "DE"], "+491701234567"),
    ("phone", {"region": "DE"}, ["0034 600 123 456"], "+34600123456"),
    ("phone", {"style": "digits"}, ["491701234567"], "+491701234567"),
    ("phone", {}, ["0170 1234567"], SetAside),
    ("phone", {"region": "DE"}, ["call me"], SetAside),
    ("phone", {"region": "Germany"}, ["0170 1234567"], SetAside),
    ("country", {}, ["es"], "ES"),
    ("country", {}, ["UK"], "GB"),
    ("country", {"form": "name"}, ["spain"], "ES"),
    ("country", {}, ["QQ"], RecordRejected),
    ("currency", {}, ["eur"], "EUR"),
    ("currency", {}, ["EURO"], RecordRejected),
    ("language", {}, ["pt_br"], "pt-BR"),
    ("language", {"form": "alpha2"}, ["ES-mx"], "es"),
    ("language", {}, ["xx"], SetAside),
    ("choice", {"of": {"active": [False, "no"], "blocked": True}}, [True], "blocked"),
    ("choice", {"of": {"active": [False, "no"], "blocked": True}}, ["no"], "active"),
    ("choice", {"of": {"one": "1"}}, [1], "one"),
    ("choice", {"of": {"one": "1"}}, ["2"], SetAside),
    ("choice", {"of": {"one": "1"}}, [True], SetAside),
    ("code", {"list": "title"}, ["Frau"], "ms"),
    ("code", {"list": "title"}, ["Dr"], SetAside),
    ("unit", {}, ["XX"], RecordRejected),
    ("flag", {}, ["X"], True),
    ("flag", {"yes": "J", "no": "N"}, ["N"], False),
    ("flag", {}, ["maybe"], SetAside),
    ("decimal", {}, ["12.500"], "12.5"),
    ("decimal", {}, [12.5], "12.5"),
    ("decimal", {}, ["1E+3"], "1000"),
    ("decimal", {}, ["-0.00"], "0"),
    ("decimal", {}, ["NaN"], SetAside),
    ("decimal", {}, ["1,5"], SetAside),
    ("integer", {}, ["007"], "7"),
    ("integer", {}, ["7.5"], SetAside),
    ("date", {}, ["2026-11-22T23:30:00+14:00"], "2026-11-22"),
    ("date", {}, ["0000-00-00"], None),
    ("date", {}, ["22.11.2026"], SetAside),
    ("instant", {}, ["2026-11-22T00:30:00.500+01:00"], "2026-11-21T23:30:00Z"),
    ("instant", {}, ["2026-11-22T10:00:00"], "2026-11-22T10:00:00Z"),
    ("instant", {}, ["0001-01-01T00:00:00+14:00"], None),
    ("sap_date", {}, ["/Date(253402214400000)/"], "9999-12-31"),
    ("sap_date", {}, ["/Date(-86400000)/"], "1969-12-31"),
    ("sap_date", {"instant": True}, ["2026-11-22"], "2026-11-22T00:00:00Z"),
    ("sap_date", {}, ["0000-00-00T00:00:00"], None),
    ("sap_date", {}, ["/Date(99999999999999999)/"], SetAside),
    ("sap_instant", {}, ["/Date(1795343400000+0060)/"], "2026-11-22T10:30:00Z"),
    (
        "sap_timestamp",
        {"zone": "Europe/Madrid"},
        ["/Date(1795305600000)/", "PT00H30M"],
        "2026-11-21T23:30:00Z",
    ),
    ("sap_timestamp", {}, ["20261122", "103000"], "2026-11-22T10:30:00Z"),
    ("sap_timestamp", {}, ["/Date(1795305600000)/", None], "2026-11-22T00:00:00Z"),
    ("sap_timestamp", {}, [None, "PT10H"], None),
    ("split", {"width": 4, "parts": 2}, ["Ann ", None], "Ann"),
    ("street", {}, [" Calle  Mayor", 5], "Calle Mayor 5"),
    ("join", {"by": ", "}, ["a", ""], "a"),
    ("html", {}, ["<p>Hola<script>x()</script> &amp; adiós</p>"], "Hola & adiós"),
    ("gid", {"type": "Order"}, ["gid://shopify/Customer/1"], SetAside),
    ("alpha", {}, ["000"], "0"),
    ("prefix", {"with": "x:"}, [7], "x:7"),
    ("handle", {"host": "social.example"}, ["@Ann"], "ann@social.example"),
    ("handle", {}, ["ann lee"], SetAside),
    ("reference", {"to": "customer", "stream": "s", "said": "alpha"}, ["0042"], "42"),
    (
        "reference",
        {"to": "c", "stream": "s", "said": {"as": "gid", "type": "Order"}},
        ["gid://shopify/Order/4"],
        "4",
    ),
]


def made(name: str, parameters: dict[str, Any]) -> Any:
    return codec(name, parameters, CONTEXT, {})


@pytest.mark.parametrize(("name", "parameters", "remote", "said"), READ)
def test_reads(name: str, parameters: dict[str, Any], remote: list[Any], said: Any) -> None:
    reader = made(name, parameters).reader()
    if isinstance(said, type):
        with pytest.raises(said) as refused:
            reader(*remote)
        assert not any(
            isinstance(value, str) and len(value) > 2 and value in str(refused.value) for value in remote
        )
    else:
        assert reader(*remote) == said


WRITTEN = [
    ("text", {"max": 3}, "Anna", RecordRejected),
    ("phone", {"region": "DE", "style": "national"}, "+34600123456", "+34600123456"),
    ("phone", {"region": "DE", "style": "significant"}, "+491701234567", "1701234567"),
    ("phone", {"style": "digits"}, "+491701234567", "491701234567"),
    ("country", {"form": "alpha3"}, "ES", "ESP"),
    ("choice", {"of": {"a": ["1", "2"]}}, "a", "1"),
    ("choice", {"of": {"a": "1"}}, "b", RecordRejected),
    ("code", {"list": "title"}, "ms", "0001"),
    ("decimal", {"places": 2}, "1.5", "1.50"),
    ("decimal", {"places": 2}, "1.555", RecordRejected),
    ("decimal", {"form": "number"}, "12.5", 12.5),
    ("decimal", {"form": "number"}, "12", 12),
    ("flag", {"yes": "X", "no": ""}, True, "X"),
    ("sap_date", {}, "1969-12-31", "/Date(-86400000)/"),
    ("sap_date", {"form": "plain"}, "2026-11-22", "20261122"),
    ("split", {"width": 4, "parts": 1}, "Annabel", RecordRejected),
    ("street", {"max": [8, 4]}, "Am Markt 12 a", "Am Markt"),
    ("prefix", {"with": "x:"}, "y:1", RecordRejected),
    ("alpha", {"pad": 10}, "AB", "AB"),
]


@pytest.mark.parametrize(("name", "parameters", "value", "said"), WRITTEN)
def test_writes(name: str, parameters: dict[str, Any], value: Any, said: Any) -> None:
    if isinstance(said, type):
        with pytest.raises(said):
            made(name, parameters).write(value)
    else:
        assert made(name, parameters).write(value)[0] == said


@pytest.mark.parametrize("name", names())
def test_every_example_survives_being_written_and_read(name: str) -> None:
    codec = made(name, LEAST.get(name, {}))
    for example in codec.examples():
        if codec.writes:
            remote = codec.write(example)
            assert codec.reader()(*remote[: codec.at_most]) == example


@pytest.mark.parametrize("name", names())
def test_every_codec_reads_nothing_as_nothing_and_crashes_on_no_json(name: str) -> None:
    codec = made(name, LEAST.get(name, {}))
    count = max(codec.at_least, LEAST.get(name, {}).get("parts", 1))
    assert codec.reader()(*[None] * count) is None
    for value in ("", " ", 0, -1.5, True, [], {}, ["x"], {"a": 1}, "x" * 5000, "\u0000", "٣٤٥", "🙂"):
        try:
            said = codec.reader()(*[value] * count)
        except (SetAside, RecordRejected):
            continue
        assert said is None or isinstance(said, str | bool)


def long_way(text: str) -> str | None:
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


LOCAL = st.text("abZ09._+-", min_size=1, max_size=10)
DOMAIN = st.lists(st.text("ab0-", min_size=1, max_size=6), min_size=1, max_size=3).map(".".join)


@settings(max_examples=400, deadline=None)
@given(LOCAL, DOMAIN, st.sampled_from(["com", "de", "info", "ab", "test", "local", "x--y"]))
def test_the_short_way_for_addresses_says_what_the_long_way_says(local: str, domain: str, end: str) -> None:
    text = f"{local}@{domain}.{end}"
    assert address(text) == long_way(text)


@pytest.mark.parametrize("text", ["ann@example.com", "a.b+c@sub.shop-1.example.de"])
def test_ordinary_addresses_go_the_short_way(text: str) -> None:
    assert PLAIN.fullmatch(text)


@settings(max_examples=300, deadline=None)
@given(
    st.from_regex(r"(\+|00|0|)[ (/]?[0-9]{1,4}[ )/-]?[0-9]{2,9}", fullmatch=True),
    st.sampled_from([None, "DE", "ES", "FR", "IT", "GB", "US", "AR", "BR", "MX", "CH", "RU", "HU"]),
)
def test_the_short_way_for_telephones_says_what_libphonenumber_says(text: str, region: str | None) -> None:
    assert telephone.e164(text, region) == telephone._asked(text, region)


def test_a_national_style_needs_to_know_the_country() -> None:
    with pytest.raises(MappingError, match="needs `region`"):
        Phone(style="national").check(1)
    Phone(style="national").check(2)
