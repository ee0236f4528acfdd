"""Tie Airflow's run and its tasks' attempts to the run in the store: an auditor finds one from the other.

Airflow calls this in the process of every task of every DAG; a run that is not in the store is not ours.
"""

import json
from typing import Any

from airflow.listeners import hookimpl
from sqlalchemy import select, update

from crossroads.airflow import database_url, run_name
from crossroads.store import Store, table
from crossroads.store.tables import Run


@hookimpl
def on_task_instance_running(previous_state: Any, task_instance: Any) -> None:
    """Note that an attempt began."""
    note(task_instance, "running")


@hookimpl
def on_task_instance_success(previous_state: Any, task_instance: Any) -> None:
    """Note that an attempt succeeded."""
    note(task_instance, "success")


@hookimpl
def on_task_instance_failed(previous_state: Any, task_instance: Any, error: Any) -> None:
    """Note that an attempt failed; why is in the step, in words that carry no value."""
    note(task_instance, "failed")


def note(task_instance: Any, state: str) -> None:
    """Write the number and state of one task's latest attempt into its run."""
    store = Store(database_url())
    runs = table(Run)
    this = runs.c.id == run_name(task_instance.dag_id, task_instance.run_id)
    try:
        with store.write() as db:
            # Locked, because the tasks of one run end side by side.
            held = db.execute(select(runs.c.airflow).where(this).with_for_update()).scalar()
            if held is None:
                return
            said: dict[str, Any] = json.loads(held)
            said |= {"dag": task_instance.dag_id, "run": task_instance.run_id}
            attempt = {"attempt": task_instance.try_number, "state": state}
            said["tasks"] = said.get("tasks", {}) | {task_instance.task_id: attempt}
            db.execute(update(runs).where(this).values(airflow=json.dumps(said)))
    finally:
        store.close()
