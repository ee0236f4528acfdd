"""Write the next revision after a change of `tables.py`.

python -m crossroads.store.migrations "Keep consent"
"""

import sys
from pathlib import Path

from alembic import command

from crossroads.store.schema import config
from crossroads.store.session import Store


def main(message: str) -> None:
    """Write a revision that leads from the newest one to the tables as they are; read it before use."""
    store = Store("sqlite://")
    number = 1 + len(list((Path(__file__).parent / "versions").glob("[0-9]*.py")))
    with store.write() as connection:
        command.upgrade(config(connection), "head")
        command.revision(config(connection), message, autogenerate=True, rev_id=f"{number:04}")


if __name__ == "__main__":
    main(sys.argv[1])
