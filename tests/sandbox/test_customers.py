"""Made-up customers: the same by the same seed, and as hard as they say."""

from collections import Counter

from sandbox.identity.customers import customers


def test_the_same_seed_makes_the_same_customers() -> None:
    assert customers(500, seed=3) == customers(500, seed=3)
    assert customers(500, seed=3) != customers(500, seed=4)


def test_one_record_in_five_is_somebodys_again() -> None:
    found = customers(5_000, seed=5)
    people = Counter(one.person for one in found)
    assert 0.15 < 1 - len(people) / len(found) < 0.25
    assert max(people.values()) <= 5


def test_two_records_of_one_person_say_different_things() -> None:
    found = customers(5_000, seed=6)
    by_person: dict[int, list[tuple[str | None, ...]]] = {}
    for one in found:
        by_person.setdefault(one.person, []).append(one.said[1:])
    several = [said for said in by_person.values() if len(said) > 1]
    assert sum(len(set(said)) > 1 for said in several) > 0.95 * len(several)


def test_placeholders_are_carried_by_many() -> None:
    mails = Counter(one.said.email for one in customers(20_000, seed=7) if one.said.email)
    assert {mail for mail, count in mails.items() if count > 8} == {
        "noemail@noemail.com",
        "info@example.com",
        "na@na.com",
        "test@test.com",
        "cliente@tienda.es",
    }
