"""Who is who in anybody's file: `crossroads identity`."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from crossroads.calm import calm
from crossroads.commands.auditing import audit
from crossroads.commands.models import adopt, learn, models, need_extra
from crossroads.commands.terminal import console, told, workspace
from crossroads.errors import ConfigError, Untrained
from crossroads.identity.evaluation import evaluated
from crossroads.identity.evidence import Row
from crossroads.identity.model import Model
from crossroads.identity.threshold import belief

if TYPE_CHECKING:
    from crossroads.identity.population import Population
    from crossroads.identity.table import Fields

app = typer.Typer(no_args_is_help=True, help="Find out who is the same person, why, and how well.")
for word in (learn, adopt, audit, models):
    app.command()(word)
Input = Annotated[Path, typer.Argument(help="A CSV or Parquet file, one record a row.")]
FieldsFile = Annotated[
    Path, typer.Option("--fields", help="Which column is which: a YAML of id, given, family ...")
]


@app.command()
def resolve(
    table: Input,
    fields: FieldsFile,
    out: Annotated[Path, typer.Option(help="Where to write id,cluster.")],
    model: Annotated[Path | None, typer.Option(help="Use this model instead of learning one.")] = None,
    save_model: Annotated[Path | None, typer.Option(help="Where to keep the model that was learnt.")] = None,
) -> None:
    """Say which records of a file are one person's."""
    with told(), calm(), console.status("Reading ...") as status:
        need_extra()
        from crossroads.identity.nicknames import nicknames
        from crossroads.identity.population import Population
        from crossroads.identity.resolve import resolved
        from crossroads.identity.table import FORMS, Fields, not_understood, read

        known = Fields.load(fields)
        given = Model.load(model) if model else None
        if given:
            _fits(given, known)
        for path in filter(None, (out, save_model)):
            _writable(path)
        for field, share in not_understood(table, known).items():
            console.print(
                f"Of what {getattr(known, field)!r} says, {share:.0%} is not understood and counts as not said: {FORMS[field]}."
            )
        with Population(known.others, given.nicknames if given else nicknames()) as people:
            people.add(read(table, known))
            status.update("Finding who may be one ...")
            people.close(given)
            if given is None:
                status.update(f"Learning from {people.count:,} records ...")
                given = _learnt(people)
            status.update(f"Comparing {people.count:,} records ...")
            found = resolved(people, given)
            _write(out, list(people.ids()), found.clusters)
        if save_model:
            given.save(save_model)
    console.print(
        f"{len(found.clusters):,} records are {len(set(found.clusters)):,} people: {found.compared:,} pairs compared, merged "
        f"from {found.threshold:.1f} bits on, model {given.version}. Written to {out}."
    )


def _fits(model: Model, fields: "Fields") -> None:
    if model.others != fields.others:
        raise ConfigError(
            f"The model was learnt with other={list(model.others)}, the fields say {list(fields.others)}."
        )


def _writable(path: Path) -> None:
    """Fail before the work, not after it, where the result cannot be kept."""
    new = not path.exists()
    try:
        path.open("a").close()
        if new:
            path.unlink()
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None


def _learnt(people: "Population") -> Model:
    """Return the model of a file; where it teaches nothing to rely on, the shipped one, and say so."""
    from crossroads.identity.train import train

    try:
        return train(people)
    except Untrained as why:
        console.print(f"{why} So they are held against what is believed of people elsewhere.")
        lent = {"others": people.others, "junk": people.junk, "loose": people.loose}
        return Model.shipped().model_copy(update=lent)


@app.command()
def explain(
    a: Annotated[str, typer.Argument(help="The id of a record; in the store, connection/stream/key.")],
    b: Annotated[str, typer.Argument(help="The id of another.")],
    table: Annotated[
        Path | None, typer.Option("--in", help="The file they are in; without one, the store.")
    ] = None,
    fields: Annotated[
        Path | None, typer.Option("--fields", help="Which column of the file is which.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="The model that was saved when the file was resolved.")
    ] = None,
) -> None:
    """Show what speaks for and against two records being one person, in bits; no value is shown."""
    with told():
        if table is None:
            with workspace() as ws, ws.store.read() as db:
                register = ws.register(db)
                known, rows = register.model, register.explain(db, a, b)
        elif fields is None or model is None:
            raise ConfigError("Of records in a file, say --fields and --model too.")
        else:
            known = Model.load(model)
            rows = _in_a_file(a, b, table, fields, known)
        shown = Table("", "", "bits", box=None)
        for row in rows:
            shown.add_row(row.field.replace("_", " "), row.level, f"{row.bits:+.1f}")
        total = sum(row.bits for row in rows)
        shown.add_row("together", f"{belief(total):.1%} sure by model {known.version}", f"{total:+.1f}")
        console.print(shown)


def _in_a_file(a: str, b: str, table: Path, fields: Path, model: Model) -> Sequence[Row]:
    need_extra()
    from crossroads.identity.score import Scorer
    from crossroads.identity.table import Fields, read

    known = Fields.load(fields)
    _fits(model, known)
    records = dict(read(table, known))
    if missing := [name for name in (a, b) if name not in records]:
        raise ConfigError(f"{table} has no record {', '.join(missing)}.")
    junk = frozenset(model.junk)
    scorer = Scorer(model.of_size(len(records)))
    return scorer.explain(records[a].apart_from(junk), records[b].apart_from(junk))


@app.command()
def evaluate(
    clusters: Annotated[Path, typer.Argument(help="A CSV of id,cluster.")],
    truth: Annotated[Path, typer.Option(help="A CSV of id,cluster that is known to be right.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hold clusters against the truth: precision, recall and F1 by pairs and by records."""
    with told():
        ours, known = _clusters(clusters), _clusters(truth)
        if ours.keys().isdisjoint(known):
            raise ConfigError(
                f"{clusters} and {truth} have no id in common: there is nothing to hold against each other."
            )
        if missing := known.keys() - ours.keys():
            typer.echo(
                f"{len(missing):,} records of {truth} are not in {clusters}: each counts as alone.", err=True
            )
        if more := ours.keys() - known.keys():
            typer.echo(f"{len(more):,} records of {clusters} are not in {truth}, and are left out.", err=True)
        found = evaluated(ours, known)
    if as_json:
        typer.echo(json.dumps(found._asdict()))
        return
    for name, value in found._asdict().items():
        console.print(f"{name:>13}: {value:.4f}" if isinstance(value, float) else f"{name:>13}: {value}")


def _write(path: Path, ids: Sequence[str], clusters: Sequence[int]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "cluster"))
        writer.writerows((name, ids[first]) for name, first in zip(ids, clusters, strict=True))


def _clusters(path: Path) -> dict[str, str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(row["id"], row["cluster"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error):
        raise ConfigError(
            f"{path} is no CSV in UTF-8 with the columns id,cluster and commas between them."
        ) from None
    found = dict(rows)
    if len(found) < len(rows):
        raise ConfigError(f"{path} has some ids twice; an id names one record.")
    return found
