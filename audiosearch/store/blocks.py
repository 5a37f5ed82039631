"""Turns blocks of windows into rows of their table, and reads those."""

from collections.abc import Iterator
from itertools import accumulate, pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from audiosearch.heard.windows import N_KEPT, nothing_heard
from audiosearch.peaks import no_peaks
from audiosearch.store.database import Database, Row
from audiosearch.store.rows import MeanVectors, WindowBlock
from audiosearch.types import Heard, Peaks, Vectors
from audiosearch.vectors import l2_normalize

_LAST = 2**62  # no recording has so many blocks


def block_row(recording_id: str, block: WindowBlock) -> Row:
    """Make a row of ``blocks``; vectors are rounded to float16."""
    return (
        recording_id,
        block.index,
        len(block.vectors),
        block.start_s.tobytes(),
        block.end_s.tobytes(),
        block.vectors.astype(np.float16).tobytes(),
        block.peaks.tobytes(),
        b"" if block.heard is None else block.heard.tobytes(),
    )


def block_times(row: Row) -> NDArray[np.float64]:
    """Give a block's starts and ends, shape=(n_windows, 2)."""
    return np.stack([np.frombuffer(row[3]), np.frombuffer(row[4])], axis=1)


def block_heard(row: Row) -> Heard:
    """Give the classes heard in a block's windows, shape=(n_windows, n_kept, 2)."""
    if not row[7]:
        return nothing_heard(row[2])
    return np.frombuffer(row[7], np.uint16).reshape(-1, N_KEPT, 2)


def block_vectors(rows: list[Row]) -> Vectors:
    """Give the vectors of some blocks, shape=(n_windows * dim,)."""
    return np.frombuffer(b"".join(row[5] for row in rows), np.float16).astype(np.float32)


def read_window_times(database: Database, recording_id: str) -> NDArray[np.float64]:
    """Give the starts and ends of a recording's windows, shape=(n_windows, 2)."""
    times = [block_times(row) for row in _blocks(database, recording_id)]
    return np.concatenate([np.empty((0, 2)), *times])


def read_window_vectors(database: Database, recording_id: str, dim: int) -> Vectors:
    """Give the vectors of a recording's windows, of unit length, shape=(n_windows, dim)."""
    rows = list(_blocks(database, recording_id))
    return l2_normalize(block_vectors(rows).reshape(sum(row[2] for row in rows), dim))


def read_window_heard(database: Database, recording_id: str) -> Heard:
    """Give the classes heard in a recording's windows, shape=(n_windows, n_kept, 2)."""
    heard = [block_heard(row) for row in _blocks(database, recording_id)]
    return np.concatenate([nothing_heard(0), *heard])


def read_peaks(
    database: Database, recording_id: str, first: int = 0, stop: int | None = None
) -> Peaks:
    """Give a recording's peaks, or of a stretch; only the blocks that it lies in are read.

    They end at the first block that is missing: times follow from place.
    """
    sizes = database.query(
        "SELECT block, length(peaks) / 2 FROM blocks WHERE recording_id = ? ORDER BY block",
        (recording_id,),
    )
    whole = takewhile(lambda each: each[0] == each[1][0], enumerate(sizes))
    bounds = [*accumulate((size for _, (_, size) in whole), initial=0)]
    inside = [
        number
        for number, (start, end) in enumerate(pairwise(bounds))
        if end > first and (stop is None or start < stop)
    ]
    if not inside:
        return no_peaks()
    peaks = [no_peaks()]
    for number, row in enumerate(_blocks(database, recording_id, inside[0], inside[-1]), inside[0]):
        if row[1] != number:
            break
        peaks.append(np.frombuffer(row[6], np.int8).reshape(-1, 2))
    origin = bounds[inside[0]]
    return np.concatenate(peaks)[max(0, first - origin) : None if stop is None else stop - origin]


def read_mean_vectors(database: Database, dim: int) -> MeanVectors:
    """Give the mean of each recording's windows, scaled to unit length."""
    ids = [row[0] for row in database.rows("recordings", "ORDER BY id")]
    place = {recording_id: number for number, recording_id in enumerate(ids)}
    sums = np.zeros((len(ids), dim), np.float32)
    for row in database.rows("blocks", "ORDER BY rowid"):  # as they lie on the disk
        if row[0] in place:
            sums[place[row[0]]] += block_vectors([row]).reshape(-1, dim).sum(axis=0)
    with_windows = np.flatnonzero(sums.any(axis=1))
    return MeanVectors([ids[each] for each in with_windows], l2_normalize(sums[with_windows]))


def _blocks(
    database: Database, recording_id: str, first: int = 0, last: int = _LAST
) -> Iterator[Row]:
    where = "WHERE recording_id = ? AND block BETWEEN ? AND ? ORDER BY block"
    return database.rows("blocks", where, (recording_id, first, last))
