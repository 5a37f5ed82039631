"""Fills the search index from the database."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from audiosearch.store.database import Database, Row
from audiosearch.store.rows import Recording
from audiosearch.store.search import SearchIndex
from audiosearch.types import Vectors

_BLOCKS_PER_STEP = 48

_log = logging.getLogger(__name__)


def load_index(index: SearchIndex, database: Database, recordings: Iterable[Recording]) -> None:
    """Fill the index with the sound blocks of sound recordings, and report what is missing."""
    missing = {each.id: each.n_blocks for each in recordings}
    blocks = database.sound_rows("blocks", "ORDER BY rowid")
    known = (row for row in blocks if row[0] in missing)
    steps = iter(lambda: list(islice(known, _BLOCKS_PER_STEP)), [])
    for step, vectors in _one_ahead(_vectors, steps):
        index.extend(
            [row[0] for row in step],
            [row[-1] for row in step],
            [block_times(row) for row in step],
            vectors.reshape(-1, index.dim),
        )
        for row in step:
            missing[row[0]] -= 1
    for recording_id, n_blocks in missing.items():
        if n_blocks:
            _log.warning(
                "%s: %d blocks of the recording %s are missing; list all damage with: "
                "python app.py check",
                database.file,
                n_blocks,
                recording_id,
            )
    index.restore()


def block_times(block: Row) -> NDArray[np.float64]:
    """Give a block's starts and ends, shape=(n_windows, 2)."""
    return np.stack([np.frombuffer(block[3]), np.frombuffer(block[4])], axis=1)


def _vectors(blocks: list[Row]) -> Vectors:
    """Give the vectors of some blocks, shape=(n_windows * dim,)."""
    return np.frombuffer(b"".join(block[5] for block in blocks), np.float16).astype(np.float32)


def _one_ahead(
    function: Callable[[list[Row]], Vectors], steps: Iterator[list[Row]]
) -> Iterator[tuple[list[Row], Vectors]]:
    """Yield steps with what a function makes of them; a thread makes it while others are read."""
    with ThreadPoolExecutor(1) as thread:
        waiting: deque[tuple[list[Row], Future[Vectors]]] = deque()
        for step in steps:
            waiting.append((step, thread.submit(function, step)))
            if len(waiting) > 1:
                step, made = waiting.popleft()
                yield step, made.result()
        for step, made in waiting:
            yield step, made.result()
