"""Tells how long the stages of a request take."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from executors.documents import Recording

STAGES = ("decode", "encode", "search", "rank")


@contextmanager
def timed(docs: Sequence[Recording], stage: str) -> Iterator[None]:
    """Enter what a stage of a request took, in seconds, with the request's first document.

    Parameters
    ----------
    docs : sequence of Recording
        All documents of the request.
    stage : str
        One of ``STAGES``.
    """
    started = time.perf_counter()
    try:
        yield
    finally:
        if docs:
            docs[0].timings[stage] = time.perf_counter() - started
