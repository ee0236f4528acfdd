"""The one Airflow plug-in: the console in the navigation, and a listener that ties attempts to our runs."""

from typing import Any

from airflow.plugins_manager import AirflowPlugin
from console import listener

from crossroads.airflow import CONSOLE


async def console(scope: Any, receive: Any, send: Any) -> None:
    """Serve the console; it is imported at the first request, since task processes load this file too."""
    from console.app import app

    await app(scope, receive, send)


class CrossroadsPlugin(AirflowPlugin):
    """What Airflow finds here."""

    name = "crossroads"
    # Airflow asks for no login on a mounted application: the application itself does, see console/app.py.
    fastapi_apps = [{"app": console, "url_prefix": CONSOLE, "name": "Crossroads"}]
    external_views = [
        {"name": "Crossroads", "href": f"{CONSOLE}/", "destination": "nav", "url_route": "crossroads"}
    ]
    listeners = [listener]
