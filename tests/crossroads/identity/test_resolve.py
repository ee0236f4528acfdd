"""Who is who, from end to end: what a model learns by itself, what it refuses, and that order plays no part."""

import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from crossroads.errors import ConfigError
from crossroads.identity.batch import Comparer
from crossroads.identity.clusters import clusters
from crossroads.identity.evaluation import evaluated
from crossroads.identity.model import Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.person import Person
from crossroads.identity.population import Population
from crossroads.identity.resolve import resolved, weighed
from crossroads.identity.score import Scorer
from crossroads.identity.table import Fields
from crossroads.identity.train import train
from crossroads.testkit.killer import KILLED, Attempt
from sandbox.identity.customers import customers
from sandbox.identity.people import people

FEW = 50_000


@pytest.fixture(scope="module")
def made() -> tuple[list[Person], list[int]]:
    return people(2_000, seed=11)


@pytest.fixture(scope="module")
def population(made: tuple[list[Person], list[int]]) -> Iterator[Population]:
    with Population((), nicknames()) as population:
        population.add(named(made[0]))
        population.close()
        yield population


@pytest.fixture(scope="module")
def model(population: Population) -> Model:
    return train(population, sample=FEW)


def named(records: Sequence[Person]) -> Iterator[tuple[str, Person]]:
    return ((f"{place:05}", one) for place, one in enumerate(records))


def test_people_are_found_without_help(
    made: tuple[list[Person], list[int]], population: Population, model: Model
) -> None:
    found = resolved(population, model)
    quality = evaluated(dict(enumerate(found.clusters)), dict(enumerate(made[1])))
    assert quality.precision > 0.97
    assert quality.recall > 0.9
    assert quality.largest <= 2 * quality.largest_true


@pytest.mark.parametrize(
    ("kept", "recall"),
    [(("email", "phone"), 0.5), (("family", "email"), 0.3)],
)
def test_people_are_found_by_little_too(
    made: tuple[list[Person], list[int]], kept: Sequence[str], recall: float
) -> None:
    little = [Person(**{field: getattr(one, field) for field in kept}) for one in made[0]]
    with Population((), nicknames()) as population:
        population.add(named(little))
        population.close()
        found = resolved(population, train(population, sample=FEW))
    quality = evaluated(dict(enumerate(found.clusters)), dict(enumerate(made[1])))
    assert quality.precision > 0.95
    assert quality.recall > recall


def test_what_people_said_of_doubtful_pairs_tells_from_where_on_to_merge(
    population: Population, model: Model
) -> None:
    ids, blind = list(population.ids()), resolved(population, model)
    doubtful = [pair for pair, bits in blind.likely.items() if bits < blind.threshold]
    merged = [pair for pair, bits in blind.likely.items() if bits >= blind.threshold]
    assert len(doubtful) >= 5

    def by(pairs: Sequence[tuple[int, int]], one: bool) -> float:
        said = [(ids[b], ids[a], one) for a, b in pairs]  # in either order
        found = resolved(population, model, [*said, ("nobody", ids[0], one)])
        assert found.answers == len(pairs)
        return found.threshold

    assert by(doubtful, True) < blind.threshold < by(doubtful, False)
    assert by(merged, False) == blind.threshold, "a wrong merge taken apart says nothing of the right ones"


def test_households_are_known_apart_from_persons(model: Model) -> None:
    assert 0 < model.shares["household"] < model.shares["person"]
    assert model.chances["given"].person[0] > 0.8 > 0.2 > model.chances["given"].household[0]


def test_two_of_one_household_are_two(model: Model) -> None:
    home = {"family": "berski", "street": "mill st", "house": "7", "city": "bath"}
    ana, ben = Person(given="ana", **home), Person(given="ben", **home)
    weight = Scorer(model).weight
    assert weight(ana, ben) < 0 < weight(ana, ana)


def test_splink_and_the_store_weigh_alike(
    made: tuple[list[Person], list[int]], population: Population, model: Model
) -> None:
    records, scorer = made[0], Scorer(model)
    comparer = Comparer(population, model.frequencies, {}, compared=list(model.chances))
    linker = comparer.linker(model)
    population.db.execute(
        "CREATE TABLE sampled AS SELECT '0' AS match_key, a AS join_key_l, b AS join_key_r FROM blocked"
    )
    linker.table_management.register_blocked_pairs_for_predict(comparer.api.register("sampled"))
    predicted = linker.inference.predict().as_record_list()
    assert len(predicted) > 1_000
    for pair in predicted:
        one, other = records[pair["place_l"]], records[pair["place_r"]]
        assert scorer.rivals(one, other)[0] == pytest.approx(pair["match_weight"], abs=1e-6)


