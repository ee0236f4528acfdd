"""The five stand-ins with their world: started, loaded, described in `systems.json`, and ended.

A stand-in is two processes: the system itself, and a door in front of it through which everybody goes. A shut
door makes the system unreachable while it keeps its records, as a network that is down does.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import requests

from sandbox import doors, processes
from sandbox.installation import INSTALLATIONS, SAP_PASSWORD, SAP_USER, Installation
from sandbox.world import social
from sandbox.world.population import build
from sandbox.world.sap import Sap
from sandbox.world.truth import World


@dataclass(slots=True)
class StandIn:
    """One stand-in: the running system, and its door."""

    installation: Installation
    logs: Path
    process: Popen[bytes]
    behind: str
    address: str
    door: Popen[bytes] | None = None

    def open(self) -> None:
        """Let clients in."""
        if self.door is None:
            self.door = doors.open_to(self.installation, self.address, self.behind, self.logs)

    def shut(self) -> None:
        """Make the system unreachable; it keeps its records."""
        if self.door:
            processes.end(self.door)
            self.door = None

    def writes(self) -> dict[str, Any]:
        """Return how many records were changed through the door, and which."""
        said: dict[str, Any] = requests.get(f"{self.address}/_sandbox/writes", timeout=30).json()
        return said

    def described(self) -> dict[str, Any]:
        """Return what `systems.json` says: how to reach the system, and how to end it."""
        settings = {"base_url": self.address, **self.installation.settings}
        return {
            "system": self.installation.system,
            "settings": settings,
            "overlay": self.installation.overlay,
            "behind": self.behind,
            "processes": {"system": self.process.pid, "door": self.door.pid if self.door else None},
        }


class StandIns(Mapping[str, StandIn]):
    """All stand-ins by the name of their connection."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world
        self._all: dict[str, StandIn] = {}

    def __getitem__(self, name: str) -> StandIn:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def systems(self) -> dict[str, dict[str, Any]]:
        """{connection: {system, settings, overlay}}: all that Crossroads needs to know."""
        known = ("system", "settings", "overlay")
        return {name: {key: each.described()[key] for key in known} for name, each in self._all.items()}

    def sap(self, address: str | None = None) -> Sap:
        """Return a client of the ERP that goes through its door, as any other client does, or past it."""
        return Sap(address or self["erp"].address, SAP_USER, SAP_PASSWORD)

    def start(self) -> None:
        """Start and load everything, open the doors and write `systems.json` and `truth.json`."""
        for installation in INSTALLATIONS:
            port, logs = processes.free_port(), self.folder / "logs"
            command = installation.command(port, self.folder / "seeds", self.world)
            process = processes.start(command, logs / f"{installation.connection}.log")
            address = f"http://127.0.0.1:{processes.free_port()}"
            behind = f"http://127.0.0.1:{port}"
            self._all[installation.connection] = StandIn(installation, logs, process, behind, address)
        self.describe()  # already now, so that whoever comes after a killed start can end these
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._load, self._all.values()))
        self.describe()

    def describe(self) -> None:
        """Write `systems.json` anew: the processes change when a door is shut and opened."""
        said = {name: each.described() for name, each in self._all.items()}
        (self.folder / "systems.json").write_text(json.dumps(said, indent=2))

    def end(self) -> None:
        """End every process."""
        for each in self._all.values():
            each.shut()
            processes.end(each.process)
        self._all.clear()
        doors.end_left(self.folder)

    def _load(self, stand_in: StandIn) -> None:
        name = stand_in.installation.connection
        log = stand_in.logs / f"{name}.log"
        processes.wait(stand_in.behind + stand_in.installation.health, stand_in.process, log)
        if name == "erp":
            Sap(stand_in.behind, SAP_USER, SAP_PASSWORD).load(self.world)
        if name == "social":
            accounts = social.load(stand_in.behind, self.world)
            truth = self.world.truth() | {"accounts": accounts}
            (self.folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False))
        stand_in.open()


def start(folder: Path, world: World | None = None) -> StandIns:
    """Return running, loaded stand-ins; whoever calls this ends them."""
    folder.mkdir(parents=True, exist_ok=True)
    doors.end_left(folder)
    stand_ins = StandIns(folder, world or build())
    try:
        stand_ins.start()
    except BaseException:
        stand_ins.end()
        raise
    return stand_ins


@contextmanager
def running(folder: Path, world: World | None = None) -> Iterator[StandIns]:
    """Run loaded stand-ins for the length of a `with` block."""
    stand_ins = start(folder, world)
    try:
        yield stand_ins
    finally:
        stand_ins.end()
