"""How alike two records are: each level is reached by what it is named for, whichever record comes first."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.identity.batch import Comparer
from crossroads.identity.comparisons import comparisons
from crossroads.identity.levels import NOTHING
from crossroads.identity.model import Frequencies
from crossroads.identity.nicknames import nicknames
from crossroads.identity.person import Person
from crossroads.identity.population import Population

COMPARISONS = comparisons(nicknames(), ("place",))
FREQUENT = {level.frequency for one in COMPARISONS for level in one.levels if level.frequency}
BY_NAME = {one.name: one for one in COMPARISONS}


@dataclass(frozen=True)
class Pair:
    of: str
    a: Person
    b: Person
    level: str


PAIRS = [
    Pair("given", Person(given="ana"), Person(given="ana"), "equal"),
    Pair("given", Person("ana", "lee"), Person("lee", "ana"), "swapped with the surname"),
    Pair("given", Person("elizabeth", "stephenson"), Person("stephenso", "elizbeth"), "swapped with the surname"),
    Pair("given", Person(given="elizabeth"), Person(given="elizbeth"), "alike"),
    Pair("given", Person(given="josef"), Person(given="jose maria"), "a little alike"),
    Pair("given", Person(given="marta"), Person(given="maria"), "a little alike"),
    Pair("given", Person(given="paco"), Person(given="francisco"), "nickname"),
    Pair("given", Person(given="j"), Person(given="jose"), "initial"),
    Pair("given", Person(given="j"), Person(given="ana"), "other"),
    Pair("given", Person(given="ana"), Person(given="peter"), "other"),
    Pair("family", Person(family="lee"), Person(family="lee"), "equal"),
    Pair("family", Person(family="car", family2="ter"), Person(family="carter"), "alike"),
    Pair("family", Person(family="lee"), Person(family="smith"), "other"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1980-03-02"), "one slip"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1980-02-13"), "one slip"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1980-02-28"), "two of three"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1980-11-28"), "same year"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1989-11-28"), "within ten years"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1949-11-28"), "a generation"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1963-11-28"), "other"),
    Pair("birth_date", Person(birth_date="1980-02-03"), Person(birth_date="1934-11-28"), "other"),
    Pair("email", Person(email="ann@x.example"), Person(email="ann@y.example"), "two slips"),
    Pair("email", Person(email="ann.lee@x.example"), Person(email="ann.lee@post.example"), "same user"),
    Pair("email", Person(email="ann.lee@x.example"), Person(email="ann.lee7@post.example"), "user alike"),
    Pair("phone", Person(phone="+4915112345678"), Person(phone="15112345678"), "equal"),
    Pair("phone", Person(phone="+4915112345678"), Person(phone="+4915112345679"), "one slip"),
    Pair("address", Person(street="high st", house="7", city="bath"), Person(street="hihg st", house="7", city="bath"),
         "same door"),
    Pair("address", Person(street="high st", house="7", city="bath"), Person(street="high st", house="9", city="bath"),
         "same street"),
    Pair("address", Person(postcode="ba11aa"), Person(postcode="ba11aa"), "same postcode"),
    Pair("address", Person(postcode="ba11aa"), Person(postcode="ba11ab"), "postcode with a slip"),
    Pair("address", Person(postcode="ba11aa"), Person(postcode="ba19zz"), "same part of town"),
    Pair("address", Person(city="bath"), Person(city="bath", postcode="ba19zz"), "same city"),
    Pair("address", Person(city="bath"), Person(city="york"), "other"),
    Pair("tax_id", Person(tax_id="b12345678"), Person(tax_id="b12345679"), "one slip"),
]  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.of}: {pair.level}")
def test_each_level_is_reached_by_what_it_is_named_for(pair: Pair) -> None:
    comparison = BY_NAME[pair.of]
    assert comparison.levels[comparison.reaches(pair.a, pair.b)].name == pair.level


WORDS = st.none() | st.text("abc", min_size=1, max_size=4)
NAMES = WORDS | st.sampled_from(["bob", "robert", "paco", "b"])
DATES = st.none() | st.dates().map(lambda day: day.isoformat())
MAILS = st.none() | st.from_regex(r"[ab]{1,4}@[xy]\.example", fullmatch=True)
PEOPLE = st.builds(
    Person, NAMES, WORDS, WORDS, DATES, MAILS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, st.tuples(WORDS)
)


@given(PEOPLE, PEOPLE)
def test_a_level_is_the_same_whichever_record_comes_first(a: Person, b: Person) -> None:
    for one in COMPARISONS:
        assert one.reaches(a, b) == one.reaches(b, a), one.name


@given(PEOPLE)
def test_nothing_is_said_of_what_one_record_does_not_say(a: Person) -> None:
    silent = Person(others=(None,))
    assert {one.reaches(a, silent) for one in COMPARISONS} == {NOTHING}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PEOPLE, min_size=8, max_size=40))
def test_a_batch_finds_the_same_levels_by_sql(people: list[Person]) -> None:
    with Population(("place",), nicknames()) as population:
        population.add((f"{place:03}", one) for place, one in enumerate(people))
        population.close()
        comparer = Comparer(population, {field: Frequencies(shares={}, rarest=1.0) for field in FREQUENT}, {})
        every = "SELECT a.place AS a, b.place AS b FROM people a JOIN people b ON a.place < b.place"
        for some in comparer.pairs(every):
            for a, b, levels in zip(some.a, some.b, some.levels, strict=True):
                one, other = people[a], people[b]
                assert levels.tolist() == [each.reaches(one, other) for each in COMPARISONS], (one, other)
