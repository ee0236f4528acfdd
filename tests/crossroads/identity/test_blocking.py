"""Keys as indexes hold them: the same for the same values, and those of one value near each other."""

from crossroads.identity import blocking
from crossroads.identity.blocking import NEAR, hashed
from crossroads.identity.person import Person
from sandbox.identity.people import people

ANN = Person(
    given="ann",
    family="lee",
    birth_date="1980-02-03",
    email="ann.lee@x.example",
    phone="+4915112345678",
    street="main street",
    house="7",
    postcode="53111",
    city="bonn",
)


def test_keys_of_one_value_stand_near_each_other() -> None:
    assert len(hashed(ANN)) == 16
    assert len({key >> NEAR for key in hashed(ANN)}) == 9


def test_a_key_stands_near_the_same_value_whoever_carries_it() -> None:
    places: dict[str, set[str]] = {}
    for one in people(2000, seed=7)[0]:
        for near, whole in (*blocking._tight(one), *blocking._loose(one)):
            places.setdefault(whole, set()).add(near)
    assert len(places) > 9_000
    assert all(len(found) == 1 for found in places.values())
