"""Who changed, by which rule, and what version was seen: the whole truth table of two systems that say one field."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from crossroads.engine.survivorship import Policy, Rule, Survivorship
from crossroads.records import Change, Stream, WriteResult
from crossroads.testkit.memory import Memory, MemoryConnector

CITY = "addresses.main.locality"
JAN = "2026-01-01T00:00:00Z"
ANN = {"given": "Ann", "family": "Lee", "mail": "ann@lee.example", "city": "Bonn", "changed": JAN}
RULES: dict[str, dict[str, Any]] = {
    "newest": {},
    "ranked": {"systems": ("erp", "crm")},
    "most_complete": {},
    "longest_standing": {},
    "union": {},
    "ask": {},
}
EDITS = {
    "target": (None, "Essen"),
    "source": ("Ulm", None),
    "same": ("Ulm", "Ulm"),
    "different": ("Ulm", "Essen"),
    "neither": (None, None),
}
VERSIONS = ["current", "stale, the system checks", "stale, we compare", "unknown, the answer was lost"]


class End(NamedTuple):
    """What must be golden, what the two end with, and whether a person is asked."""

    golden: str
    source: str
    target: str
    asked: bool = False


def all_say(value: str) -> End:
    return End(value, value, value)


TABLE: dict[tuple[str, str], End] = {
    ("newest", "target"): all_say("Essen"),
    ("newest", "source"): all_say("Ulm"),
    ("newest", "different"): all_say("Essen"),  # the target's edit is the later one
    ("ranked", "target"): all_say("Bonn"),  # the source outranks it, though it said so earlier
    ("ranked", "source"): all_say("Ulm"),
    ("ranked", "different"): all_say("Ulm"),
    ("most_complete", "target"): all_say("Essen"),
    ("most_complete", "source"): all_say("Bonn"),
    ("most_complete", "different"): all_say("Essen"),
    ("longest_standing", "target"): all_say("Bonn"),
    ("longest_standing", "source"): all_say("Bonn"),
    ("longest_standing", "different"): all_say("Ulm"),  # the source's edit is the earlier one
    ("union", "target"): all_say("Essen"),
    ("union", "source"): all_say("Ulm"),
    ("union", "different"): all_say("Essen"),
    ("ask", "target"): End("Bonn", "Bonn", "Essen", asked=True),
    ("ask", "source"): End("Bonn", "Ulm", "Bonn", asked=True),
    ("ask", "different"): End("Ulm", "Ulm", "Essen", asked=True),
    **{(rule, "same"): all_say("Ulm") for rule in RULES},
    **{(rule, "neither"): all_say("Bonn") for rule in RULES},
}


def policy(rule: str, path: str = CITY, **more: Any) -> Survivorship:
    said = Rule(rule=rule, **(RULES[rule] | more))  # type: ignore[arg-type]
    return Survivorship({"customer": Policy(default=Rule(rule="newest"), fields={path: said})})


def meanwhile(w: Any, name: str, what: Callable[[], None]) -> Callable[[], None]:
    """Let something happen once, right before a system is written to; return what lets it happen now, if it has not."""
    plain, done = w.ws.connect, list[str]()

    def once() -> None:
        if not done:
            done.append("done")
            what()

    class Meanwhile(MemoryConnector):
        def fetch(self, stream: Stream, keys: Sequence[str]) -> Any:
            if self.memory is w.systems[name]:
                once()
            return super().fetch(stream, keys)

        def write(self, stream: Stream, changes: Sequence[Change]) -> Iterator[WriteResult]:
            if self.memory is w.systems[name]:
                once()
            yield from super().write(stream, changes)

    w.ws.connect = lambda asked: Meanwhile(w.systems[asked], list(plain(asked).streams.values()))
    return once


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rule", RULES)
def test_the_truth_table(world: Callable[..., Any], rule: str, version: str) -> None:
    w = world(erp=Memory(), crm=Memory(token=version != "stale, we compare", settle_seconds=0.0))
    w.ws.survivorship = policy(rule)
    for who in EDITS:
        person = {**ANN, "family": who.title(), "mail": f"{who}@lee.example"}
        w.systems["erp"].put("people", who, **person)
        w.systems["crm"].put("people", who, **person)
    w.sync()
    assert w.writes() == 0

    def edit_targets() -> None:
        for who, (_, target) in EDITS.items():
            if target:
                w.systems["crm"].put("people", who, city=target)

    for who, (source, _) in EDITS.items():
        if source:
            w.systems["erp"].put("people", who, city=source)
    if version.startswith("stale"):
        late = meanwhile(w, "crm", edit_targets)
        w.sync()
        late()  # where nothing was to be said to the target, it is edited after the run
    else:
        edit_targets()
    if version.startswith("unknown"):
        w.systems["crm"].lose = len(EDITS)
    for _ in range(3):
        w.sync()
    golden = {json.loads(row["document"])["family_name"].lower(): row for row in w.rows("Profile")}
    asked = {row["profile"]: row["path"] for row in w.rows("Review")}
    sent = Counter(key for _, key, _ in w.systems["crm"].writes)
    for who, (source, target) in EDITS.items():
        expected, document = TABLE[rule, who], json.loads(golden[who]["document"])
        said = (
            document[CITY],
            w.systems["erp"].value("people", who, "city"),
            w.systems["crm"].value("people", who, "city"),
        )
        listed = asked.get(golden[who]["id"]) == CITY
        assert (who, End(*said, listed)) == (who, expected)
        needed = expected.target != (target or "Bonn")
        assert sent[who] == int(needed), f"{who}: one write at most, and none for its own word"
        kept = {value for path, value in document.items() if path.endswith(".locality")}
        # Who edits a field has seen what was in it: of a union, only what two wrote in its place is left.
        united = {word for word in (source, target) if word} or {"Bonn"}
        assert kept == (united if rule == "union" else {expected.golden}), who
    assert w.rows("Parked") == []
    assert {i["state"] for i in w.rows("Intent")} <= {"written", "superseded"}
