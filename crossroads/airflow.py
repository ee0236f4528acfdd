"""The one place of the core that knows Airflow: connections, retries, and runs without a scheduler."""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, CronTriggerTimetable, RetryPolicy
from airflow.sdk.definitions.retry_policy import RetryDecision

from crossroads import form
from crossroads.errors import ConfigError, CrossroadsError, Unavailable
from crossroads.plan import plans

if TYPE_CHECKING:  # DAG files are parsed every half minute: the engine is imported in the tasks only
    from crossroads.engine.workspace import System, Workspace

LONGEST_WAIT = 3600.0
CONSOLE = "/crossroads"
"""Where Airflow mounts the console."""


class SystemHook(BaseHook):
    """The hook behind our connection types: its "Test" button asks the system whether it knows us."""

    conn_name_attr = "connection"
    default_conn_name = "crossroads_default"
    conn_type = "crossroads"
    hook_name = "Crossroads"

    def __init__(self, connection: str = default_conn_name) -> None:
        super().__init__()
        self.connection = connection

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the system answers us, and what it said."""
        from crossroads import registry
        from crossroads.protocols.counters import beside

        found = settings(self.connection)
        try:
            with registry.open(found.system, found.settings, calls=beside(database_url())) as connector:
                connector.check()
        except CrossroadsError as error:
            return False, str(error)
        return True, "The system answers and accepts these credentials."


class Answers(RetryPolicy):
    """Our errors say what happens next: wait as long as the system asks, or leave it to a person."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Decide about one failure of one task."""
        if isinstance(exception, Unavailable) and exception.retry_after is not None:
            return RetryDecision.retry(
                timedelta(seconds=min(exception.retry_after, LONGEST_WAIT)), "the system asked to wait"
            )
        from crossroads.engine import RunFailed

        if isinstance(exception, (ConfigError, RunFailed)):
            return RetryDecision.fail("no retry makes sense: the message says what to do")
        if isinstance(exception, Unexpected):
            return RetryDecision.retry(timedelta(seconds=1), "waiting longer would not mend a mistake")
        return RetryDecision.default()


ATTEMPTS = {"retries": 2, "retry_delay": timedelta(seconds=10), "retry_policy": Answers()}
"""How often a task is tried, as default arguments of a DAG."""


def beside_the_syncs(cron: str) -> dict[str, Any]:
    """Return the settings of a DAG that looks after what the syncs leave, at these times (UTC)."""
    return {
        "schedule": CronTriggerTimetable(cron, timezone="UTC"),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {"owner": "integration", **ATTEMPTS},
        "tags": ["upkeep"],
    }


class Unexpected(CrossroadsError):
    """A mistake in our own code or below it: says where, not what: a message may carry a personal value."""


@contextmanager
def discreet() -> Iterator[None]:
    """Let our own errors pass and replace any other: a database driver's message, for one, quotes the row."""
    try:
        yield
    except CrossroadsError:
        raise
    except Exception as error:
        if os.environ.get("CROSSROADS_DEBUG"):  # for a developer's invented records only
            raise
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        way = " < ".join(
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)
        )
        raise Unexpected(
            f"{type(error).__name__} at {way}. Its message is kept back: it may carry a value."
        ) from None


def settings(connection: str) -> "System":
    """Return the system, settings and overlay that an Airflow connection says."""
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return form.settings(connection, BaseHook.get_connection(connection))
    except AirflowNotFoundException:
        raise form.missing(connection) from None


def workspace(system: Callable[[str], "System"] = settings) -> "Workspace":
    """Return what the engine works with: our store, the plans beside the DAGs, and Airflow's connections."""
    from crossroads.engine.workspace import Workspace
    from crossroads.store import Store

    return Workspace(Store(database_url()), plans(dags_folder() / "syncs"), system)


def database_url() -> str:
    """Return the store's address: our own database, never Airflow's."""
    from airflow.configuration import AIRFLOW_HOME

    return os.environ.get("CROSSROADS_DATABASE_URL") or f"sqlite:///{AIRFLOW_HOME}/var/crossroads.db"


def page(path: str) -> str:
    """Return the address of a page of the console."""
    from airflow.configuration import conf

    return f"{conf.get('api', 'base_url', fallback='').rstrip('/')}{CONSOLE}/{path}"


def dags_folder() -> Path:
    """Return the folder Airflow takes DAGs from; the sync files lie below it."""
    from airflow.configuration import conf

    return Path(conf.get_mandatory_value("core", "dags_folder"))


@contextmanager
def working() -> Iterator["Workspace"]:
    """Yield an open workspace to a task; errors leave it discreetly."""
    with discreet():
        ws = workspace()
        try:
            yield ws
        finally:
            ws.store.close()


def perform(step: Callable[..., Any], *arguments: Any, sync: str | None = None, **options: Any) -> None:
    """Do one step, `step(workspace, [plan,] ...)`. It returns nothing: no record can enter XCom."""
    with working() as ws:
        plan = [ws.plan(sync)] if sync else []
        step(ws, *plan, *arguments, **options)


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run of one DAG ended: the run's name in the store, and whether everything is green."""

    run: str
    green: bool


def run_dag(dag_id: str, *, compare: bool = False) -> Ran:
    """Run one DAG to its end in this process, without a scheduler: the same tasks, retries and listener."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=dags_folder())
    if bag.import_errors:
        raise ConfigError(
            "; ".join(
                f"{Path(path).name}: {told.splitlines()[-1]}" for path, told in bag.import_errors.items()
            )
        )
    if dag_id not in bag.dags:
        raise ConfigError(f"No DAG named {dag_id!r}. There are: {', '.join(sorted(bag.dags))}.")
    ended = bag.dags[dag_id].test(run_conf={"compare": compare} if compare else None)
    return Ran(run_name(dag_id, ended.run_id), ended.state == "success")


def run_name(dag_id: str, run_id: str) -> str:
    """Return what the store calls a run of Airflow, whose run ids are unique within one DAG only."""
    return f"{dag_id}/{run_id}"
