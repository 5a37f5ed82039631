"""Lets so many requests be worked on at once, and some more wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from audiosearch.deadline import Deadline
from audiosearch.errors import DeadlineError
from executors.pipeline import RefusedError

_GRACE_S = 1.0  # in which the microservices notice a deadline themselves, and say so


class WaitingRoom:
    """The requests of a kind that are under way, in the order of their arrival.

    Parameters
    ----------
    what : str
        What they are called in messages, such as ``searches``.
    max_running : int
        How many are worked on at once.
    max_waiting : int
        How many more may wait.
    timeout_s : float
        How long one may take with its waiting, in seconds.
    """

    def __init__(self, what: str, max_running: int, max_waiting: int, timeout_s: float) -> None:
        self._what = what
        self._turns = asyncio.Semaphore(max_running)
        self._max_waiting = max_waiting
        self._timeout_s = timeout_s
        self.waiting = 0
        self.running = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Deadline]:
        """Wait for a turn, and give the moment by which the request must be answered.

        Raises
        ------
        RefusedError
            If too many wait already.
        DeadlineError
            If the request, or the waiting for it, takes too long.
        """
        if self._turns.locked() and self.waiting >= self._max_waiting:
            raise RefusedError(
                "busy",
                f"{self.running} {self._what} are being worked on and {self.waiting} wait, which "
                "is as many as the service takes; ask again in a moment",
            )
        deadline = Deadline.after(self._timeout_s)
        try:
            async with asyncio.timeout(self._timeout_s + _GRACE_S), self._counted():
                yield deadline
        except TimeoutError as error:
            raise DeadlineError(
                f"{self._what} are not worked on for longer than {self._timeout_s:g} s with their "
                "waiting; ask for less at once, or again when the service is less busy"
            ) from error

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._turns.release()
