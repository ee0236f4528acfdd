"""What a record says of who it is: made anew when its words change, and as it was when other fields do."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossroads.canonical import Document
from crossroads.engine.dirty import Dirty
from crossroads.engine.echo import Held
from crossroads.engine.signature import Signature, signature
from crossroads.testkit.memory import Memory

ANN = {
    "given_name": "Ann",
    "family_name": "Lee",
    "emails.main.address": "ann@lee.example",
    "addresses.main.street": "Hauptstraße 7",
    "addresses.main.locality": "Berlin",
}
NONE = Signature("", "")

documents = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["person", "organization"]),
        "given_name": st.sampled_from(["Ann", "Anne", "Eva", ""]),
        "family_name": st.sampled_from(["Lee", "Berg", None]),
        "legal_name": st.sampled_from(["Lee Tools GmbH", None]),
        "display_name": st.sampled_from(["Annie", "ann lee"]),
        "birth_date": st.sampled_from(["1950-03-04", "1981-07-21"]),
        "tax_id": st.sampled_from(["B-12.345.678", "B12345678"]),
        "title": st.sampled_from(["Dr.", "Mrs."]),
        "emails.main.address": st.sampled_from(["ann@lee.example", "eva@berg.example"]),
        "phones.mobile.number": st.sampled_from(["+4915112345678", "+4915187654321"]),
        "addresses.main.street": st.sampled_from(["Hauptstraße 7", "Am Markt 1"]),
        "addresses.main.extra": st.sampled_from(["3rd floor", "Haus 2"]),
        "addresses.work.extra": st.sampled_from(["Gate 4"]),
        "addresses.work.postal_code": st.sampled_from(["10115"]),
        "identifiers.erp": st.sampled_from(["1", "2"]),
    },
)


def signed(w: Any, document: Document, former: Signature = NONE) -> Signature:
    held = Held("c", document, {}, {}, {}, "", None)
    return signature(
        w.ws, Dirty("c", "erp", "people", "1", former.text, former.words, None, False, None, held)
    )


@pytest.mark.parametrize(
    ("edit", "anew"),
    [
        ({"title": "Dr."}, False),
        ({"addresses.main.extra": "3rd floor"}, False),
        ({"addresses.work.extra": "Gate 4"}, False),
        ({"addresses.main.country": "DE"}, False),
        ({"birth_date": None}, False),
        ({"given_name": "Anne"}, True),
        ({"family_name2": "Berg"}, True),
        ({"legal_name": "Lee Tools GmbH"}, True),
        ({"display_name": "Annie"}, True),
        ({"kind": "organization"}, True),
        ({"birth_date": "1950-03-04"}, True),
        ({"tax_id": "B12345678"}, True),
        ({"emails.main.address": None}, True),
        ({"emails.work.address": "ann@work.example"}, True),
        ({"phones.home.number": "+49301234567"}, True),
        ({"addresses.main.street": "Am Markt 1"}, True),
        ({"addresses.work.postal_code": "10115"}, True),
        ({"addresses.main.locality": "Ulm"}, True),
    ],
)  # fmt: skip
def test_words_that_say_who_somebody_is_are_read_anew_and_no_others(
    world: Callable[..., Any], edit: Document, anew: bool
) -> None:
    w = world(erp=Memory(), crm=Memory())
    before = signed(w, ANN)
    # A text that no record says: it comes back as it is, unless it is made anew.
    former = Signature(orjson.dumps([["nobody"]]).decode(), before.words)
    after = signed(w, {**ANN, **edit}, former)
    assert (after != former, after.words != before.words) == (anew, anew)


def test_a_record_edited_often_says_the_same_as_if_each_word_was_read_each_time(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory())

    @settings(deadline=None)
    @given(edits=st.lists(documents, min_size=1, max_size=8))
    def same(edits: list[Document]) -> None:
        kept = always = NONE
        for document in edits:
            kept, always = signed(w, document, kept), signed(w, document, always._replace(words=""))
            assert kept == always

    same()


def test_another_mapping_that_names_more_of_what_identifies_reads_every_word_anew(
    world: Callable[..., Any],
) -> None:
    w = world(erp=Memory(), crm=Memory())
    said = {**ANN, "emails.work.address": "ann@work.example"}
    before, lens = signed(w, said), w.ws.lens("erp", "people")
    lens.identity = (*lens.identity, "emails.work.address")
    after = signed(w, said, before)
    assert "email:ann@work.example" not in before.text
    assert "email:ann@work.example" in after.text


def test_the_words_of_a_matched_record_are_known_in_the_next_run(world: Callable[..., Any]) -> None:
    w = world(erp=Memory(), crm=Memory())
    w.systems["erp"].put("people", "1", given="Ann", family="Lee", mail="ann@lee.example")
    w.sync()
    (kept,) = (row for row in w.rows("Contribution") if row["connection"] == "erp")
    assert kept["words"] == signed(w, orjson.loads(kept["holds"])).words
