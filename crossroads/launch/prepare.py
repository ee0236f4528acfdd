"""A child process that makes both databases ready, then writes the connections it is given, and ends.

Migrating needs all of Airflow in memory for a few seconds; in a process of its own it costs the launcher
nothing afterwards, and runs while the stand-ins start. Settings come by standard input: a command line
shows in `ps`.
"""

import json
import sys

from crossroads.airflow import dags_folder, database_url
from crossroads.engine.workspace import System
from crossroads.launch import connections
from crossroads.plan import plans


def main() -> None:
    """Migrate, then write `{connection: {system, settings, overlay}}` as read from standard input."""
    ready()
    given: dict[str, dict[str, object]] = json.load(sys.stdin)
    json.dump(write({name: System(**one) for name, one in given.items()}), sys.stdout)  # type: ignore[arg-type]


def ready() -> None:
    """Bring Airflow's database and the store up to date."""
    from crossroads.store import migrate

    connections.migrate()
    migrate(database_url())


def write(systems: dict[str, System]) -> list[str]:
    """Write these connections, and a pool for each that a sync names; return the ones left alone."""
    named = {member.connection for plan in plans(dags_folder() / "syncs") for member in plan.between}
    connections.pools(named | set(systems))
    return connections.write(systems)


if __name__ == "__main__":
    main()
