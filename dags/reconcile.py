"""Once a week every system is asked for everything, and a sync whose systems do not agree turns red; nothing is written."""

from datetime import timedelta
from pathlib import Path

from airflow.sdk import CronTriggerTimetable, dag, task

from crossroads.airflow import Answers, perform
from crossroads.plan import plans


@dag(
    schedule=CronTriggerTimetable("30 4 * * 0", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "integration",
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "retry_policy": Answers(),
    },
    tags=["upkeep"],
)
def reconcile() -> None:
    """Early on Sundays, beside the syncs."""
    for plan in plans(Path(__file__).parent / "syncs"):

        @task(task_id=plan.sync)
        def compare(sync: str) -> None:
            from crossroads import engine

            perform(engine.reconciled, sync=sync)

        compare(plan.sync)


reconcile()
