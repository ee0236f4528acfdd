"""One budget for all who call a system with one credential: its limits, its pauses, its breaker."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossroads.protocols import tickets
from crossroads.protocols.breaker import FAILURES, FIRST, PROBE
from crossroads.protocols.budget import Budget, Held, forget, standings
from crossroads.protocols.counters import Counters, beside


class Clock:
    """Time that passes when somebody sleeps, each time `late` seconds too long."""

    def __init__(self, late: float = 0.0) -> None:
        self.now, self.late = 1_800_000_000.0, late

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Budget]]:
    """Return a worker's own way to the budget of one system; all of them count in one file."""
    made: list[Budget] = []

    def make(limits: dict[str, int] | None = None, name: str = "crm", **told: Any) -> Budget:
        counters = Counters(f"sqlite:///{tmp_path / 'store.calls.db'}", clock=clock)
        one = Budget(
            limits, name=name, title=f"{name} at its.host", counters=counters, sleep=clock.sleep, **told
        )
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def departures(budget: Budget, clock: Clock, calls: int) -> list[float]:
    left = []
    for _ in range(calls):
        budget.take()
        left.append(clock.now)
    return left


@settings(deadline=None)
@given(
    limits=st.dictionaries(st.sampled_from(["per_second", "per_minute"]), st.integers(1, 7), min_size=1),
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=40),
    lags=st.lists(st.floats(0, 0.05), min_size=40, max_size=40),
)
def test_no_window_ever_holds_more_calls_than_its_limit(
    limits: dict[str, int], gaps: list[float], lags: list[float]
) -> None:
    clock = Clock()
    budget = Budget(limits, counters=Counters(clock=clock), sleep=clock.sleep, since=clock, longest_wait=1e6)
    seen = []
    for gap, lag in zip(gaps, lags, strict=False):
        clock.now += gap
        budget.take()
        seen.append(clock.now + lag)  # what the network adds until the system counts it
    budget.close()
    seen.sort()
    for word, limit in limits.items():
        for number, at in enumerate(seen):
            assert bisect_left(seen, at + tickets.SECONDS[word]) - number <= limit


def test_throughput_is_close_to_the_limit(worker: Callable[..., Budget], clock: Clock) -> None:
    left = departures(worker({"per_minute": 60}), clock, 301)
    assert left[-1] - left[0] <= 300 * 1.02


def test_workers_share_one_budget_and_another_credential_has_its_own(
    worker: Callable[..., Budget], clock: Clock
) -> None:
    first, second = worker({"per_minute": 10}, longest_wait=1), worker({"per_minute": 10}, longest_wait=1)
    departures(first, clock, 6)
    departures(second, clock, 4)
    for one in (first, second):
        with pytest.raises(Held, match="used up") as caught:
            one.take()
        assert caught.value.retry_after == pytest.approx(61)
    departures(worker({"per_minute": 10}, name="other"), clock, 10)


def test_a_refused_call_takes_nothing_from_the_budget(worker: Callable[..., Budget], clock: Clock) -> None:
    impatient, patient = worker({"per_minute": 1}, longest_wait=1), worker({"per_minute": 1})
    patient.take()
    for _ in range(5):
        with pytest.raises(Held):
            impatient.take()
    before = clock.now
    patient.take()
    assert clock.now - before == pytest.approx(61)


def test_a_ticket_that_is_used_too_late_is_given_up(tmp_path: Path) -> None:
    clock = Clock()
    naps = iter([0.4, 0.0])

    def oversleep(seconds: float) -> None:
        clock.now += seconds + next(naps)

    budget = Budget({"per_second": 1}, counters=Counters(clock=clock), sleep=oversleep, since=clock)
    budget.take()
    first = clock.now
    budget.take()
    assert clock.now - first == pytest.approx(2.2)  # not 1.5: the window of the third ticket
    budget.close()


def test_a_ticket_that_was_long_in_coming_is_given_up(worker: Callable[..., Budget], clock: Clock) -> None:
    told = chain([0.0] * 4, repeat(0.6))  # this process stood still between its ticket and the call
    budget = worker({"per_minute": 5}, longest_wait=1, since=lambda: next(told))
    budget.take()
    departures(worker({"per_minute": 5}, longest_wait=1), clock, 3)
    with pytest.raises(Held):
        worker({"per_minute": 5}, longest_wait=1).take()


def test_a_call_that_was_long_on_its_way_counts_from_its_answer(
    worker: Callable[..., Budget], clock: Clock
) -> None:
    def asleep(seconds: float) -> None:
        clock.now += seconds / 2
        if not answered:
            slow.heard(dead=False)  # while the other waits for its turn after the slow one
            answered.append(clock.now)
        clock.now += seconds / 2

    answered: list[float] = []
    slow, other = worker({"per_minute": 1}, since=clock), worker({"per_minute": 1}, since=clock)
    other._sleep = asleep
    slow.take()
    left = clock.now
    other.take()
    assert clock.now - left == pytest.approx(61 + 30.5)


def test_a_slow_call_that_a_quick_one_overtook_counts_too(
    worker: Callable[..., Budget], clock: Clock
) -> None:
    slow, quick = worker({"per_minute": 2}, since=clock), worker({"per_minute": 2}, since=clock)
    slow.take()
    quick.take()
    clock.now += 61
    quick.take()
    slow.heard(dead=False)
    answered = clock.now
    quick.take()
    assert clock.now - answered == pytest.approx(61)


def test_a_clock_set_back_stops_nobody(worker: Callable[..., Budget], clock: Clock) -> None:
    budget = worker({"per_minute": 2})
    departures(budget, clock, 2)
    clock.now -= 7200
    budget.take()