def test_the_rows_of_the_evidence_sum_to_the_weight_of_the_batch(
    made: tuple[list[Person], list[int]], population: Population, model: Model
) -> None:
    scorer, records = Scorer(model), made[0]
    count = 0
    for some in weighed(population, model, "SELECT a, b FROM blocked"):
        for a, b, bits in zip(some.a, some.b, some.bits, strict=True):
            rows = scorer.explain(records[a], records[b])
            assert sum(row.bits for row in rows) == pytest.approx(bits, abs=1e-6)
            assert scorer.weight(records[a], records[b]) == scorer.weight(records[b], records[a])
            count += 1
    assert count > 1_000


def test_in_a_larger_population_the_same_pair_weighs_less(model: Model) -> None:
    ana = Person(given="ana", family="berski", birth_date="1980-02-03")
    here, there = Scorer(model), Scorer(model.of_size(20_000))
    assert there.weight(ana, ana) < here.weight(ana, ana) - 1


def test_the_same_records_in_another_order_teach_the_same_and_are_the_same_people(
    made: tuple[list[Person], list[int]], population: Population, model: Model
) -> None:
    shuffled = list(named(made[0]))
    Random(5).shuffle(shuffled)
    with Population((), nicknames()) as again:
        again.add(shuffled)
        again.close()
        relearnt = train(again, sample=FEW)
        assert relearnt == model
        assert resolved(again, relearnt).clusters == resolved(population, model).clusters


def test_what_hundreds_share_is_nobodys_own() -> None:
    crowd = [
        Person(given=f"name{n}", family=f"sur{n}", email="info@x.example", phone="600000000")
        for n in range(40)
    ]
    pair = [Person(given="ana", family="lee", email="ana@x.example")] * 2
    with Population((), nicknames()) as population:
        population.add(named([*crowd, *pair]))
        population.close()
        assert population.junk == ("00000000", "info@x.example")
        assert population.db.execute("SELECT a, b FROM blocked").fetchall() == [(40, 41)]
        assert population.persons([0])[0] == crowd[0].apart_from(frozenset(["00000000", "info@x.example"]))


@pytest.mark.parametrize(
    "usual",
    [
        {"birth_date": "1980-01-01"},
        {"given": "guest", "family": "customer", "family2": None},
        {"street": "market sq", "house": "1", "postcode": "10115", "city": "ulm"},
        {"birth_date": "2000-01-01", "given": "walkin", "family": "client", "family2": None},
    ],
    ids=["a birthday", "a name", "an address", "both"],
)
def test_what_is_written_where_nothing_is_known_is_as_good_as_nothing(
    made: tuple[list[Person], list[int]], usual: dict[str, str | None]
) -> None:
    """Neither are strangers alike by it, nor is somebody apart from himself."""

    def found(said: dict[str, str | None]) -> tuple[Sequence[int], tuple[str, ...], Model]:
        some = [one._replace(**said) if place % 5 == 0 else one for place, one in enumerate(made[0])]  # type: ignore[arg-type]
        with Population((), nicknames()) as population:
            population.add(named(some))
            population.close()
            model = train(population, sample=FEW)
            return resolved(population, model).clusters, population.junk, model

    clusters, junk, model = found(usual)
    silent, none, _ = found(dict.fromkeys(usual))
    assert clusters == silent
    assert none == ()
    assert len(junk) == len({"birth_date", "given", "street"} & usual.keys())
    assert model.junk == junk


def test_what_all_say_alike_tells_nobody_apart() -> None:
    same = [Person(f"name{n}", f"sur{n}", birth_date="1980-02-03") for n in range(100)]
    with Population((), nicknames()) as population:
        population.add(named(same))
        population.close()
        assert population.junk == ("1980-02-03",)


def test_what_a_killed_process_was_comparing_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def work() -> int:
        population = Population((), nicknames())
        population.add([("1", Person("ana"))])
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    assert Attempt(work).wait() == KILLED
    (left,) = tmp_path.iterdir()
    with Population((), nicknames()), Population((), nicknames()):
        assert not left.exists()
        assert len([*tmp_path.iterdir()]) == 2, "what is in use stays"
    assert [*tmp_path.iterdir()] == []


def test_one_person_of_many_records_is_somebody(made: tuple[list[Person], list[int]]) -> None:
    one = Person("zoe", "quist", birth_date="1977-07-07", street="elm st", house="7", postcode="10117")
    many = [one._replace(email=f"zoe@x{n % 3}.example") for n in range(60)]
    with Population((), nicknames()) as population:
        population.add(named([*many, *made[0]]))
        population.close()
        assert population.junk == ()


def test_an_id_names_one_record() -> None:
    with Population((), nicknames()) as population:
        population.add([("1", Person(given="ana")), ("1", Person(given="ben"))])
        with pytest.raises(ConfigError, match="1 of 2 records have an id that another one has"):
            population.close()


def test_a_model_with_another_value_has_another_version(model: Model) -> None:
    assert model.version == model.model_copy().version
    assert model.version != model.model_copy(update={"threshold": model.threshold + 1}).version


