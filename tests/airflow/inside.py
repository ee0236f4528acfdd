"""Everything the tests want to know of a real Airflow, asked in one process of its own.

Importing Airflow costs seconds, warns, and keeps the streams it finds: so it happens once, and not in
pytest's process.
Called as `inside.py HOME ANSWERS`; the answers are one JSON file.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import steward

from crossroads.launch.home import Home

ROOT = Path(__file__).parents[2]


def main(home: Home, answers: Path) -> None:
    """Ask everything and write the answers down."""
    home.claim(sandbox=True)
    home.enter(quiet=True)
    said: dict[str, Any] = {"shipped": shipped_dags(), "types": connection_types()}
    left, right = home.root / "left.json", home.root / "right.json"
    make_ready({"left": left, "right": right})
    said["green"] = run(home, "all is well")
    said["right after"] = json.loads(right.read_text())
    kept = left.read_text()
    said["check"] = checked()
    left.unlink()
    said["check without left"] = checked()
    said["red"] = run(home, "left does not answer")
    left.write_text(kept)
    said["green again"] = run(home, "left answers again")
    said["page"] = page(home)
    people = json.loads(kept)
    left.write_text(json.dumps({key: {**person, "odd": True} for key, person in people.items()}))
    said["odd"] = run(home, "the connector fails in a way nobody foresaw")
    said["found in files"] = {value: found(home, value) for value in ("Byron", "ada@example.org")}
    said["stewards"] = stewards(home, {"left": left, "right": right})
    answers.write_text(json.dumps(said))


def stewards(home: Home, notebooks: dict[str, Path]) -> dict[str, Any]:
    """Plant doubtful pairs, run the DAG while somebody answers over Airflow's interface, and see what became of them."""
    from sqlalchemy import select

    from crossroads.airflow import run_dag
    from crossroads.store import Store, table
    from crossroads.store.tables import Assertion

    for name, path in notebooks.items():
        path.write_text(json.dumps(steward.people(name)))
    run(home, "pairs of one name and door, and other addresses")
    with ThreadPoolExecutor() as beside:  # the DAG needs the main thread
        answering = beside.submit(steward.answers, home.passwords)
        ran = run_dag("stewards")
        said = answering.result()
    store = Store(home.database_url)
    with store.read() as db:
        words = [dict(row._mapping) for row in db.execute(select(table(Assertion)))]
    store.close()
    files = {value: found(home, value) for value in ("Quillfeather", "left.Ottoline@post.example")}
    return {
        **said,
        "green": ran.green,
        "words": words,
        "found in files": files,
        "after": steward.after(home.passwords),
    }


def shipped_dags() -> dict[str, Any]:
    """Parse the DAGs this repository ships."""
    from airflow.dag_processing.dagbag import DagBag

    began = time.process_time()
    bag = DagBag(dag_folder=ROOT / "dags")
    return {
        "errors": bag.import_errors,
        "seconds": time.process_time() - began,
        "systems imported": [
            name for name in sys.modules if name.endswith(".connector") and name != "crossroads.connector"
        ],
        "dags": {
            dag.dag_id: {
                "owner": dag.owner,
                "paused": dag.is_paused_upon_creation,
                "tasks": {
                    one.task_id: {
                        "retries": one.retries,
                        "delay": one.retry_delay.total_seconds(),
                        "pool": one.pool,
                    }
                    for one in dag.tasks
                },
            }
            for dag in bag.dags.values()
        },
    }


def connection_types() -> dict[str, Any]:
    """Return our connection types as Airflow's form sees them."""
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    hooks = {name for name in manager.hooks if name.startswith("crossroads_")}
    fields = [name for name in manager.connection_form_widgets if "crossroads_notebook" in name]
    return {"hooks": sorted(hooks), "notebook": fields}


def make_ready(notebooks: dict[str, Path]) -> None:
    """Migrate, and connect two notebooks: the right one has no family name for the same person."""
    from crossroads.engine import System
    from crossroads.launch import prepare

    ada = {"id": "1", "first": "Ada", "mail": "ada@example.org", "changed": "2026-01-01T00:00:00Z"}
    notebooks["left"].write_text(json.dumps({"1": {**ada, "last": "Byron"}}))
    notebooks["right"].write_text(json.dumps({"1": {**ada, "changed": "2025-01-01T00:00:00Z"}}))
    prepare.ready()
    prepare.write({name: System("notebook", {"base_url": str(path)}) for name, path in notebooks.items()})


def checked() -> tuple[bool, str]:
    """Return whether `crossroads check` is content, and what it shows."""
    from rich.console import Console

    from crossroads.launch.check import check

    shown = StringIO()
    return check(Console(width=200, file=shown)), shown.getvalue()


def run(home: Home, _why: str) -> dict[str, Any]:
    """Run the sync and return how Airflow and the store tell it."""
    from sqlalchemy import select

    from crossroads.airflow import run_dag
    from crossroads.store import Store, table
    from crossroads.store.tables import Run, Step

    ran = run_dag("people")
    store = Store(home.database_url)
    with store.read() as db:
        row = db.execute(select(table(Run)).where(table(Run).c.id == ran.run)).one()
        steps = db.execute(select(table(Step)).where(table(Step).c.run == ran.run)).all()
    store.close()
    return {
        "green": ran.green,
        "state": row.state,
        "summary": json.loads(row.summary),
        "airflow": json.loads(row.airflow),
        "steps": {f"{step.step} {step.member}": step.state for step in steps},
    }


def page(home: Home) -> dict[str, Any]:
    """Ask for the console as nobody, with a wrong token, and as the auditor in two languages."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app()) as client:
        user = {"username": "auditor", "password": home.passwords["auditor"]}
        token = client.post("/auth/token", json=user).json()["access_token"]
        known = {"Authorization": f"Bearer {token}"}
        english = client.get("/crossroads/", headers=known)
        return {
            "anonymous": client.get("/crossroads/").status_code,
            "forged": client.get("/crossroads/", headers={"Authorization": "Bearer forged"}).status_code,
            "anonymous elsewhere": client.get("/crossroads/openapi.json").status_code,
            "status": english.status_code,
            "headers": dict(english.headers),
            "en": english.text,
            "es": client.get("/crossroads/", headers={**known, "Accept-Language": "es-AR"}).text,
            "navigation": client.get("/api/v2/plugins", headers=known).json(),
        }


def found(home: Home, value: str) -> list[str]:
    """Return the files of Airflow, its database and logs among them, in which a value of a record is."""
    files = [path for path in (home.var / "airflow").rglob("*") if path.is_file()]
    assert any(path.name == "airflow.db" for path in files)
    return [str(path) for path in files if value.encode() in path.read_bytes()]


if __name__ == "__main__":
    main(Home(Path(sys.argv[1])), Path(sys.argv[2]))