def test_a_pause_one_worker_was_asked_for_holds_all(worker: Callable[..., Budget], clock: Clock) -> None:
    told, other, elsewhere = worker(), worker({"per_second": 5}), worker(name="shop")
    told.take()
    told.heard(dead=False, pause=20)
    before = clock.now
    elsewhere.take()
    assert clock.now == before
    other.take()
    assert clock.now - before == pytest.approx(20)


@pytest.mark.parametrize(
    ("limits", "longest", "waited"),
    [({}, 30.0, 25.0), ({}, 86_400.0, 300.0), ({"per_minute": 60}, 30.0, 25.0)],
    ids=["a write", "a read", "a write with limits"],
)
def test_nobody_waits_longer_than_said_however_often_a_pause_is_renewed(
    worker: Callable[..., Budget], clock: Clock, limits: dict[str, int], longest: float, waited: float
) -> None:
    def asleep(seconds: float) -> None:
        clock.now += seconds
        assert clock.now - before < 1_000
        other.heard(dead=False, pause=25)

    mine, other = worker(limits, since=clock), worker(limits, since=clock)
    mine._sleep, before = asleep, clock.now
    other.take()
    other.heard(dead=False, pause=25)
    with pytest.raises(Held, match="is not called before") as caught:
        mine.take(longest)
    assert caught.value.retry_after == pytest.approx(25)
    assert clock.now - before == pytest.approx(waited)


def test_nobody_waits_longer_than_said_for_slow_calls_before_it(
    worker: Callable[..., Budget], clock: Clock
) -> None:
    def asleep(seconds: float) -> None:
        clock.now += seconds
        slow.heard(dead=False)  # only now was it answered: its window begins anew

    slow, mine = worker({"per_minute": 1}, since=clock), worker({"per_minute": 1}, since=clock)
    mine._sleep = asleep
    slow.take()
    before = clock.now
    with pytest.raises(Held, match="used up") as caught:
        mine.take(100)
    assert caught.value.retry_after == pytest.approx(61)
    assert clock.now - before == pytest.approx(61)


def test_a_long_pause_holds_no_worker(worker: Callable[..., Budget], clock: Clock) -> None:
    one, other = worker(), worker()
    one.take()
    one.heard(dead=False, pause=3600)
    with pytest.raises(Held, match="is not called before 2027") as caught:
        other.take()
    assert caught.value.retry_after == 3600
    one.heard(dead=False, pause=1e9)
    clock.now += 90_000
    other.take()  # nobody is believed who asks for years


def test_a_dead_system_is_left_alone_by_all_and_tried_by_one(
    worker: Callable[..., Budget], clock: Clock
) -> None:
    one, other = worker(), worker({"per_second": 5})
    for _ in range(FAILURES):
        one.take()
        one.heard(dead=True)
    opened = clock.now
    for each in (one, other):
        with pytest.raises(Held, match=r"crm at its.host has not answered since .*5 calls .*tried again"):
            each.take()
    clock.now = opened + FIRST
    other.take()  # the probe
    with pytest.raises(Held):
        one.take()
    clock.now += PROBE  # the prober was killed
    one.take()
    one.heard(dead=False)
    departures(other, clock, 3)


def test_a_success_ends_a_row_of_failures_for_all(worker: Callable[..., Budget]) -> None:
    one, other = worker(), worker()
    for _ in range(3 * FAILURES):
        one.take()
        one.heard(dead=True)
        other.take()
        other.heard(dead=False)
    one.take()


def test_who_waits_for_a_ticket_of_a_system_that_dies_is_held(tmp_path: Path) -> None:
    clock, counters = Clock(), Counters(f"sqlite:///{tmp_path / 'calls.db'}", clock=Clock())
    other = Budget(None, name="crm", counters=Counters(str(counters.engine.url), clock=clock))

    def asleep(seconds: float) -> None:
        clock.now += seconds
        for _ in range(FAILURES):
            other.heard(dead=True)

    mine = Counters(str(counters.engine.url), clock=clock)
    waiting = Budget({"per_second": 1}, name="crm", counters=mine, sleep=asleep, since=clock)
    other.take()
    waiting.take()
    with pytest.raises(Held, match="has not answered"):
        waiting.take()
    for each in (waiting, other, counters):
        each.close()


def test_how_a_system_stands_is_shown_and_can_be_forgotten(
    worker: Callable[..., Budget], clock: Clock, tmp_path: Path
) -> None:
    dead, busy, well = worker(name="a"), worker(name="b"), worker({"per_minute": 3}, name="c")
    for each in (dead, busy, well):
        each.take()
    for _ in range(FAILURES):
        dead.heard(dead=True)
    busy.heard(dead=False, pause=100)
    counters = Counters(f"sqlite:///{tmp_path / 'store.calls.db'}", clock=clock)
    assert [(s.title, s.why.split(",")[0], s.until is None) for s in standings(counters)] == [
        ("a at its.host", "does not answer", False),
        ("b at its.host", "asked us to wait", False),
        ("c at its.host", "is called", True),
    ]
    for name in "abc":
        forget(counters, name)
    assert {s.why for s in standings(counters)} == {"is called"}
    counters.close()
    dead.take()
    busy.take()
    with pytest.raises(Held):
        departures(worker({"per_minute": 3}, name="c", longest_wait=1), clock, 3)


@pytest.mark.parametrize(
    ("store", "calls"),
    [
        ("sqlite:////srv/var/crossroads.db", "sqlite:////srv/var/crossroads.calls.db"),
        ("sqlite:///store", "sqlite:///store.calls.db"),
        ("sqlite://", "sqlite://"),
        ("postgresql+psycopg://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
    ],
)
def test_calls_are_counted_beside_the_store(store: str, calls: str) -> None:
    assert beside(store) == calls
