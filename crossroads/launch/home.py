"""The folder everything runs from: where it is, its secrets, and what Airflow must know before its import."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossroads.errors import ConfigError

USERS = ("admin", "auditor")


@dataclass(frozen=True, slots=True)
class Home:
    """A checkout, or a folder with `airflow.cfg` and `dags/`; all that running makes is below its `var/`."""

    root: Path

    @property
    def var(self) -> Path:
        """Everything that running makes."""
        return self.root / "var"

    @property
    def secrets(self) -> Path:
        """Keys and passwords, mode 600."""
        return self.var / "secrets"

    @property
    def logs(self) -> Path:
        """What the components print."""
        return self.var / "airflow" / "logs"

    @property
    def database_url(self) -> str:
        """The store's address: our own database, never Airflow's."""
        return os.environ.get("CROSSROADS_DATABASE_URL") or f"sqlite:///{self.var / 'crossroads.db'}"

    @property
    def passwords(self) -> Mapping[str, str]:
        """The password of each user of this Airflow."""
        found: dict[str, str] = json.loads((self.secrets / "passwords.json").read_text())
        return found

    def environment(self, port: int | None = None) -> dict[str, str]:
        """Return what a process of this home needs in its environment, beside what it has anyway."""
        variables = {"AIRFLOW_HOME": str(self.root), "CROSSROADS_DATABASE_URL": self.database_url}
        if port is not None:
            address = f"http://127.0.0.1:{port}"
            variables |= {
                "AIRFLOW__API__PORT": str(port),
                "AIRFLOW__API__BASE_URL": address,
                "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
            }
        return variables

    def enter(self, *, quiet: bool = False) -> None:
        """Make this process one of this home: its folders and secrets exist and its environment says so.

        Airflow reads its settings while it is imported, so this comes first. `quiet` is for a process that
        shows its own progress on the terminal.
        """
        os.umask(0o077)
        for folder in (self.var, self.secrets, self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.secrets.chmod(0o700)
        _keep(self.secrets / "fernet", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        for name in ("jwt", "session"):
            _keep(self.secrets / name, secrets.token_urlsafe(48))
        _keep(
            self.secrets / "passwords.json", json.dumps({user: secrets.token_urlsafe(12) for user in USERS})
        )
        os.environ.update(self.environment())
        if quiet:
            os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")

    def claim(self, *, sandbox: bool) -> None:
        """Keep the sandbox's world apart from real records, and begin the sandbox with empty databases.

        Stand-ins forget everything when they end; a store that remembered would contradict them.
        """
        mark, store = self.var / "sandbox", self.var / "crossroads.db"
        if sandbox and store.exists() and not mark.exists():
            raise ConfigError(
                f"{store} holds records of real systems, and stand-ins would mix with them: "
                "start them from another checkout, or start with --no-stand-ins."
            )
        if not sandbox and mark.exists():
            raise ConfigError(
                f"{self.var} holds the sandbox's world: delete {mark}, {store} and {self.var / 'airflow'}."
            )
        if sandbox:
            self.var.mkdir(parents=True, exist_ok=True)
            mark.touch()
            calls = self.var / "crossroads.calls.db"
            for database in (store, calls, self.var / "airflow" / "airflow.db"):
                for ending in ("", "-wal", "-shm"):
                    database.with_name(database.name + ending).unlink(missing_ok=True)

    def is_up(self) -> bool:
        """Tell whether a launcher holds this home and its Airflow has answered."""
        try:
            with self.locked():
                return False
        except ConfigError:
            return (self.var / "up.json").exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold this home for one launcher; a second is told so. The lock ends with its process, however."""
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / "up.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError(
                    f"Crossroads already runs from {self.root}: end it with Ctrl-C in its terminal first."
                ) from None
            yield


def find(start: Path | None = None) -> Home:
    """Return the home at or above a folder (the current one), or the one that CROSSROADS_HOME names."""
    named = os.environ.get("CROSSROADS_HOME")
    places = [Path(named)] if named else [(start or Path.cwd()), *(start or Path.cwd()).parents]
    for place in places:
        if (place / "airflow.cfg").is_file() and (place / "dags" / "syncs").is_dir():
            return Home(place.resolve())
    raise ConfigError(
        f"No airflow.cfg with dags/syncs/ at or above {places[0]}: "
        "go to the checkout, or set CROSSROADS_HOME to it."
    )


def _keep(path: Path, fresh: str) -> None:
    """Create a secret once, readable by its owner only from its first byte on."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        return
    with os.fdopen(handle, "w") as file:
        file.write(fresh)
