"""What has to happen between the syncs: close abandoned runs, let go on what can, forget old details, verify.

Full compares are made by the syncs themselves.
"""

from airflow.sdk import dag, task

from crossroads.airflow import beside_the_syncs, perform


@dag(**beside_the_syncs("30 3 * * *"))
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
