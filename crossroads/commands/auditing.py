"""`crossroads identity audit`: does who is who in the store come out of one comparison of everybody at once?"""

from typing import TYPE_CHECKING

import typer
from rich.table import Table

from crossroads.calm import calm
from crossroads.commands.models import Limit, need_extra
from crossroads.commands.terminal import console, told, workspace

if TYPE_CHECKING:
    from crossroads.engine.auditing import Audit


def audit(limit: Limit = 20) -> None:
    """Compare all customers at once, by Splink, and show where the store has somebody or a pair otherwise; nothing is changed."""
    with told(), calm(), workspace() as ws:
        need_extra()
        from crossroads.engine.auditing import audit as audited

        with console.status("Comparing everybody at once, on a copy of the store ..."):
            result = audited(ws)
    _show(result, limit)
    if not result.agrees:
        raise typer.Exit(1)


def _show(result: "Audit", limit: int) -> None:
    found = result.found
    shown = Table("", "records", "in the store", "by the batch", box=None)
    for what, people in (
        ("one person by the batch", found.joined),
        ("several by the batch", found.parted),
    ):
        for parts in people[:limit]:
            shown.add_row(what, "  |  ".join(", ".join(names) for names in parts), "", "")
    for pair in found.pairs[:limit]:
        shown.add_row("a pair", f"{pair.a}, {pair.b}", _bits(pair.stored), _bits(pair.found))
    if shown.row_count:
        console.print(shown, highlight=False)
    if result.waiting:
        console.print(
            f"{result.waiting:,} records changed and wait for the next run: they count as they were."
        )
    counted = (
        f"{found.records:,} records, {found.by_splink:,} pairs weighed by Splink and {found.by_scorer:,} by rules that it "
        f"does not have (organisations, several addresses, declared keys), model {result.model}: "
    )
    verdict = "the store has everybody as one comparison of all at once has them."
    if not result.agrees:
        verdict = (
            f"{len(found.joined):,} people are several in the store, {len(found.parted):,} of the store's are several, "
            f"{len(found.pairs):,} pairs have other bits, {result.torn:,} profiles have records of several. `crossroads identity "
            f"adopt {result.model} --by NAME --why REASON` shows what comparing everybody anew would change."
        )
    console.print(counted + verdict, highlight=False)


def _bits(bits: float | None) -> str:
    return "none" if bits is None else f"{bits:+.1f} bits"
