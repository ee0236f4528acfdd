"""Doors of running stand-ins, from outside: `python -m sandbox.doors shut crm`, `open crm`, `end`."""

import json
from pathlib import Path
from subprocess import Popen
from typing import Annotated, Any

import typer

from sandbox import processes
from sandbox.installation import INSTALLATIONS, Installation

FOLDER = Path("var/demo")
app = typer.Typer(no_args_is_help=True, help=__doc__)
Folder = Annotated[Path, typer.Option(help="Where systems.json is.")]


def open_to(installation: Installation, address: str, behind: str, logs: Path) -> Popen[bytes]:
    """Start the door of a stand-in and return its process once clients can come in."""
    count = [] if installation.counts else ["--count"]
    log = logs / f"{installation.connection}.door.log"
    port = address.rpartition(":")[2]
    door = processes.start(["sandbox.counter", "--port", port, "--target", behind, *count], log)
    processes.wait(address + installation.health, door, log)
    return door


@app.command()
def shut(name: str, folder: Folder = FOLDER) -> None:
    """Make a system unreachable; it keeps its records."""
    said = _described(folder)
    if door := said[name]["processes"]["door"]:
        processes.end_left(door)
    said[name]["processes"]["door"] = None
    (folder / "systems.json").write_text(json.dumps(said, indent=2))


@app.command(name="open")
def reopen(name: str, folder: Folder = FOLDER) -> None:
    """Let clients in again."""
    said = _described(folder)
    system = said[name]
    installation = next(each for each in INSTALLATIONS if each.connection == name)
    if system["processes"]["door"] is None:
        address = system["settings"]["base_url"]
        door = open_to(installation, address, system["behind"], folder / "logs")
        door.returncode = 0  # it outlives this process, which must not warn about it
        system["processes"]["door"] = door.pid
        (folder / "systems.json").write_text(json.dumps(said, indent=2))


@app.command(name="end")
def end_left(folder: Folder = FOLDER) -> None:
    """End the stand-ins that run below a folder."""
    for system in _described(folder).values():
        for pid in filter(None, system["processes"].values()):
            processes.end_left(pid)
    (folder / "systems.json").unlink(missing_ok=True)


def _described(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / "systems.json"
    return json.loads(path.read_text()) if path.exists() else {}


if __name__ == "__main__":
    app()
