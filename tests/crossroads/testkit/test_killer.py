"""What is killed leaves nothing behind but what was committed."""

import time
from pathlib import Path

import pytest

from crossroads.store import Store
from crossroads.testkit.killer import KILLED, Attempt, Moments, kill_after, killed_at

TIMES = 6


def commit(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    with store.write() as db:
        db.exec_driver_sql("CREATE TABLE number (n INTEGER)")
    for n in range(TIMES):
        with store.write() as db:
            db.exec_driver_sql("INSERT INTO number VALUES (?)", (n,))


def committing(path: Path, kill_at: int | None) -> Attempt:
    def work() -> int:
        moments = Moments(kill_at).watch()
        commit(path)
        return moments.count

    return Attempt(work)


def committed(path: Path) -> int:
    store = Store(f"sqlite:///{path}")
    with store.read() as db:
        found = int(db.exec_driver_sql("SELECT count(*) FROM number").scalar_one())
    store.close()
    return found


def test_every_commit_is_a_moment_before_and_one_after(tmp_path: Path) -> None:
    assert committing(tmp_path / "whole.db", None).wait() == 2 * (TIMES + 1)
    assert committed(tmp_path / "whole.db") == TIMES


@pytest.mark.parametrize(("moment", "left"), [(3, 0), (4, 1), (5, 1), (6, 2), (13, 5), (14, 6)])
def test_a_process_dies_at_the_moment_that_is_named(tmp_path: Path, moment: int, left: int) -> None:
    assert committing(tmp_path / "killed.db", moment).wait() == KILLED
    assert committed(tmp_path / "killed.db") == left


@pytest.mark.parametrize(("number", "dies", "left"), [(2, True, 0), (7, True, 5), (8, False, 6)])
def test_work_dies_just_before_the_commit_that_is_named(
    tmp_path: Path, number: int, dies: bool, left: int
) -> None:
    assert killed_at(number, lambda: commit(tmp_path / "killed.db")) is dies
    assert committed(tmp_path / "killed.db") == left


def test_work_that_fails_by_itself_was_not_killed() -> None:
    with pytest.raises(AssertionError, match="on its own"):
        killed_at(1, lambda: 1 / 0)


def test_a_process_dies_after_a_time() -> None:
    def work() -> int:
        kill_after(0.01)
        time.sleep(60)
        return 0

    assert Attempt(work).wait() == KILLED


def test_a_process_can_be_killed_from_outside() -> None:
    attempt = Attempt(lambda: time.sleep(60) or 0)
    attempt.kill()
    assert attempt.wait() == KILLED


def test_an_error_nobody_caught_shows_in_the_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise ValueError("planned")

    assert Attempt(work).wait() == 255
    assert "planned" in capfd.readouterr().err


def test_work_that_gives_no_number_ends_its_process_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    assert Attempt(lambda: None).wait() == 255  # type: ignore[arg-type,return-value]
    assert "TypeError" in capfd.readouterr().err
