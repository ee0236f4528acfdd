"""Commands for a person's word on who is one person: what is doubtful, who is the same, who is not."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from crossroads.commands.decide import Yes, show
from crossroads.commands.person import By, Why
from crossroads.commands.terminal import console, told, workspace
from crossroads.launch import home as homes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crossroads.engine.asserting import Word

Record = Annotated[str, typer.Argument(help="A record: connection/stream/key.")]
Withdraw = Annotated[bool, typer.Option("--withdraw", help="Take that back.")]


def doubtful(limit: Annotated[int, typer.Option(help="How many to show at most.")] = 20) -> None:
    """List customers' records that are rather one person's than not and were left apart, the likeliest first."""
    from crossroads.identity.online.doubtful import doubtful as pairs
    from crossroads.identity.threshold import belief
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        found = pairs(db, limit)
    if not found:
        console.print("No two records are doubtful.")
        return
    shown = Table("record", "and", "bits", "sure")
    for one in found:
        shown.add_row(one.a, one.b, f"{one.bits:+.1f}", f"{belief(one.bits):.1%}")
    console.print(shown)
    console.print(
        "`crossroads identity explain A B` shows why, `crossroads explain A` what a record says; `crossroads identity same A B` "
        "or `apart A B` decides.",
        highlight=False,
    )


def crowds() -> None:
    """List people with more records than anybody has, the largest first: a placeholder, or a model that merges too much."""
    from crossroads.identity.online.crowds import CROWD
    from crossroads.identity.online.crowds import crowds as found_in
    from crossroads.launch.reading import reading

    with told(), reading(homes.find()) as (db, _):
        found = found_in(db)
    if not found:
        console.print(f"Nobody has more than {CROWD} records.")
        return
    shown = Table("records", "one of them")
    for one in found:
        shown.add_row(f"{one.records:,}", one.address)
    console.print(shown)
    console.print(
        "`crossroads explain RECORD` shows what they have in common; `crossroads identity apart A B` takes two of them apart.",
        highlight=False,
    )


def alarm(console: Console, db: "Connection") -> None:
    """Say that there are people with more records than anybody has, if there are."""
    from crossroads.identity.online.crowds import CROWD
    from crossroads.identity.online.crowds import crowds as found_in

    if found := found_in(db):
        console.print(
            f"{len(found):,} with more than {CROWD} records each, up to {found[0].records:,}: rather not one person. "
            "`crossroads identity crowds` lists them.",
            highlight=False,
            style="yellow",
        )


def same(a: Record, b: Record, by: By, why: Why, withdraw: Withdraw = False, yes: Yes = False) -> None:
    """Say that two customers' records are one person's, whatever speaks against it. Shows personal values."""
    from crossroads.engine.asserting import SAME, Word

    _say(Word(a, b, SAME, by, why, withdraw), yes=yes)


def apart(a: Record, b: Record, by: By, why: Why, withdraw: Withdraw = False, yes: Yes = False) -> None:
    """Say that two customers' records are two people's, and give each their own back. Shows personal values."""
    from crossroads.engine.asserting import APART, Word

    _say(Word(a, b, APART, by, why, withdraw), yes=yes)


def _say(word: "Word", *, yes: bool) -> None:
    from crossroads.engine import asserting

    with told(), workspace() as ws:
        found = asserting.say(ws, word) if yes else asserting.shown(ws, word)
    for profile, records in found.persons.items():
        console.print(f"Profile {profile}: {', '.join(records)}", highlight=False, markup=False)
    show(console, found.effects)
    for stream, profile in found.made:
        console.print(f"A record of {profile} will be made in {stream}.", highlight=False, markup=False)
    console.print("Done; the next run tells the systems." if yes else "Nothing is changed yet: say --yes.")
