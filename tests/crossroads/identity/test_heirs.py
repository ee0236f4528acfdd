"""Fathers and sons of one name are told apart where there are many; wrong birth dates make nobody a father."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

import pytest

from crossroads.identity.evaluation import evaluated
from crossroads.identity.model import HEIR, Model
from crossroads.identity.nicknames import nicknames
from crossroads.identity.person import Person
from crossroads.identity.population import Population
from crossroads.identity.resolve import Resolved, resolved, weighed
from crossroads.identity.score import Scorer
from crossroads.identity.train import train
from sandbox.identity.people import people

FEW = 50_000
EACH = 25

Entered = tuple[list[Person], list[int]]


def fathers() -> Entered:
    """Return people of whom one in so many has a father of the same name, telephone and door."""
    records, whose = people(2_000, seed=5)
    random, persons = Random(5), len({*whose})
    told = [one for one in records if one.birth_date and one.phone and int(one.birth_date[:4]) > 1960]
    for number, son in enumerate(told[::EACH]):
        assert son.birth_date is not None
        year, day = int(son.birth_date[:4]) - random.randrange(22, 36), random.randrange(1, 29)
        born = f"{year}-{random.randrange(1, 13):02d}-{day:02d}"
        records.append(son._replace(birth_date=born, email=None))
        whose.append(persons + number)
    return records, whose


def wrong() -> Entered:
    """Return people of whom one record in so many says a birth date that is any stranger's."""
    records, whose = people(2_000, seed=5)
    random, dates = Random(5), [one.birth_date for one in records if one.birth_date]
    told = [place for place, one in enumerate(records) if one.birth_date]
    for place in told[::EACH]:
        records[place] = records[place]._replace(birth_date=random.choice(dates))
    return records, whose


class Learnt:
    """A population and what it taught."""

    def __init__(self, made: Entered) -> None:
        self.records, self.whose = made
        self.population = Population((), nicknames())
        self.population.add((f"{place:05}", one) for place, one in enumerate(self.records))
        self.population.close()
        self.model: Model = train(self.population, sample=FEW)
        self.found: Resolved = resolved(self.population, self.model)


@pytest.fixture(scope="module")
def learnt() -> Iterator[Callable[[Callable[[], Entered]], Learnt]]:
    known: dict[str, Learnt] = {}

    def of(made: Callable[[], Entered]) -> Learnt:
        if made.__name__ not in known:
            known[made.__name__] = Learnt(made())
        return known[made.__name__]

    yield of
    for one in known.values():
        one.population.__exit__(None, None, None)


def test_father_and_son_are_two_where_there_are_many(learnt: Callable[..., Learnt]) -> None:
    one = learnt(fathers)
    assert one.model.shares[HEIR] > 0
    quality = evaluated(dict(enumerate(one.found.clusters)), dict(enumerate(one.whose)))
    assert quality.precision > 0.96
    assert quality.recall > 0.9
    clusters, seen = one.found.clusters, 0
    for father, said in enumerate(one.records[2_000:], 2_000):
        for son, other in enumerate(one.records[:2_000]):
            if said.phone == other.phone and said.given == other.given and other.birth_date:
                assert clusters[father] != clusters[son]
                seen += 1
    assert seen > 20


def test_wrong_birth_dates_make_nobody_a_father(learnt: Callable[..., Learnt]) -> None:
    one = learnt(wrong)
    assert HEIR not in one.model.shares
    quality = evaluated(dict(enumerate(one.found.clusters)), dict(enumerate(one.whose)))
    assert quality.recall > 0.9


def test_the_store_and_the_batch_weigh_heirs_alike(learnt: Callable[..., Learnt]) -> None:
    one, apart = learnt(fathers), 0
    scorer = Scorer(one.model)
    for some in weighed(one.population, one.model, "SELECT a, b FROM blocked"):
        for a, b, bits in zip(some.a, some.b, some.bits, strict=True):
            assert scorer.weight(one.records[a], one.records[b]) == pytest.approx(bits, abs=1e-6)
            apart += _a_generation(one.records[a], one.records[b])
    assert apart > 50


def _a_generation(a: Person, b: Person) -> bool:
    years: Sequence[str | None] = (a.birth_date, b.birth_date)
    if not all(years):
        return False
    return 18 <= abs(int(str(years[0])[:4]) - int(str(years[1])[:4])) <= 45
