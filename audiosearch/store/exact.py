"""Exact nearest neighbours over a matrix in memory: a cache of what a store keeps on disk."""

from collections.abc import Collection
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from audiosearch.store.base import Neighbours, WindowBlock, WindowDistances
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize

Scalar = TypeVar("Scalar", bound=np.generic)

# Rows compared at once: bounds the memory of the distances of many queries.
_ROWS_PER_STEP = 65_536


class ExactIndex:
    """Rows of unit length with the recording, start and end of each.

    Parameters
    ----------
    dim : int
        Length of a vector.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._n = 0
        self._vectors: Vectors = np.empty((0, dim), np.float32)
        self._times: NDArray[np.float64] = np.empty((0, 2), np.float64)
        self._owners: NDArray[np.int64] = np.empty(0, np.int64)
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return self._n

    def add(self, recording_id: str, block: WindowBlock) -> None:
        """Append a block's windows; blocks of one recording come in order."""
        if recording_id not in self._numbers:
            self._numbers[recording_id] = len(self._ids)
            self._ids.append(recording_id)
        first, self._n = self._n, self._n + len(block.vectors)
        if self._n > len(self._vectors):
            capacity = max(self._n, len(self._vectors) * 5 // 4)
            self._vectors = _grow(self._vectors, capacity)
            self._times = _grow(self._times, capacity)
            self._owners = _grow(self._owners, capacity)
        new = slice(first, self._n)
        self._vectors[new] = l2_normalize(block.vectors)
        self._times[new, 0], self._times[new, 1] = block.start_s, block.end_s
        self._owners[new] = self._numbers[recording_id]

    def remove(self, recording_id: str) -> None:
        """Drop a recording's windows."""
        number = self._numbers.pop(recording_id, None)
        if number is None:
            return
        keep = np.flatnonzero(self._owners[: self._n] != number)
        self._n = len(keep)
        for array in (self._vectors, self._times, self._owners):
            array[: self._n] = array[keep]

    def nearest(self, queries: Vectors, k: int, among: Collection[str] | None = None) -> Neighbours:
        """Find the k windows nearest to any query; see ``Store.nearest``."""
        rows = np.arange(self._n) if among is None else self._rows(among)
        distances = np.concatenate(
            [np.empty(0, np.float32)]
            + [
                self._compare(rows[i : i + _ROWS_PER_STEP], queries).min(axis=1)
                for i in range(0, len(rows), _ROWS_PER_STEP)
            ]
        )
        if k < len(rows):
            best = np.argpartition(distances, k)[:k]
            rows, distances = rows[best], distances[best]
        order = np.argsort(distances, kind="stable")
        owners = self._owners[rows[order]]
        return Neighbours([self._ids[owner] for owner in owners], distances[order])

    def window_distances(self, recording_id: str, queries: Vectors) -> WindowDistances:
        """Compare all windows of one recording; see ``Store.window_distances``."""
        rows = self._rows([recording_id])
        distances = self._compare(rows, queries)
        nearest = distances.argmin(axis=1)
        return WindowDistances(
            start_s=self._times[rows, 0],
            end_s=self._times[rows, 1],
            distances=distances[np.arange(len(rows)), nearest],
            queries=nearest,
        )

    def _rows(self, recording_ids: Collection[str]) -> NDArray[np.int64]:
        numbers = [self._numbers[each] for each in recording_ids if each in self._numbers]
        return np.flatnonzero(np.isin(self._owners[: self._n], numbers))

    def _compare(self, rows: NDArray[np.int64], queries: Vectors) -> NDArray[np.float32]:
        """Compute cosine distances [shape=(n_rows, n_queries)], never negative by rounding."""
        whole = len(rows) and rows[-1] - rows[0] + 1 == len(rows)
        vectors = self._vectors[rows[0] : rows[-1] + 1] if whole else self._vectors[rows]
        distances: NDArray[np.float32] = np.maximum(1 - vectors @ l2_normalize(queries).T, 0)
        return distances


def _grow(array: NDArray[Scalar], capacity: int) -> NDArray[Scalar]:
    grown = np.empty((capacity, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown
