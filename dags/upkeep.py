"""What has to happen between the syncs: close abandoned runs, let go on what can, forget old details, verify.

Full compares are made by the syncs themselves.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from crossroads.airflow import Answers, perform


@dag(
    schedule=CronTriggerTimetable("30 3 * * *", timezone="UTC"),
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
def upkeep() -> None:
    """Once a night, beside the syncs."""

    @task
    def tidy() -> None:
        from crossroads.engine import upkeep

        for work in (upkeep.close, upkeep.release, upkeep.retry, upkeep.forget, upkeep.retention):
            perform(work)

    @task
    def journal() -> None:
        from crossroads.engine import upkeep

        perform(upkeep.verify)

    tidy()
    journal()


upkeep()
