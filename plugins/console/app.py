"""The console's pages. Every one needs Airflow's login; Airflow asks for none on a mounted application."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from crossroads.airflow import dags_folder, workspace
from crossroads.audit import show_question, status
from crossroads.audit.spoken import Speaker, language
from crossroads.engine.questions import questions
from crossroads.engine.workspace import Workspace
from crossroads.identity.online.doubtful import doubtful as pairs
from crossroads.launch.connections import system
from crossroads.plan import plans

HEADERS = {
    # Nothing of a console page may stay in a cache, and nothing from elsewhere may run in it or frame it.
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
MOST = 50

app = FastAPI(
    dependencies=[Depends(requires_access_view(AccessView.WEBSITE))],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)
templates = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)


@app.get("/")
def overview(request: Request, lang: str = "") -> HTMLResponse:
    """Show whether all systems agree, how each one is, and the last runs."""
    with _open() as ws, ws.store.read() as db:
        seen = status.overview(db, plans(dags_folder() / "syncs"))
    return _page(request, lang, "overview.html", seen=seen, reload=15)


@app.get("/doubtful")
def doubtful(request: Request, lang: str = "") -> HTMLResponse:
    """Show which pairs of records are rather one person's than not and were left apart."""
    with _open() as ws, ws.store.read() as db:
        found = pairs(db, MOST)
    return _page(request, lang, "doubtful.html", found=found, show=show_question, most=MOST)


@app.get("/doubtful/{a}-{b}")
def pair(request: Request, a: int, b: int, lang: str = "") -> HTMLResponse:
    """Show two records side by side, what speaks for one person and against, and what each system would be told."""
    with _open() as ws:
        found = questions(ws, 1, (a, b))
        with ws.store.read() as db:
            sides = [show_question.sides(db, one) for one in found]
    return _page(request, lang, "pair.html", found=found, sides=sides, show=show_question)


@contextmanager
def _open() -> Iterator[Workspace]:
    ws = workspace(system)
    try:
        yield ws
    finally:
        ws.store.close()


def _page(request: Request, lang: str, template: str, **values: Any) -> HTMLResponse:
    spoken = language(lang, request.headers.get("accept-language", ""))
    page = templates.get_template(template).render(t=Speaker(spoken), lang=spoken, **values)
    return HTMLResponse(page, headers=HEADERS)
