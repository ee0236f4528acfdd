"""The five installations of the demonstration: how each is started, loaded and reached."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sandbox.discourse.app import API_KEY
from sandbox.salesforce.app import CLIENT_ID, CLIENT_SECRET
from sandbox.shopify.app import ACCESS
from sandbox.world import sap, seed, social
from sandbox.world.truth import World

SAP_USER, SAP_PASSWORD = "CROSSROADS", "sandbox-password"

Command: TypeAlias = Callable[[int, Path, World], list[str]]
"""Writes the seed below the folder and returns the arguments after `python -m`, for a port."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One connection: its system, the command of its stand-in, and the settings a connector needs."""

    connection: str
    system: str
    command: Command
    health: str
    settings: dict[str, Any]
    overlay: str | None = None
    counts: bool = True
    """Whether the stand-in counts its changes itself; otherwise its door does."""


def _simulator(name: str, rows: Callable[[World], Any]) -> Command:
    def command(port: int, folder: Path, world: World) -> list[str]:
        path = _written(folder / f"{name}.json", json.dumps(rows(world), ensure_ascii=False))
        return [f"sandbox.{name}", "--port", str(port), "--seed", str(path), "--limits", "demo"]

    return command


def _mock_sap(port: int, _: Path, world: World) -> list[str]:
    auth = ["--auth", f"{SAP_USER}:{SAP_PASSWORD}"]
    return ["mocksap", "--quiet", "--port", str(port), "--clock", sap.first_moment(world), *auth]


def _mastodon_mock(port: int, folder: Path, world: World) -> list[str]:
    database = folder / "mastodon.sqlite"
    for leftover in folder.glob("mastodon.sqlite*"):
        leftover.unlink()
    rows = social.configuration(world) + f"[database]\npath = {json.dumps(str(database))}\n"
    path = _written(folder / "mastodon.toml", rows)
    return ["mastodon_mock", "serve", "--config", str(path), "--port", str(port), "--log-level", "warning"]


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


INSTALLATIONS = (
    Installation(
        connection="erp",
        system="sap_s4",
        command=_mock_sap,
        health="/_mock/health",
        settings={"user": SAP_USER, "password": SAP_PASSWORD},
        overlay="erp",
        counts=False,
    ),
    Installation(
        connection="crm",
        system="salesforce",
        command=_simulator("salesforce", seed.salesforce),
        health="/_sandbox/writes",
        settings={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    ),
    Installation(
        connection="shop",
        system="shopify",
        command=_simulator("shopify", seed.shopify),
        health="/_sandbox/writes",
        settings={"token": ACCESS},
    ),
    Installation(
        connection="social",
        system="mastodon",
        command=_mastodon_mock,
        health="/health",
        settings={"token": social.token(social.OUR_ACCOUNT)},
        counts=False,
    ),
    Installation(
        connection="community",
        system="discourse",
        command=_simulator("discourse", seed.discourse),
        health="/_sandbox/writes",
        settings={"api_key": API_KEY, "api_username": "system", "calls_per_minute": 6000},
    ),
)
