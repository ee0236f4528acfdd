"""What has to happen between the syncs: forget old details, close abandoned runs, verify the journal.

Parked records are released, refused ones tried again and full compares made by the syncs themselves.
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

        perform(upkeep.close)
        perform(upkeep.forget)

    @task
    def journal() -> None:
        from crossroads.engine import upkeep

        perform(upkeep.verify)

    tidy()
    journal()


upkeep()
