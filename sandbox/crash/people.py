"""The people of the three systems: they make, change, clear, merge and delete records, now or in the middle of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests

from sandbox.crash.ring import SYSTEMS, Record

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Office:
    """What people can do in the systems, over a connection of their own."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def do(self, verb: str, **body: Any) -> Any:
        """Let somebody do something at once."""
        answer = self.session.post(f"{self.url}/people/{verb}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def all(self) -> dict[str, Any]:
        """Return every record of every system, and every act so far."""
        answer = self.session.get(f"{self.url}/people/all", timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


class People:
    """Acts at random; every name and value is used once, so that it can be told who said what."""

    def __init__(self, random: Random, office: Office) -> None:
        self.random, self.office, self.number = random, office, 0
        self.may_merge = True  # not again before all know of it: two might name one stranger after two people
        self.merged = ""  # nor is the record deleted that alone knows of it

    def begin(self) -> None:
        """Fill the systems with the first few people."""
        for _ in range(self.random.randint(2, 4)):
            self.make()

    def act(self) -> None:
        """Do one thing or a few."""
        for _ in range(self.random.randint(1, 4)):
            deeds = (
                self.make,
                self.make_again,
                self.edit,
                self.edit,
                self.edit,
                self.clear,
                self.merge,
                self.delete,
            )
            self.random.choice(deeds)()  # fmt: skip

    def act_later(self) -> None:
        """Plan to change a record in the middle of the next run; in the ERP, which can refuse what crosses it."""
        if found := self._anybody("erp"):
            self.office.do(
                "later", system="erp", key=found["key"], record=self._news(), after=self.random.randint(1, 25)
            )

    def make(self) -> None:
        """Make somebody new: with a name, or nothing but a telephone."""
        n = self._next()
        if self.random.random() < 0.25:
            record = {"mobile": f"+49151{n:08}", "city": f"City {n}"}
        else:
            given = "".join(self.random.choices(ALPHABET, k=9)).title()
            record = {"given": given, "family": f"Fam{n:04}", "mail": f"m{n}@x.example", **self._maybe()}
        self.office.do("create", system=self.random.choice(SYSTEMS), record=record)

    def make_again(self) -> None:
        """Make somebody in a second system who is known in a first one only."""
        found = self._anybody()
        if found and found.get("mail") and found.get("family"):
            records = self.office.all()["records"]
            there = {s for s in SYSTEMS for r in records[s].values() if r.get("family") == found["family"]}
            if missing := sorted(set(SYSTEMS) - there):
                known = {name: found[name] for name in ("given", "family", "mail")}
                self.office.do(
                    "create", system=self.random.choice(missing), record={**known, **self._maybe()}
                )

    def edit(self) -> None:
        """Change something."""
        self._change(self._news())

    def clear(self) -> None:
        """Empty something."""
        self._change(self.random.choice(({"mobile": ""}, {"street": "", "city": ""})))

    def merge(self) -> None:
        """Find out that a telephone without a name is somebody we know, and say so in one system."""
        records = self.office.all()["records"]
        system = self.random.choice(SYSTEMS)
        nameless = [r for r in _sorted(records[system]) if not r.get("family") and not r.get("mail")]
        known = [r for s in SYSTEMS for r in _sorted(records[s]) if r.get("family") and r.get("mail")]
        if nameless and known and self.may_merge:
            mail = self.random.choice(known)["mail"]
            key = self.random.choice(nameless)["key"]
            self.may_merge, self.merged = False, key
            self.office.do("update", system=system, key=key, record={"mail": mail})

    def delete(self) -> None:
        """Delete a record in one system."""
        system = self.random.choice(SYSTEMS)
        if self.random.random() < 0.5 and (found := self._anybody(system)):
            if found["key"] == self.merged and not self.may_merge:
                return
            self.office.do("delete", system=system, key=found["key"])

    def _change(self, news: Record) -> None:
        system = self.random.choice(SYSTEMS)
        if found := self._anybody(system):
            self.office.do("update", system=system, key=found["key"], record=news)

    def _anybody(self, system: str | None = None) -> Any:
        records = self.office.all()["records"]
        found = [r for s in ([system] if system else SYSTEMS) for r in _sorted(records[s])]
        return self.random.choice(found) if found else None

    def _news(self) -> Record:
        n = self._next()
        choices: Sequence[Record] = (
            {"mobile": f"+49160{n:08}"},
            {"street": f"Street {n}", "city": f"City {n}"},
            {"city": f"City {n}"},
        )
        return self.random.choice(choices)

    def _maybe(self) -> Record:
        return self._news() if self.random.random() < 0.7 else {}

    def _next(self) -> int:
        self.number += 1
        return self.number


def _sorted(records: dict[str, Record]) -> list[Record]:
    return [records[key] for key in sorted(records)]
