"""Somebody who is asked about pairs: what there is to ask about, and the answers over Airflow's interface."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient

ODD = "{{ 7*7 }}|[x](y)`"  # a system's key, made to be taken for a template of Airflow's, and for Markdown
CHOICES = {"10": "One person", "11": "Two people", ODD: "Ask again"}
NAMES = {"10": "Ottoline", "11": "Peregrine", ODD: "Marmaduke"}


def people(system: str) -> dict[str, dict[str, str]]:
    """Return three people of a system, who share name and door with one of the other system, and no address."""
    return {
        key: {
            "id": key,
            "first": given,
            "last": "Quillfeather",
            "mail": f"{system}.{given}@post.example",
            "street": f"Hauptstraße {len(given)}",
            "city": "Berlin",
            "changed": "2026-01-01T00:00:00Z",
        }
        for key, given in NAMES.items()
    }


def answers(passwords: Mapping[str, str]) -> dict[str, Any]:
    """Wait until all pairs are put, look at the console's pages, and answer: first as somebody who may only look."""
    with _client() as client:
        admin, auditor = (_login(client, name, passwords) for name in ("admin", "auditor"))
        details = _asked(client, admin)
        listed = client.get("/crossroads/doubtful", headers=auditor).text
        links = _links(listed)
        spanish = {**auditor, "Accept-Language": "es"}
        said = {
            "anonymous": client.get("/crossroads/doubtful").status_code,
            "subjects": [one["subject"] for one in details],
            "bodies": [one["body"] for one in details],
            "links": links,
            "pages": [client.get(f"/crossroads/{link}", headers=spanish).text for link in links],
            "codes": [],
        }
        for one in details:
            task, key = one["task_instance"], one["subject"].split(" and ")[0].split("/", 2)[2]
            place = f"/api/v2/dags/stewards/dagRuns/{task['dag_run_id']}/taskInstances/pair.ask/{task['map_index']}/hitlDetails"
            given = {"chosen_options": [CHOICES[key]], "params_input": {"reason": "They were asked"}}
            codes = [client.patch(place, json=given, headers=who).status_code for who in (auditor, admin)]
            said["codes"].append(codes)
    return said


def after(passwords: Mapping[str, str]) -> dict[str, Any]:
    """Return which pairs are listed, and what the page of a pair that is none any more says."""
    with _client() as client:
        auditor = _login(client, "auditor", passwords)
        return {
            "links": _links(client.get("/crossroads/doubtful", headers=auditor).text),
            "gone": client.get("/crossroads/doubtful/999-1000", headers=auditor).text,
        }


def _asked(client: TestClient, admin: Mapping[str, str]) -> list[dict[str, Any]]:
    for _ in range(60):
        said = client.get("/api/v2/dags/stewards/dagRuns/~/hitlDetails", headers=admin).json()
        if len(found := said.get("hitl_details", [])) == len(CHOICES):
            return found
        time.sleep(1)
    raise TimeoutError(str(said)[:2000])


@contextmanager
def _client() -> Iterator[TestClient]:
    from airflow.api_fastapi.app import create_app

    with TestClient(create_app()) as client:
        yield client


def _login(client: TestClient, name: str, passwords: Mapping[str, str]) -> dict[str, str]:
    user = {"username": name, "password": passwords[name]}
    return {"Authorization": f"Bearer {client.post('/auth/token', json=user).json()['access_token']}"}


def _links(page: str) -> list[str]:
    return re.findall(r'href="(doubtful/\d+-\d+)', page)
