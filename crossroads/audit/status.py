"""How each system is, how the last runs ended, and whether all systems agree."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, func, select

from crossroads.audit.runs import RunView, last_of, last_runs
from crossroads.audit.verdict import KINDS, Gap, Verdict, verdict
from crossroads.engine import reviews
from crossroads.engine.reconcile_found import KINDS as DIFFERENCES
from crossroads.engine.reconcile_found import STORE
from crossroads.engine.reconcile_rows import counted
from crossroads.engine.schema_approval import raised
from crossroads.engine.states import OPEN
from crossroads.plan import Member, Plan
from crossroads.store.session import table
from crossroads.store.tables import Contribution, Due, Intent, Parked, Reconciliation, Rejected, Step

Place: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream of one system: what it holds, what waits for it, and how it fared in its sync's last run."""

    connection: str
    stream: str
    entity: str
    sync: str
    held: int
    due: int
    open_writes: int
    parked: int
    rejected_reads: int
    rejected_writes: int
    blocked: int
    read_at: str | None
    error: str | None
    read: Mapping[str, int] = field(default_factory=dict)
    wrote: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return `connection.stream`."""
        return f"{self.connection}.{self.stream}"

    @property
    def outstanding(self) -> int:
        """Return how much is on its way to this stream."""
        return self.due + self.open_writes

    @property
    def rejected(self) -> int:
        """Return how many records were set aside, read or written."""
        return self.rejected_reads + self.rejected_writes

    def gaps(self) -> list[Gap]:
        """Return what keeps this stream from agreeing with the others, parked records apart."""
        counts = {
            "open": self.open_writes,
            "due": self.due,
            "refused": self.rejected_writes,
            "rejected": self.rejected_reads,
        }
        return [Gap(kind, self.name, count) for kind, count in counts.items() if count]


@dataclass(frozen=True, slots=True)
class Compared:
    """When a sync's systems were last asked for everything, and whether they agreed; None if not all of them answered."""

    sync: str
    at: str
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: one verdict, what stands against it, every system, last runs and comparisons, and fields that changed."""

    verdict: Verdict
    gaps: Sequence[Gap]
    streams: Sequence[StreamView]
    syncs: Mapping[str, RunView | None]
    runs: Sequence[RunView]
    compared: Sequence[Compared] = ()
    schema: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def overview(db: Connection, plans: Sequence[Plan], runs: int = 20) -> Overview:
    """Return how everything stands; systems that have not run yet are there too."""
    newest = {plan.sync: last_of(db, plan.sync) for plan in plans}
    views = streams(db, plans, newest)
    found = gaps(views, newest, [*_waiting(db), *_differing(db)])
    compared, schema = _compared(db, newest), raised(db)
    return Overview(verdict(found, newest), found, views, newest, last_runs(db, runs), compared, schema)


def gaps(
    views: Sequence[StreamView], newest: Mapping[str, RunView | None], waiting: Sequence[Gap]
) -> list[Gap]:
    """Return everything that keeps the systems from agreeing, the most urgent first."""
    runs = [
        Gap("run" if run.problems else "abandoned", sync, told=run.problems)
        for sync, run in newest.items()
        if run and run.state != "finished"
    ]
    told = " ".join(problem for gap in runs for problem in gap.told)
    errors = [
        Gap("error", view.name, told=[view.error]) for view in views if view.error and view.error not in told
    ]
    counted = [*(gap for view in views for gap in view.gaps()), *waiting]
    return [*runs, *errors, *sorted(counted, key=lambda gap: KINDS.index(gap.kind))]


def streams(db: Connection, plans: Sequence[Plan], newest: Mapping[str, RunView | None]) -> list[StreamView]:
    """Return every stream that a sync names, in the order of the syncs."""
    rows, due, intent, rejected = table(Contribution), table(Due), table(Intent), table(Rejected)
    held = _counted(db, rows, ~rows.c.gone)
    blocked = _counted(db, rows, ~rows.c.gone, rows.c.blocked.is_not(None))
    waiting = _counted(db, due)
    under_way = _counted(db, intent, intent.c.state.in_(OPEN))
    parked = _counted(db, table(Parked))
    reads = _counted(db, rejected, rejected.c.step == "pull")
    writes = _counted(db, rejected, rejected.c.step == "push")
    read_at, errors = _last_steps(db)

    def view(plan: Plan, member: Member) -> StreamView:
        place = (member.connection, member.stream)
        run = newest[plan.sync]
        counts = run.members.get(member.name, {}) if run else {}
        return StreamView(
            connection=member.connection,
            stream=member.stream,
            entity=plan.entity,
            sync=plan.sync,
            held=held.get(place, 0),
            due=waiting.get(place, 0),
            open_writes=under_way.get(place, 0),
            parked=parked.get(place, 0),
            rejected_reads=reads.get(place, 0),
            rejected_writes=writes.get(place, 0),
            blocked=blocked.get(place, 0),
            read_at=read_at.get(member.name),
            error=errors.get(member.name),
            read=counts.get("pull", {}),
            wrote=counts.get("push", {}),
        )

    return [view(plan, member) for plan in plans for member in plan.between]


def _waiting(db: Connection) -> list[Gap]:
    """Return what waits, by stream, reason and the place where it is awaited."""
    rows = table(Parked)
    found: Counter[tuple[str, str, str]] = Counter()
    for row in db.execute(select(rows.c.connection, rows.c.stream, rows.c.reason, rows.c.waits_for)):
        # A parent is named `connection/stream/key`, or `connection/stream#profile` where it has no key yet.
        parent = "/".join(row.waits_for.partition("#")[0].split("/")[:2])
        awaited = parent if row.reason == "parent" else row.waits_for
        found[f"{row.connection}.{row.stream}", row.reason, awaited] += 1
    asked = Counter(case.entity for case in reviews.cases(db))
    reviewed = [Gap("review", entity, count) for entity, count in sorted(asked.items())]
    return reviewed + [
        Gap(reason, where, count, [told]) for (where, reason, told), count in sorted(found.items())
    ]


def _differing(db: Connection) -> list[Gap]:
    """Return what differed when last compared with the systems and, as far as the store knows, still does."""
    found = sorted(counted(db).items())
    return [
        Gap(
            "differs",
            f"{connection}.{stream}" if connection else STORE,
            sum(counts.values()),
            [", ".join(f"{counts[kind]} {kind}" for kind in DIFFERENCES if kind in counts)],
        )
        for (connection, stream), counts in found
    ]


def _compared(db: Connection, syncs: Iterable[str]) -> list[Compared]:
    rows = table(Reconciliation)
    last = select(rows.c.sync, func.max(rows.c.started_at).label("at")).where(rows.c.ended_at.is_not(None))
    newest = last.group_by(rows.c.sync).subquery()
    here = (rows.c.sync == newest.c.sync) & (rows.c.started_at == newest.c.at) & rows.c.ended_at.is_not(None)
    query = select(rows.c.sync, rows.c.started_at, rows.c.agrees).join(newest, here)
    found = {row.sync: Compared(*row) for row in db.execute(query)}
    return [found[sync] for sync in syncs if sync in found]


def _counted(db: Connection, rows: Table, *where: Any) -> dict[Place, int]:
    found = select(rows.c.connection, rows.c.stream, func.count()).where(*where)
    return {(row[0], row[1]): row[2] for row in db.execute(found.group_by(rows.c.connection, rows.c.stream))}


def _last_steps(db: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """Return when each member was last read, and the error of each member whose newest step failed."""
    steps = table(Step)
    order = func.row_number().over(
        partition_by=(steps.c.step, steps.c.member), order_by=(steps.c.started_at.desc(), steps.c.run.desc())
    )
    ranked = select(steps, order.label("rank")).subquery()
    newest = db.execute(select(ranked).where(ranked.c.rank == 1, ranked.c.state == "failed"))
    errors = {row.member: row.error for row in newest}
    done = (steps.c.step == "pull", steps.c.state == "finished")
    ended = select(steps.c.member, func.max(steps.c.ended_at)).where(*done).group_by(steps.c.member)
    return {row[0]: row[1] for row in db.execute(ended)}, errors
