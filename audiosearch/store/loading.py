"""Fills the search index from the database."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from audiosearch.store.blocks import block_heard, block_times, block_vectors
from audiosearch.store.database import Database, Row
from audiosearch.store.rows import Recording
from audiosearch.store.search import SearchIndex
from audiosearch.types import Vectors

_BLOCKS_PER_STEP = 12

_log = logging.getLogger(__name__)


def load_index(index: SearchIndex, database: Database, recordings: Iterable[Recording]) -> None:
    """Fill the index with the sound blocks of sound recordings, and report what is missing."""
    missing = {each.id: each.n_blocks for each in recordings}
    blocks = database.sound_rows("blocks", "ORDER BY rowid")
    known = (row for row in blocks if row[0] in missing)
    steps = iter(lambda: list(islice(known, _BLOCKS_PER_STEP)), [])
    for step, vectors in _one_ahead(block_vectors, steps):
        extend_index(index, step, vectors)
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


def extend_index(index: SearchIndex, blocks: list[Row], vectors: Vectors) -> None:
    """Add whole rows of ``blocks`` with their vectors; see ``block_vectors``."""
    index.extend(
        [row[0] for row in blocks],
        [row[-1] for row in blocks],
        [block_times(row) for row in blocks],
        vectors.reshape(-1, index.dim),
        [block_heard(row) for row in blocks],
    )


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
