"""What a demonstration found out: numbers from the store beside those of the checker, and a table."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from rich.table import Table
from sqlalchemy import func, select

from crossroads.engine.outcomes import OUTCOMES
from crossroads.store import Store
from crossroads.store.session import table
from crossroads.store.tables import Contribution, Link, Parked, Profile, Rejected, Run
from sandbox import flows
from sandbox.checker import Truth, Verdict, merges
from sandbox.play import Round


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds when all is done."""

    contributions: int
    profiles: int
    rejected: int
    parked: int
    people: list[set[tuple[str, str]]]
    """The records of each customer profile, as (connection, key)."""


def stored(store: Store) -> Stored:
    """Count what the store holds, and list who is who."""
    says, links, profiles = table(Contribution), table(Link), table(Profile)
    people: dict[str, set[tuple[str, str]]] = defaultdict(set)
    with store.read() as db:
        joined = select(links.c.profile, says.c.connection, says.c.key).join(
            says, says.c.id == links.c.contribution
        )
        for profile, connection, key in db.execute(joined.where(says.c.entity == "customer", ~says.c.gone)):
            people[profile].add((connection, key))

        def count(rows: Any, *where: Any) -> int:
            return int(db.execute(select(func.count()).select_from(rows).where(*where)).scalar() or 0)

        return Stored(
            contributions=count(says, ~says.c.gone),
            profiles=count(profiles, profiles.c.entity == "customer"),
            rejected=count(table(Rejected)),
            parked=count(table(Parked)),
            people=list(people.values()),
        )


def per_system(store: Store, runs: Iterable[str]) -> dict[str, dict[str, int]]:
    """Add up, for each connection, what became of the records that were read and how many were written."""
    rows, found = table(Run), defaultdict[str, Counter[str]](Counter)
    with store.read() as db:
        summaries = db.execute(select(rows.c.summary).where(rows.c.id.in_(list(runs)))).scalars().all()
    for summary in summaries:
        for member, steps in orjson.loads(summary).get("members", {}).items():
            counts = found[member.partition(".")[0]]
            counts.update(steps.get("pull", {}))
            counts["written"] += steps.get("push", {}).get("applied", 0)
    columns = ("read", *OUTCOMES, "written")
    return {connection: {name: counts[name] for name in columns} for connection, counts in found.items()}


def wrong_sums(systems: dict[str, dict[str, int]]) -> list[str]:
    """Return the connections whose row does not add up."""
    return [name for name, row in systems.items() if row["read"] != sum(row[outcome] for outcome in OUTCOMES)]


def shown(systems: dict[str, dict[str, int]], title: str) -> Table:
    """Return the table that ends a demonstration."""
    columns: Sequence[str] = ("read", *OUTCOMES, "written")
    # Without borders the nine columns fit into a terminal of 80 characters.
    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    drawn.add_column("system")
    for name in columns:
        drawn.add_column(name, justify="right")
    for connection, row in systems.items():
        drawn.add_row(connection, *(f"{row[name]:,}" for name in columns))
    return drawn


def report(
    store: Store,
    truth: Truth,
    before: Verdict,
    after: Verdict,
    rounds: Sequence[Round],
    second: Round,
) -> dict[str, Any]:
    """Return what `report.json` says."""
    held = stored(store)
    systems = per_system(store, [name for each in rounds for name in each.runs])
    wrong, missed = merges(held.people, truth)
    return {
        "systems": len(systems),
        "contributions": held.contributions,
        "profiles": held.profiles,
        "planted": after.planted,
        "settled": after.consistent,
        "consistent_before": round(before.share, 4),
        "consistent_after": round(after.share, 4),
        "disturbed": len(after.disturbed),
        "rejected": held.rejected,
        "parked": held.parked,
        "withheld": sum(row["withheld"] for row in systems.values()),
        "rounds": len(rounds),
        "writes_first": sum(each.total for each in rounds),
        "writes_second": second.total,
        "writes_by_round": [each.writes for each in rounds],
        "duplicates_created": len(after.doubles),
        "wrong_merges": wrong,
        "missed_merges": missed,
        "per_system": systems,
        "wrong_sums": wrong_sums(systems) + wrong_sums(per_system(store, second.runs)),
        "red": [name for each in (*rounds, second) for name in each.red],
        "unsettled": [" ".join(cell) for cell in after.wrong[:50]],
    }


def told(report: Mapping[str, Any]) -> str:
    """Return the report in a sentence."""
    return (
        f"After: {report['consistent_after']:.2%} of the planted cells are right and {report['disturbed']} others "
        f"disturbed; {report['duplicates_created']} duplicates, {report['wrong_merges']} wrong merges, "
        f"{report['missed_merges']} missed; {report['writes_second']} writes in the second run."
    )


def broken(report: Mapping[str, Any]) -> list[str]:
    """Return the promises that this demonstration broke."""
    kept = {
        "consistent_after is below 0.99": report["consistent_after"] >= 0.99,
        "the second run wrote": report["writes_second"] == 0,
        "duplicates were created": report["duplicates_created"] == 0,
        "cells nobody planted were disturbed": report["disturbed"] == 0,
        "persons were merged wrongly": report["wrong_merges"] == 0,
        "a row does not add up": not report["wrong_sums"],
        "a run was red": not report["red"],
    }
    return [name for name, good in kept.items() if not good] + flows.amiss(report["flows"])
