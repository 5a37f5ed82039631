"""How far windows of different recordings are from each other, seen from a sample of a library."""

from collections.abc import Iterable
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from audiosearch.store.exact import ExactIndex, Rows

SAMPLE_SIZE = 512
"""Windows compared with each other: 130,816 pairs, but for those of one recording."""
MIN_RECORDINGS = 5
"""In a smaller library nothing is usual."""


class PairSample:
    """The distances of a sample's pairs, computed anew when the sample has changed.

    The sample is of the recordings with the first ids. These are digests of the audio: it is drawn
    as if by lot, and yet the same library always has the same sample, in whatever order it was
    indexed. Each recording gives as many windows as the others, evenly spread, or all it has.

    Parameters
    ----------
    index : ExactIndex
        The library's windows.
    """

    def __init__(self, index: ExactIndex) -> None:
        self._index = index
        self._last_id: str | None = None  # of the sample; None while that has all recordings
        self._distances: NDArray[np.float32] | None = None

    def distances(self) -> NDArray[np.float32]:
        """Give the cosine distances, ascending; none while there are too few recordings."""
        if self._distances is None:
            self._distances = self._measure()
        return self._distances

    def changed(self, recording_ids: Iterable[str]) -> None:
        """Note that windows of some recordings came or went."""
        last = self._last_id
        if self._distances is not None and any(
            last is None or each <= last for each in recording_ids
        ):
            self._distances = None

    def _measure(self) -> NDArray[np.float32]:
        rows_of = self._choose()
        if len(rows_of) < MIN_RECORDINGS:
            return np.empty(0, np.float32)
        owners = np.repeat(np.arange(len(rows_of)), [len(rows) for rows in rows_of])
        rows = np.concatenate(rows_of)
        order = np.argsort(rows)
        owners, vectors = owners[order], self._index.vectors(rows[order])
        apart = np.triu(owners[:, None] != owners)
        distances: NDArray[np.float32] = np.sort(np.maximum(1 - (vectors @ vectors.T)[apart], 0))
        return distances

    def _choose(self) -> list[Rows]:
        """Choose the sample's rows, for each recording."""
        ids = nsmallest(SAMPLE_SIZE, self._index.recording_ids())
        self._last_id = ids[-1] if len(ids) == SAMPLE_SIZE else None
        share = SAMPLE_SIZE // max(1, len(ids))
        return [_spread(self._index.rows_of([each]), share) for each in ids]


def _spread(rows: Rows, n: int) -> Rows:
    """Choose at most n rows, in equal steps."""
    n = min(n, len(rows))
    return rows[(2 * np.arange(n) + 1) * len(rows) // (2 * n)] if n else rows
