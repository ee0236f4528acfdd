import json
from collections import Counter, defaultdict
from datetime import date

import pytest

from sandbox.readings import meaning
from sandbox.world.population import ERP_DAYS, build
from sandbox.world.truth import FIELDS, World, said


@pytest.fixture(scope="module")
def world() -> World:
    return build()


def test_the_same_seed_gives_the_same_world() -> None:
    assert json.dumps(build(60).truth()) == json.dumps(build(60).truth())
    assert json.dumps(build(60).truth()) != json.dumps(build(60, seed=2).truth())


def test_each_system_holds_about_as_many_persons_as_it_should(world: World) -> None:
    held = Counter(record.connection for record in world.records)
    assert len(world.persons) == 2000
    for connection, count in {"erp": 900, "crm": 1000, "shop": 1150, "social": 250, "community": 300}.items():
        assert abs(held[connection] - count) <= 0.2 * count, connection


def test_no_two_records_have_one_address(world: World) -> None:
    assert len({record.name for record in world.records}) == len(world.records)


def test_nearly_all_planted_cells_can_be_settled(world: World) -> None:
    settle = sum(cell.outcome == "settle" for cell in world.cells)
    assert len(world.cells) > 1000
    assert settle / len(world.cells) >= 0.95
    assert len({(cell.person, cell.field) for cell in world.cells}) == len(world.cells)


@pytest.mark.parametrize(
    "kind",
    [
        "email_spelling", "changed_email", "missing_email", "phone_format", "changed_mobile",
        "missing_mobile", "moved_house", "missing_address", "married_name", "name_spelling", "name_slip", "unreachable",
        "missing_number", "changed_language", "twice_in_crm", "late_customer", "unacceptable", "called_otherwise",
    ],
)  # fmt: skip
@pytest.mark.parametrize("count", [60, 2000])
def test_every_kind_of_difference_is_planted(kind: str, count: int) -> None:
    assert kind in {cell.kind for cell in build(count).cells}


def test_the_newest_word_about_a_planted_cell_is_the_expected_one(world: World) -> None:
    records = defaultdict(list)
    for record in sorted(world.records, key=lambda each: each.changed):
        records[record.person].append(record)
    for cell in world.cells:
        if cell.outcome == "settle" and cell.field != "erp_number":
            words = [
                said(record, cell.field)
                for record in records[cell.person]
                if record.connection in FIELDS[cell.field]
            ]
            newest = [word for word in words if word][-1]
            assert meaning(cell.field, newest) == meaning(cell.field, cell.expected or ""), cell.kind


def test_records_of_one_person_that_differ_still_share_a_value_that_identifies(world: World) -> None:
    doubtful = {cell.person for cell in world.cells if cell.outcome != "settle"}
    records = defaultdict(list)
    for record in world.records:
        if record.connection in ("erp", "crm", "shop") and record.person not in doubtful:
            country = world.persons[record.person].country
            values = {("email", meaning("email", record.email))} if record.email else set()
            values |= {("mobile", meaning("mobile", record.mobile, country))} if record.mobile else set()
            door = (record.given_name, record.family_name, record.address)
            values |= {("name and door", door)} if record.address else set()
            values |= {("number", record.key if record.connection == "erp" else record.erp_number)}
            records[record.person].append(values - {("number", None)})
    for person, groups in records.items():
        joined = groups.pop()
        while groups and (near := next((group for group in groups if group & joined), None)):
            groups.remove(near)
            joined |= near
        assert not groups, person


def test_nobody_else_changes_a_record_on_a_day_of_the_erp(world: World) -> None:
    days: dict[bool, set[date]] = {True: set(), False: set()}
    for record in world.records:
        days[record.connection == "erp"].add(record.changed.date())
    assert days[True] <= set(ERP_DAYS)
    assert not days[True] & days[False]


def test_who_is_to_be_kept_apart_has_another_given_name_or_nothing_else_in_common(world: World) -> None:
    shared = Counter[str]()
    for one, other in world.apart:
        first, second = world.persons[one], world.persons[other]
        both = [name for name in ("email", "mobile") if getattr(first, name) == getattr(second, name)]
        shared.update(both or ["name"])
        assert (first.given_name == second.given_name) != bool(both)
        assert not both or (first.family_name, first.address) == (second.family_name, second.address)
    assert min(shared[name] for name in ("email", "mobile", "name")) >= 5


def test_a_planted_difference_is_one_in_meaning_unless_it_is_one_of_spelling(world: World) -> None:
    records = {record.name: record for record in world.records}
    for cell in world.cells:
        country = world.persons[cell.person].country
        words = {said(records[name], cell.field) for name in cell.holders}
        meanings = {word and meaning(cell.field, word, country) for word in words}
        differs = meanings != {meaning(cell.field, cell.expected or "")}
        spelling = cell.kind in ("email_spelling", "phone_format")
        assert differs != spelling or cell.outcome != "settle", cell.kind
        assert len(words) > 1 or cell.field == "erp_number" or cell.outcome == "reject", cell.kind
