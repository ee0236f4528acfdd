"""The console's pages. Every one needs Airflow's login; Airflow asks for none on a mounted application."""

from pathlib import Path

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from console.texts import language, speaker
from crossroads.airflow import dags_folder, database_url
from crossroads.audit import status
from crossroads.plan import plans
from crossroads.store import Store

HEADERS = {
    # Nothing of a console page may stay in a cache, and nothing from elsewhere may run in it or frame it.
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

app = FastAPI(
    dependencies=[Depends(requires_access_view(AccessView.WEBSITE))],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)
templates = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)


@app.get("/")
def overview(request: Request, lang: str | None = None) -> HTMLResponse:
    """Show whether all systems agree, how each one is, and the last runs."""
    spoken = language(lang, request.headers.get("accept-language", ""))
    store = Store(database_url())
    try:
        with store.read() as db:
            seen = status.overview(db, plans(dags_folder() / "syncs"))
    finally:
        store.close()
    page = templates.get_template("overview.html").render(t=speaker(spoken), lang=spoken, seen=seen)
    return HTMLResponse(page, headers=HEADERS)
