"""When a microservice that dies again and again is started again."""

import pytest

from executors.supervision import PERIOD_S, RESTARTS, next_restart


@pytest.mark.parametrize("n_restarts", range(RESTARTS))
def test_the_first_restarts_are_at_once(n_restarts: int) -> None:
    assert next_restart([100.0] * n_restarts, now=100.5) == 100.5


def test_then_there_is_a_pause() -> None:
    restarts = [100.0 + number for number in range(RESTARTS)]
    assert next_restart(restarts, now=106.0) == 100.0 + PERIOD_S


def test_restarts_of_long_ago_do_not_count() -> None:
    restarts = [100.0 + number for number in range(RESTARTS)]
    assert next_restart(restarts, now=101.0 + PERIOD_S) == 101.0 + PERIOD_S


def test_there_are_never_more_in_the_period() -> None:
    restarts = [0.0]
    for _ in range(30):  # it dies as soon as it is started
        restarts.append(next_restart(restarts, now=restarts[-1]))
    assert all(
        later - earlier >= PERIOD_S
        for earlier, later in zip(restarts, restarts[RESTARTS:], strict=False)
    )
