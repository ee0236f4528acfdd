"""Compares what the systems show with the truth, over plain HTTP; knows neither mappings nor store."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.readings import READERS, Reading, meaning, odata, plain_key

Truth: TypeAlias = Mapping[str, Any]
Systems: TypeAlias = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the systems agree with the truth.

    `planted` counts all planted cells, `to_settle` those a run must settle, `consistent` how many of them are
    right; `wrong` names the others by person, field and kind. `disturbed` are cells without a planted
    difference that show something else than they should. `doubles` are records that should not be there.
    """

    planted: int
    to_settle: int
    consistent: int
    wrong: tuple[tuple[str, str, str], ...]
    disturbed: tuple[tuple[str, str], ...]
    doubles: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of cells to be settled that are right."""
        return self.consistent / self.to_settle if self.to_settle else 1.0


def check(systems: Systems, truth: Truth) -> Verdict:
    """Read every system and judge every cell."""
    seen = {name: reader(systems[name]) for name, reader in READERS.items()}
    cells = [cell for cell in truth["cells"] if cell["outcome"] == "settle"]
    wrong = [cell for cell in cells if not consistent(cell, seen)]
    return Verdict(
        planted=len(truth["cells"]),
        to_settle=len(cells),
        consistent=len(cells) - len(wrong),
        wrong=tuple((cell["person"], cell["field"], cell["kind"]) for cell in wrong),
        disturbed=tuple((c["person"], c["field"]) for c in truth["steady"] if not consistent(c, seen)),
        doubles=(*doubles(seen, truth), *double_orders(systems, truth)),
    )


def consistent(cell: Mapping[str, Any], seen: Mapping[str, Reading]) -> bool:
    """Tell whether every record that holds the person and has the field shows the expected value."""
    expected = meaning(cell["field"], cell["expected"])
    for holder in cell["holders"]:
        connection, _, key = holder.partition(":")
        if seen[connection].get(key, {}).get(cell["field"]) != expected:
            return False
    return True


def doubles(seen: Mapping[str, Reading], truth: Truth) -> list[str]:
    """Return the records that came to be for persons who had one, or for nobody the truth knows."""
    persons = {(each["connection"], each["key"]): each["person"] for each in truth["records"]}
    late = set(truth["late"])
    held = {(name, person) for (name, key), person in persons.items() if f"{name}:{key}" not in late}
    identified = _identified(truth)
    found = []
    for name, records in seen.items():
        for key, said in sorted(records.items()):
            if (name, key) in persons and f"{name}:{key}" not in late:
                continue
            person = persons.get((name, key)) or _person(said, identified, truth)
            if person is None or (name, person) in held:
                found.append(f"{name}:{key}")
            else:
                held.add((name, person))
    return found


def double_orders(systems: Systems, truth: Truth) -> list[str]:
    """Return the references that more than one sales order in the ERP carries."""
    rows = odata(
        systems["erp"], "API_SALES_ORDER_SRV/A_SalesOrder?$select=SalesOrder,PurchaseOrderByCustomer"
    )
    placed = {order["number"] for order in truth["orders"]}
    count = Counter(row["PurchaseOrderByCustomer"] for row in rows)
    return [f"order {number}" for number in sorted(placed) for _ in range(count[number] - 1)]


def _identified(truth: Truth) -> dict[tuple[str, str], set[str]]:
    """Return which persons a value stands for: an e-mail, a mobile phone, a handle, a partner's number."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for person in truth["persons"].values():
        for field in ("email", "mobile", "handle"):
            found[field, meaning(field, person[field])].add(person["id"])
    for each in truth["records"]:
        if each["connection"] == "erp":
            found["erp_number", each["key"]].add(each["person"])
    return found


def _person(
    said: Mapping[str, str], identified: Mapping[tuple[str, str], set[str]], truth: Truth
) -> str | None:
    for field in ("erp_number", "handle", "mobile", "email"):
        candidates = identified.get((field, said.get(field, "")), set())
        named = [
            person
            for person in sorted(candidates)
            if said.get("given_name") in (None, truth["persons"][person]["given_name"])
        ]
        if len(candidates) == 1 or named:
            return (named or sorted(candidates))[0]
    return None


def merges(profiles: Iterable[Iterable[tuple[str, str]]], truth: Truth) -> tuple[int, int]:
    """Return how many persons were merged wrongly, and how many splits of one person are left.

    `profiles` are the records, as (connection, key), of each profile. Persons about whom somebody has to be
    asked count for no missed merge.
    """
    handles = {account: handle for handle, account in truth.get("accounts", {}).items()}
    persons = {(each["connection"], each["key"]): each["person"] for each in truth["records"]}
    open_to_doubt = {cell["person"] for cell in truth["cells"] if cell["outcome"] != "settle"}
    places: Counter[str] = Counter()
    wrong = 0
    for records in profiles:
        here = {persons.get((name, handles.get(key, plain_key(key)))) for name, key in records} - {None}
        wrong += max(0, len(here) - 1)
        places.update(person for person in here if person is not None)
    return wrong, sum(count - 1 for person, count in places.items() if person not in open_to_doubt)
