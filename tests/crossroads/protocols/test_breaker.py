"""A breaker opens after failures in a row, rests longer each time, and lets one call try."""

import pytest

from crossroads.protocols.breaker import APART, FAILURES, FIRST, LONGEST, PROBE, Breaker


def failed(times: int, *, every: float = 1.0, start: float = 1000.0) -> tuple[Breaker, float]:
    breaker, now = Breaker(), start
    for _ in range(times):
        breaker, now = breaker.failed(now), now + every
    return breaker, now - every


@pytest.mark.parametrize(
    ("times", "every", "closed"),
    [
        (FAILURES - 1, 1.0, True),
        (FAILURES, 1.0, False),
        (FAILURES, APART, False),
        (10 * FAILURES, APART + 1, True),
    ],
)
def test_it_opens_after_failures_in_a_row_that_are_not_far_apart(
    times: int, every: float, closed: bool
) -> None:
    assert failed(times, every=every)[0].closed is closed


def test_it_passes_nothing_while_it_is_open_and_then_one_probe() -> None:
    breaker, now = failed(FAILURES)
    assert breaker.wait(now) == FIRST
    assert breaker.wait(now + FIRST) == 0
    probing = breaker.probing(now + FIRST)
    assert probing.wait(now + FIRST) == PROBE
    assert probing.wait(now + FIRST + PROBE) == 0  # who tried is dead: the next one tries


def test_it_rests_longer_each_time_up_to_a_limit_and_remembers_since_when() -> None:
    breaker, now = failed(FAILURES)
    since, rests = now, []
    for _ in range(10):
        rests.append(breaker.wait(now))
        now += rests[-1]
        breaker = breaker.probing(now).failed(now)
    assert rests == [min(LONGEST, FIRST * 2**n) for n in range(10)]
    assert breaker.opened_at == since


def test_calls_that_left_before_it_opened_do_not_keep_it_open_longer() -> None:
    breaker, now = failed(FAILURES)
    assert breaker.failed(now + 1) == breaker
