"""`crossroads run`: one sync or all of them, in this process or, while Airflow is up, by its scheduler."""

import json
import time
from collections.abc import Callable
from typing import Any

import requests
from rich.console import Console

from crossroads.errors import ConfigError
from crossroads.launch.home import Home
from crossroads.plan import plans

UPKEEP = "upkeep"


def run(home: Home, name: str, compare: bool, console: Console) -> bool:
    """Run what `name` says and return whether all ended green; a red run keeps no other from running."""
    known = [*(plan.sync for plan in plans(home.root / "dags" / "syncs")), UPKEEP]
    if name not in ("all", *known):
        raise ConfigError(f"No sync named {name!r}. There are: all, {', '.join(known)}.")
    chosen = _ordered() if name == "all" else [name]
    # A run made here beside a living scheduler would be worked on by both.
    start = _by_scheduler(home) if home.is_up() else _in_process()
    green = True
    for dag_id in chosen:
        with console.status(f"{dag_id} ..."):
            ended = start(dag_id, compare)
        green &= ended
        console.print(
            f"{dag_id}: {'[green]green[/]' if ended else '[red]red[/]: `crossroads status` says why'}"
        )
    return green


def _ordered() -> list[str]:
    from crossroads.airflow import workspace
    from crossroads.engine.order import ordered
    from crossroads.launch import connections
    from crossroads.launch.prepare import ready

    ready()
    return [plan.sync for plan in ordered(workspace(connections.system))]


def _in_process() -> Callable[[str, bool], bool]:
    from crossroads.launch.prepare import ready

    ready()

    def start(dag_id: str, compare: bool) -> bool:
        from crossroads.airflow import run_dag

        return run_dag(dag_id, compare=compare).green

    return start


def _by_scheduler(home: Home) -> Callable[[str, bool], bool]:
    address: str = json.loads((home.var / "up.json").read_text())["address"]
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment has no business on loopback
    user = {"username": "admin", "password": home.passwords["admin"]}
    token = _answer(session.post(f"{address}/auth/token", json=user, timeout=30))["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"

    def start(dag_id: str, compare: bool) -> bool:
        runs = f"{address}/api/v2/dags/{dag_id}/dagRuns"
        asked = {"logical_date": None, "conf": {"compare": True} if compare else {}}
        run = f"{runs}/{_answer(session.post(runs, json=asked, timeout=30))['dag_run_id']}"
        while (state := _answer(session.get(run, timeout=30))["state"]) not in ("success", "failed"):
            time.sleep(1)
        return bool(state == "success")

    return start


def _answer(response: requests.Response) -> dict[str, Any]:
    if not response.ok:
        raise ConfigError(
            f"Airflow answers {response.status_code}: is it still up, and are its passwords the same?"
        )
    answer: dict[str, Any] = response.json()
    return answer
