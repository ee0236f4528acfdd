"""The judge of the trials: what it says of logs that are right, and of those that are not."""

from typing import Any

from sandbox.crash.judge import Judge

ANN = {"given": "Ann", "family": "Lee", "mail": "ann@x.example"}
BONN, ULM = {"street": "Mill 4", "city": "Bonn"}, {"street": "Oak 7", "city": "Ulm"}


class Log:
    """Acts as the systems note them."""

    def __init__(self) -> None:
        self.judge, self.records, self.acts = (
            Judge(),
            dict[tuple[str, str], dict[str, Any]](),
            list[list[Any]](),
        )

    def __call__(self, by: str, verb: str, system: str, key: str, **told: Any) -> dict[str, list[str]]:
        before = self.records.get((system, key), {})
        after = self.records[system, key] = {**before, **told}
        self.acts.append([system, by, verb, key, before, after, told, False])
        self.judge.hear(self.acts)
        return dict(self.judge.wrong)


def made() -> Log:
    """Return the log of a person of the ERP who was made in the CRM and in the shop."""
    log = Log()
    log("people", "create", "erp", "e", **ANN, **BONN)
    log("one", "create", "crm", "c", **ANN, **BONN)
    log("two", "create", "shop", "s", **ANN, **BONN)
    return log


def test_a_word_that_was_replaced_is_not_written_again() -> None:
    log = made()
    log("people", "update", "erp", "e", **ULM)
    assert log("three", "update", "crm", "c", **ULM) == {}
    wrong = log("four", "update", "crm", "c", **BONN)
    assert [line.partition(": ")[2] for line in wrong["extra_writes"]] == [
        "says street again",
        "says city again",
    ]


def test_a_word_that_people_say_anew_may_be_written_again() -> None:
    log = made()
    log("people", "update", "shop", "s", **ULM)
    log("three", "update", "crm", "c", **ULM)
    log("people", "update", "erp", "e", city="Kiel")  # and the street beside it stands
    assert log("four", "update", "crm", "c", street=BONN["street"], city="Kiel") == {}


def test_a_create_is_carried_out_once_also_if_its_record_was_deleted() -> None:
    log = made()
    log("people", "delete", "shop", "s")
    wrong = log("two", "create", "shop", "s2", **ANN, **BONN)
    assert "carried out twice" in wrong["extra_writes"][0]


def test_but_where_nothing_tells_that_it_was_there() -> None:
    log = made()
    log("people", "delete", "crm", "c")
    assert log("one", "create", "crm", "c2", **ANN, **BONN) == {}
    wrong = log("one", "create", "crm", "c3", **ANN, **BONN)
    assert "carried out twice" in wrong["extra_writes"][0]


def test_a_record_made_by_hand_has_not_seen_what_the_others_agree_on() -> None:
    log = made()
    everywhere = {system: {} for system in ("erp", "crm", "shop")}
    for (system, key), record in log.records.items():
        everywhere[system][key] = record
    log.judge.rest(everywhere)
    log("people", "create", "shop", "t", **ANN, **ULM)
    log.judge.rest(
        {
            "erp": {"e": log.records["erp", "e"]},
            "crm": {"c": log.records["crm", "c"]},
            "shop": {"t": {**ANN, **BONN}},
        }
    )
    assert "lost" not in log.judge.wrong


def test_of_two_who_become_one_the_word_of_either_may_stand_also_that_it_was_emptied() -> None:
    log = Log()
    everywhere: dict[str, dict[str, Any]] = {}
    for who, mobile in (("x", "+491"), ("y", "+492")):
        log("people", "create", "erp", who, city=f"City {who}", mobile=mobile)
        for system in ("crm", "shop"):
            log(f"{who} {system}", "create", system, who, city=f"City {who}", mobile=mobile)
    log("people", "update", "erp", "x", mobile="")
    for system in ("crm", "shop"):
        log(f"x {system} again", "update", system, "x", mobile="")
    for (system, key), record in log.records.items():
        everywhere.setdefault(system, {})[key] = record
    log.judge.rest(everywhere)
    log("people", "update", "shop", "y", mobile="+493")
    log("people", "update", "crm", "x", city="City y")
    as_one = {s: {k: {"city": "City y", "mobile": ""} for k in found} for s, found in everywhere.items()}
    log.judge.rest(as_one)
    assert dict(log.judge.wrong) == {}
    log("people", "update", "erp", "y", mobile="+494")
    log.judge.rest(as_one)
    assert list(log.judge.wrong) == ["lost"], "but not what all saw go"
