"""Who computes next: searches before indexing."""

import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

Turn = Callable[[], AbstractContextManager[object]]
"""Gives a context that is entered when it is one's turn, and left when the next may compute."""


class Turns:
    """Lets threads compute one at a time: the urgent ones first, equals in their order of arrival.

    Work is split into short turns, so that who is urgent waits for the end of one at most. As long
    as urgent ones keep coming, the others wait.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._numbers = count()
        self._waiting: list[tuple[bool, int]] = []  # a heap
        self._taken = False

    @contextmanager
    def take(self, urgent: bool) -> Iterator[None]:
        """Wait for a turn, and keep it for the context.

        Parameters
        ----------
        urgent : bool
            Whether to come before those that are not.
        """
        with self._changed:
            mine = (not urgent, next(self._numbers))
            heapq.heappush(self._waiting, mine)
            self._changed.wait_for(lambda: not self._taken and self._waiting[0] == mine)
            heapq.heappop(self._waiting)
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
