"""Exact nearest neighbours over a matrix in memory: a cache of what a store keeps on disk."""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from audiosearch.heard.windows import nothing_heard
from audiosearch.store.rows import Neighbours, WindowDistances
from audiosearch.types import Heard, Vectors
from audiosearch.vectors import l2_normalize

Scalar = TypeVar("Scalar", bound=np.generic)

Rows = NDArray[np.int64]
"""Numbers of rows, ascending."""

# Rows stored together, and compared at once: the matrix grows without being copied, and what BLAS
# makes of a part stays in the cache (of 16,384 rows it took 30 MB).
_ROWS_PER_PART = 2048
_NOBODY = -1


class ExactIndex:
    """Rows of unit length with the recording, start and end of each, and what is heard in it.

    A row keeps its number for ever; those of removed recordings stay unused.

    Parameters
    ----------
    dim : int
        Length of a vector.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.n_rows = 0
        self.n_removed = 0
        self._parts: list[Vectors] = []
        self._times: NDArray[np.float64] = np.empty((0, 2), np.float64)
        self._heard: Heard = nothing_heard(0)
        self._owners: NDArray[np.int64] = np.empty(0, np.int64)
        self._ids: list[str] = []
        self._spans_of: dict[str, list[range]] = {}

    def __len__(self) -> int:
        return self.n_rows - self.n_removed

    def extend(
        self,
        recording_ids: Sequence[str],
        sizes: Sequence[int],
        times: NDArray[np.float64],
        vectors: Vectors,
        heard: Heard,
    ) -> None:
        """Append the windows of several blocks.

        Parameters
        ----------
        recording_ids : sequence of str
            Each block's recording; blocks of one recording come in order.
        sizes : sequence of int
            How many windows each has.
        times : [shape=(n_windows, 2)], float64
            Starts and ends, in seconds.
        vectors : [shape=(n_windows, dim)], float32
            Of any length.
        heard : [shape=(n_windows, n_kept, 2)], uint16
            The classes heard in each.
        """
        first, stop = self.n_rows, self.n_rows + len(vectors)
        self._append(l2_normalize(vectors))
        self._times = _with_room(self._times, stop)
        self._times[first:stop] = times
        self._heard = _with_room(self._heard, stop)
        self._heard[first:stop] = heard
        self._owners = _with_room(self._owners, stop)
        self._owners[first:stop] = np.repeat(np.arange(len(sizes)) + len(self._ids), sizes)
        for recording_id, size in zip(recording_ids, sizes, strict=True):
            self._spans_of.setdefault(recording_id, []).append(range(first, first + size))
            first += size
        self._ids += recording_ids
        self.n_rows = stop

    def remove(self, recording_id: str) -> None:
        """Drop a recording's windows."""
        for rows in self._spans_of.pop(recording_id, []):
            self._owners[rows.start : rows.stop] = _NOBODY
            self.n_removed += len(rows)

    def nearest(
        self,
        queries: Vectors,
        k: int,
        among: Collection[str] | None = None,
        exclude: Collection[str] = (),
    ) -> Neighbours:
        """Find the k windows nearest to any query; see ``Store.nearest``."""
        rows = np.arange(self.n_rows) if among is None else self.rows_of(among)
        rows = np.setdiff1d(rows, self.rows_of(exclude), assume_unique=True)
        return self.nearest_of(self.kept(rows), queries, k)

    def nearest_of(self, rows: Rows, queries: Vectors, k: int) -> Neighbours:
        """Find those k of some rows that are nearest to any query."""
        distances = self._compare(rows, queries)
        if k < len(rows):
            best = np.argpartition(distances, k)[:k]
            rows, distances = rows[best], distances[best]
        order = np.argsort(distances, kind="stable")
        owners = self._owners[rows[order]]
        return Neighbours([self._ids[owner] for owner in owners], distances[order])

    def window_distances(self, recording_id: str, queries: Vectors) -> WindowDistances:
        """Compare all windows of one recording; see ``Store.window_distances``."""
        rows = self.rows_of([recording_id])
        best, nearest = np.empty(len(rows), np.float32), np.empty(len(rows), np.int64)
        for chosen, cosines in self._cosines(rows, queries):
            best[chosen], nearest[chosen] = cosines.max(axis=1), cosines.argmax(axis=1)
        return WindowDistances(
            start_s=self._times[rows, 0],
            end_s=self._times[rows, 1],
            distances=_distances(best),
            queries=nearest,
            heard=self._heard[rows],
        )

    def vectors(self, rows: Rows) -> Vectors:
        """Copy some rows' vectors, shape=(n_rows, dim)."""
        copied = np.empty((len(rows), self.dim), np.float32)
        for part, chosen, inside in self._in_parts(rows):
            copied[chosen] = part[inside]
        return copied

    def removed(self, rows: Rows) -> NDArray[np.bool_]:
        """Tell which of some rows are removed."""
        removed: NDArray[np.bool_] = self._owners[rows] == _NOBODY
        return removed

    def kept(self, rows: Rows, among: Collection[str] | None = None) -> Rows:
        """Give those of some rows that are not removed, and are of some recordings."""
        kept = rows[~self.removed(rows)]
        if among is not None:
            chosen = [self._ids[owner] in among for owner in self._owners[kept]]
            kept = kept[np.array(chosen, np.bool_)]
        return kept

    def rows_of(self, recording_ids: Collection[str]) -> Rows:
        """Give the rows of some recordings."""
        spans = [each for name in recording_ids for each in self._spans_of.get(name, [])]
        spans.sort(key=lambda each: each.start)
        parts = [np.arange(each.start, each.stop) for each in spans]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def recording_ids(self) -> Collection[str]:
        """Give the recordings that have windows."""
        return [each for each, spans in self._spans_of.items() if any(spans)]

    def count(self, recording_ids: Collection[str]) -> int:
        """Count the windows of some recordings."""
        return sum(len(rows) for name in recording_ids for rows in self._spans_of.get(name, ()))

    def _append(self, vectors: Vectors) -> None:
        done = 0
        while done < len(vectors):
            at = (self.n_rows + done) % _ROWS_PER_PART
            if at == 0:
                self._parts.append(np.empty((_ROWS_PER_PART, self.dim), np.float32))
            new = vectors[done : done + _ROWS_PER_PART - at]
            self._parts[-1][at : at + len(new)] = new
            done += len(new)

    def _in_parts(self, rows: Rows) -> Iterator[tuple[Vectors, slice, Rows]]:
        """Yield each part, which of the rows it holds, and where in it they are."""
        starts = np.arange(len(self._parts) + 1) * _ROWS_PER_PART
        bounds = np.searchsorted(rows, starts)
        for part, start, first, stop in zip(self._parts, starts, bounds, bounds[1:], strict=False):
            if first < stop:
                yield part, slice(first, stop), rows[first:stop] - start

    def _compare(self, rows: Rows, queries: Vectors) -> NDArray[np.float32]:
        """Compute each row's cosine distance to its nearest query, shape=(n_rows,)."""
        best = np.empty(len(rows), np.float32)
        for chosen, cosines in self._cosines(rows, queries):
            best[chosen] = cosines.max(axis=1)
        return _distances(best)

    def _cosines(self, rows: Rows, queries: Vectors) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yield some of the rows at a time, with their cosines [shape=(n_some, n_queries)]."""
        queries = l2_normalize(queries)
        for part, chosen, inside in self._in_parts(rows):
            first, stop = inside[0], inside[-1] + 1
            if 2 * len(inside) > stop - first:  # comparing some too many is cheaper than copying
                yield chosen, (part[first:stop] @ queries.T)[inside - first]
            else:
                yield chosen, part[inside] @ queries.T


def _distances(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute distances, never negative by rounding."""
    distances: NDArray[np.float32] = np.maximum(1 - cosines, 0)
    return distances


def _with_room(array: NDArray[Scalar], n_rows: int) -> NDArray[Scalar]:
    """Give an array of at least so many rows that begins with the given one."""
    if n_rows <= len(array):
        return array
    grown = np.empty((max(n_rows, 2 * len(array)), *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown
