"""Once a week every system is asked for everything, and a sync whose systems do not agree turns red; nothing is written."""

from pathlib import Path

from airflow.sdk import dag, task

from crossroads.airflow import beside_the_syncs, perform
from crossroads.plan import plans


@dag(**beside_the_syncs("30 4 * * 0"))
def reconcile() -> None:
    """Early on Sundays, beside the syncs."""
    for plan in plans(Path(__file__).parent / "syncs"):

        @task(task_id=plan.sync)
        def compare(sync: str) -> None:
            from crossroads import engine

            perform(engine.reconciled, sync=sync)

        compare(plan.sync)


reconcile()
