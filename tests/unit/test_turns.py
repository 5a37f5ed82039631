"""The order in which threads compute."""

import threading
import time
from collections.abc import Callable

import pytest

from audiosearch.turns import Turns


def waiting(turns: Turns, n: int) -> None:
    """Wait until so many wait for a turn."""
    deadline = time.monotonic() + 10
    while len(turns._waiting) < n:
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def order_of() -> Callable[[list[tuple[str, bool]]], list[str]]:
    def order(arrivals: list[tuple[str, bool]]) -> list[str]:
        """Let threads come one after the other while a turn is taken; give their order."""
        turns, done = Turns(), []

        def work(name: str, urgent: bool) -> None:
            with turns.take(urgent):
                done.append(name)

        threads = [threading.Thread(target=work, args=each) for each in arrivals]
        with turns.take(urgent=False):
            for number, thread in enumerate(threads, 1):
                thread.start()
                waiting(turns, number)
            assert not done
        for thread in threads:
            thread.join(10)
        return done

    return order


def test_equals_come_in_their_order(order_of: Callable[..., list[str]]) -> None:
    names = [str(number) for number in range(8)]
    for urgent in (True, False):
        assert order_of([(name, urgent) for name in names]) == names


def test_urgent_ones_come_first(order_of: Callable[..., list[str]]) -> None:
    arrivals = [("block 1", False), ("search 1", True), ("block 2", False), ("search 2", True)]
    assert order_of(arrivals) == ["search 1", "search 2", "block 1", "block 2"]


def test_one_at_a_time() -> None:
    turns = Turns()
    computing: list[int] = []
    most: list[int] = []

    def work(urgent: bool) -> None:
        for _ in range(20):
            with turns.take(urgent):
                computing.append(1)
                most.append(len(computing))
                time.sleep(0.0005)
                computing.pop()

    threads = [threading.Thread(target=work, args=(number % 2 == 0,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 80


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="broken"), turns.take(urgent=True):
        raise ValueError("broken")
    with turns.take(urgent=False):
        pass
