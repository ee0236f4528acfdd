"""A PostgreSQL to throw away: a cluster in a temporary folder, reached over a socket in it, gone with the block.

It sorts text as people do, not byte by byte, so that whatever relies on the order of bytes shows here.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url

PATIENCE = 60.0
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)
# Nothing here outlives the test: a crash of the machine may take it all.
_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100", "listen_addresses=",
            "shared_buffers=64MB", "max_wal_size=256MB", "deadlock_timeout=200ms")  # fmt: skip


@cache
def program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs; Debian keeps those of the server out of PATH."""
    places = [path for pattern in _PLACES for path in sorted(Path("/").glob(pattern[1:]), reverse=True)]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places)))


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Yield the URL of a running server's first database; raise LookupError where PostgreSQL is not installed."""
    initdb, server = program("initdb"), program("postgres")
    if not initdb or not server:
        raise LookupError("PostgreSQL is not installed here: apt-get install postgresql")
    # Not where the caller keeps its files: the path of a socket has room for a hundred letters.
    folder = Path(tempfile.mkdtemp(prefix="crossroads-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
    user = _user()
    if user is not None:
        shutil.chown(folder, user)
    data = str(folder / "data")
    made = [initdb, "--pgdata", data, "--no-sync", "--username=crossroads", "--auth=trust", "--encoding=UTF8"]
    people = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"]
    with (folder / "log").open("ab") as log:
        try:
            subprocess.run([*made, *people], user=user, cwd=folder, stdout=log, stderr=log, check=True)  # noqa: S603
            settings = [part for option in _OPTIONS for part in ("-c", option)]
            process = subprocess.Popen(  # noqa: S603
                [*_mortal(), server, "-D", data, "-k", str(folder), *settings],
                user=user,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt at the terminal is for the tests, which then end it
            )
            try:
                url = f"postgresql://crossroads@/postgres?host={folder}"
                _wait(url, process, folder / "log")
                yield url
            finally:
                process.send_signal(3)  # at once: there is nothing to keep
                process.wait(PATIENCE)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """Return who the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _mortal() -> list[str]:
    """Return what makes the server end with us, even if we are killed; where the system has no such thing, nothing."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT"] if setpriv else []


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    ready = program("pg_isready")
    assert ready, "it comes with the server"
    while time.monotonic() < until and process.poll() is None:
        asked = [ready, "--quiet", "--host", str(log.parent), "--username=crossroads", "--dbname=postgres"]
        if subprocess.run(asked, check=False).returncode == 0:  # noqa: S603
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")


def database(server: str, template: str = "template0") -> str:
    """Make a database, empty or a copy of another one that nobody is connected to, and return its URL."""
    name = f"t{uuid4().hex}"
    _tell(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop(server: str, url: str) -> None:
    """Delete a database, whoever still works in it."""
    _tell(server, f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def _tell(server: str, statement: str) -> None:
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.exec_driver_sql(statement)
    engine.dispose()