def test_a_model_is_one_file_and_comes_back_as_it_was(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model.json")
    assert Model.load(tmp_path / "model.json") == model
    assert Model.load(tmp_path / "model.json").version == model.version


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("untrained", "untrained level"),
        ("collapsed", "collapsed"),
        ("everybody", "every record for the same person"),
        ("a level short", "email has 4 levels for a person, not 5"),
        ("a kind short", "no share to a namesake"),
        ("a kind too many", "a share to twin, which is no kind of pairs"),
        ("no strangers", "no share to strangers"),
        ("no rarest", "given has no share of a value"),
        ("nothing compared", "compares nothing"),
        ("unknown", "nothing is compared as shoe_size"),
    ],
)
def test_a_model_that_cannot_be_trusted_is_refused(model: Model, tmp_path: Path, how: str, told: str) -> None:
    chances, shares = dict(model.chances), dict(model.shares)
    email, frequencies = chances["email"], dict(model.frequencies)
    if how == "untrained":
        chances["email"] = email.model_copy(update={"person": (1.0, *[0.0] * (len(email.person) - 1))})
    elif how == "collapsed":
        chances["email"] = email.model_copy(update={"person": email.stranger})
    elif how == "everybody":
        shares["person"] = 0.9
    elif how == "a level short":
        chances["email"] = email.model_copy(update={"person": (0.25,) * 4})
    elif how == "a kind short":
        del shares["namesake"]
    elif how == "a kind too many":
        shares["twin"] = 1e-6
    elif how == "no strangers":
        shares["namesake"] = 1.0
    elif how == "no rarest":
        frequencies["given"] = frequencies["given"].model_copy(update={"rarest": 0.0})
    elif how == "nothing compared":
        chances = {}
    else:
        chances["shoe_size"] = email
    changed = {"chances": chances, "shares": shares, "frequencies": frequencies}
    model.model_copy(update=changed).save(tmp_path / "model.json")
    with pytest.raises(ConfigError, match=told):
        Model.load(tmp_path / "model.json")


def never(a: int, b: int) -> bool:
    return False


def test_what_must_not_be_one_person_is_two() -> None:
    weighed = {(0, 1): 9.0, (1, 2): 8.0, (0, 2): 7.0}
    assert clusters(3, weighed, lambda a, b: 0.0, never, never, 2.0) == [0, 0, 0]
    assert clusters(3, weighed, lambda a, b: 0.0, never, never, 2.0, cannot=[(2, 0)]) == [0, 0, 2]


def test_what_speaks_against_counts_as_much_as_what_speaks_for() -> None:
    chain = {(0, 1): 9.0, (1, 2): 3.0}
    assert clusters(3, chain, lambda a, b: -1.0, never, never, 2.0) == [0, 0, 0]
    assert clusters(3, chain, lambda a, b: -19.0, never, never, 2.0) == [0, 0, 2]
    assert clusters(3, chain, lambda a, b: -1.0, never, lambda a, b: {a, b} == {0, 2}, 2.0) == [0, 0, 2]
    assert clusters(3, chain, lambda a, b: 2.5, never, lambda a, b: {a, b} == {0, 2}, 2.0) == [0, 0, 0]


def test_two_of_a_dozen_are_believed_to_be_one_no_sooner_than_two_of_a_hundred() -> None:
    ana = Person(given="ana", family="berski", phone="+4915112345678", city="bath")
    other = ana._replace(phone="+4917298765432", city="york")
    shipped = Model.shipped()
    few, many = (Scorer(shipped.of_size(count)).weight(ana, other) for count in (6, 100))
    assert few == many < shipped.threshold


def test_a_rare_name_counts_for_more_than_a_frequent_one(model: Model) -> None:
    shares = model.frequencies["family"].shares
    frequent, rare = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
    weight = Scorer(model).weight
    often, seldom = (Person(given="ana", family=name, city="bath") for name in (frequent, rare))
    assert weight(seldom, seldom) > weight(often, often) + 0.5


def test_the_customers_of_five_systems_are_found_though_they_hide() -> None:
    found = customers(4_000, seed=8)
    fields = Fields.model_validate(
        {"id": "id", "given": "first_name", "family": "last_name", "birth_date": "dob"} | SAME
    )
    person = fields.reader()
    rows = [(str(place), one, one.said._asdict()) for place, one in enumerate(found)]
    with Population((), nicknames()) as population:
        population.add(
            (name, person((name, *(said[c] for c in fields.columns()[1:])))) for name, _, said in rows
        )
        population.close()
        resolution = resolved(population, train(population, sample=100_000))
        clusters = dict(zip(population.ids(), resolution.clusters, strict=True))
    quality = evaluated(clusters, {name: one.person for name, one, _ in rows})
    assert quality.precision > 0.97
    assert quality.recall > 0.9


SAME = {"email": "email", "phone": "phone", "country": "country", "street": "street", "house": "house_no",
        "postcode": "postcode", "city": "city"}  # fmt: skip
