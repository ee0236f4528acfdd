import json
import os
from pathlib import Path

import pytest

from crossroads.errors import ConfigError
from crossroads.launch import home as homes
from crossroads.launch.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.delenv("CROSSROADS_DATABASE_URL", raising=False)
    (tmp_path / "dags" / "syncs").mkdir(parents=True)
    (tmp_path / "airflow.cfg").touch()
    return Home(tmp_path)


def test_secrets_are_made_once_and_only_their_owner_reads_them(home: Home) -> None:
    home.enter()
    first = {path.name: path.read_text() for path in home.secrets.iterdir()}
    home.enter()
    assert {path.name: path.read_text() for path in home.secrets.iterdir()} == first
    assert {path.stat().st_mode & 0o777 for path in home.secrets.iterdir()} == {0o600}
    assert home.secrets.stat().st_mode & 0o777 == 0o700
    assert set(json.loads(first["passwords.json"])) == {"admin", "auditor"}
    assert len(set(first.values())) == len(first)


def test_a_secret_that_others_could_read_is_closed_again(home: Home) -> None:
    home.enter()
    (home.secrets / "jwt").chmod(0o644)
    home.enter()
    assert (home.secrets / "jwt").stat().st_mode & 0o777 == 0o600


def test_no_secret_reaches_the_environment(home: Home) -> None:
    home.enter()
    secrets = {path.read_text() for path in home.secrets.iterdir()} | set(home.passwords.values())
    assert not secrets & set(os.environ.values())


def test_the_environment_names_the_absolute_home_and_every_address_of_this_start(home: Home) -> None:
    said = home.environment(18080)
    assert Path(said["AIRFLOW_HOME"]).is_absolute()
    assert said["CROSSROADS_DATABASE_URL"] == f"sqlite:///{home.root}/var/crossroads.db"
    assert said["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:18080/execution/"
    assert said["AIRFLOW__API__PORT"] == "18080"


def test_a_second_launcher_is_refused_while_the_first_one_runs(home: Home) -> None:
    with home.locked(), pytest.raises(ConfigError, match="already runs"), home.locked():
        pass
    with home.locked():
        pass


def test_the_home_is_found_from_a_folder_below_it(home: Home) -> None:
    assert homes.find(home.root / "dags" / "syncs").root == home.root.resolve()


def test_without_a_home_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CROSSROADS_HOME"):
        homes.find(tmp_path)


def test_the_sandbox_begins_with_empty_databases_each_time(home: Home) -> None:
    home.enter()
    home.claim(sandbox=True)
    for name in ("crossroads.db", "crossroads.db-wal", "airflow/airflow.db"):
        (home.var / name).write_text("a world that is gone")
    home.claim(sandbox=True)
    assert not list(home.var.rglob("*.db*"))


def test_real_records_are_neither_deleted_nor_mixed_with_the_sandbox(home: Home) -> None:
    home.enter()
    store = home.var / "crossroads.db"
    store.write_text("real records")
    home.claim(sandbox=False)
    with pytest.raises(ConfigError, match="real systems"):
        home.claim(sandbox=True)
    assert store.read_text() == "real records"


def test_a_start_without_stand_ins_refuses_the_world_of_the_sandbox(home: Home) -> None:
    home.enter()
    home.claim(sandbox=True)
    with pytest.raises(ConfigError, match="sandbox's world"):
        home.claim(sandbox=False)
