"""One DAG per file in dags/syncs/: begin, pull every source, match, push to every target, report.

No logic here: each task names a step of the engine and hands it names; records never leave the engine.
"""

from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, TriggerRule, dag, setup, task, task_group, teardown

from crossroads.airflow import ATTEMPTS, perform
from crossroads.plan import Member, Plan, plans

RUN = "{{ dag.dag_id }}/{{ run_id }}"


def sync_dag(plan: Plan) -> DAG:
    """Return the DAG of one sync."""

    @dag(
        dag_id=plan.sync,
        # Without a start date and with `run_immediately`, a new sync runs at once and then on schedule.
        schedule=CronTriggerTimetable(plan.schedule, timezone="UTC", run_immediately=True)
        if plan.schedule
        else None,
        catchup=False,
        max_active_runs=1,
        default_args={"owner": plan.owner, **ATTEMPTS},
        params={
            "compare": Param(False, type="boolean", description="Read everything, not only what changed.")
        },
        tags=["sync", plan.entity],
    )
    def sync() -> None:
        @setup
        def begin(run: str, params: dict[str, Any] | None = None) -> None:
            from crossroads import engine

            perform(engine.begin, run, sync=plan.sync, full=bool((params or {}).get("compare")))

        @task
        def match(run: str) -> None:
            from crossroads import engine

            perform(engine.match, run, sync=plan.sync)

        # An ordinary last task would end green beside a failed push, and a teardown alone hides its own
        # failure: so the report looks into the store, raises by itself, and its failure fails the run.
        @teardown(on_failure_fail_dagrun=True)
        def report(run: str) -> None:
            from crossroads import engine

            perform(engine.report, run, sync=plan.sync)

        @task_group(group_id="pull")
        def pulls() -> None:
            for member in plan.between:
                if member.read:
                    _member_task("pull", member)(RUN)

        @task_group(group_id="push")
        def pushes() -> None:
            for member in plan.between:
                if member.write:
                    _member_task("push", member)(RUN)

        def _member_task(step: str, member: Member) -> Any:
            # A task of its own for each system, not a mapped one: a pool cannot differ within a mapped task,
            # and a red square names its system. One dead system stops no other: a push goes ahead anyway.
            @task(
                task_id=member.name,
                pool=member.connection,
                trigger_rule=TriggerRule.ALL_SUCCESS if step == "pull" else TriggerRule.ALL_DONE,
            )
            def one(run: str) -> None:
                from crossroads import engine

                perform(getattr(engine, step), member.name, run, sync=plan.sync)

            return one

        begun = begin(RUN)
        matched = match.override(trigger_rule=TriggerRule.ALL_DONE)(RUN)
        begun >> pulls() >> matched >> pushes() >> report(RUN).as_teardown(setups=begun)

    return sync()


for plan in plans(Path(__file__).parent / "syncs"):
    globals()[plan.sync] = sync_dag(plan)
