"""Search in memory: exact, and in large libraries with candidates from an approximate index."""

import logging
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import LibraryDamagedError
from audiosearch.store.approximate import ApproximateIndex
from audiosearch.store.exact import ExactIndex
from audiosearch.store.pairs import PairSample
from audiosearch.store.rows import Neighbours, WindowDistances
from audiosearch.types import Heard, Vectors

APPROXIMATE_FROM = 50_000
"""Windows from which comparing all of them takes longer than a search should."""

_ROWS_PER_STEP = 16_384
_REMOVED_ROWS = 1024  # so few unused rows are no waste

_log = logging.getLogger(__name__)


class SearchIndex:
    """Answers searches, also while rows are added and while its approximate part is built.

    Parameters
    ----------
    dim : int
        Length of a vector.
    file : Path
        Where the approximate part is kept.
    approximate_from : int
        How many windows it is used from.
    read_only : bool
        Whether to use that file only if it is there, and build and write nothing.
    """

    def __init__(self, dim: int, file: Path, approximate_from: int, read_only: bool) -> None:
        self.dim = dim
        self._exact = ExactIndex(dim)
        self._pairs = PairSample(self._exact)
        self._approximate: ApproximateIndex | None = None
        self._keys: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
        self._file = file
        self._approximate_from = approximate_from
        self._read_only = read_only
        self._n_saved = 0
        self._lock = threading.RLock()
        self._builder: threading.Thread | None = None
        self._restored = False
        self._closed = False

    @property
    def is_approximate(self) -> bool:
        """Whether the approximate part is in use."""
        return self._approximate is not None

    @property
    def is_wasteful(self) -> bool:
        """Whether many rows are unused: it should be loaded again."""
        n_removed = self._exact.n_removed
        return n_removed > _REMOVED_ROWS and 8 * n_removed > self._exact.n_rows

    def extend(
        self,
        recording_ids: Sequence[str],
        checksums: Sequence[bytes],
        times: Sequence[NDArray[np.float64]],
        vectors: Vectors,
        heard: Sequence[Heard],
    ) -> None:
        """Add the windows of several blocks.

        Parameters
        ----------
        recording_ids : sequence of str
            Each block's recording; blocks of one recording come in order.
        checksums : sequence of bytes
            What names each block for ever.
        times : sequence of [shape=(n_windows, 2)], float64
            Each block's starts and ends, in seconds.
        vectors : [shape=(n_windows, dim)], float32
            Of all blocks.
        heard : sequence of [shape=(n_windows, n_kept, 2)], uint16
            What is heard in each block's windows.
        """
        sizes = [len(each) for each in times]
        with self._lock:
            first = self._exact.n_rows
            self._keys += [
                int.from_bytes(name[:8], "little", signed=True) + np.arange(size)
                for name, size in zip(checksums, sizes, strict=True)
            ]
            self._exact.extend(
                recording_ids, sizes, np.concatenate(times), vectors, np.concatenate(heard)
            )
            self._pairs.changed(recording_ids)
            if self._approximate:
                self._approximate.add(self._exact, np.arange(first, self._exact.n_rows))
            if self._restored:
                self._build_if_needed()

    def remove(self, recording_id: str) -> None:
        """Drop a recording's windows."""
        with self._lock:
            self._exact.remove(recording_id)
            self._pairs.changed([recording_id])

    def restore(self) -> None:
        """Use what is kept of the approximate part, once all blocks are loaded."""
        with self._lock:
            if len(self._exact) >= self._approximate_from and self._file.exists():
                self._approximate = self._read()
            self._restored = True
            self._build_if_needed()

    def nearest(
        self,
        queries: Vectors,
        k: int,
        among: Collection[str] | None = None,
        exclude: Collection[str] = (),
    ) -> Neighbours:
        """Find the k windows nearest to any query; see ``Store.nearest``."""
        with self._lock:
            rows = self._candidates(queries, k, among, exclude)
            if rows is not None and len(rows) >= k:
                return self._exact.nearest_of(rows, queries, k)
            return self._exact.nearest(queries, k, among, exclude)

    def window_distances(self, recording_id: str, queries: Vectors) -> WindowDistances:
        """Compare all windows of one recording; see ``Store.window_distances``."""
        with self._lock:
            return self._exact.window_distances(recording_id, queries)

    def pair_distances(self) -> NDArray[np.float32]:
        """Sample the distances between recordings; see ``Store.pair_distances``."""
        with self._lock:
            return self._pairs.distances()

    def finish_building(self) -> None:
        """Wait until the approximate part is ready, if it is being built."""
        if builder := self._builder:
            builder.join()

    def close(self) -> None:
        """End all work, and keep what is worth it."""
        self._closed = True
        self.finish_building()
        if self._approximate is None or self._read_only:
            return
        if len(self._approximate) - self._n_saved > self._n_saved // 20:
            self._save(self._approximate)

    def _candidates(
        self,
        queries: Vectors,
        k: int,
        among: Collection[str] | None,
        exclude: Collection[str],
    ) -> NDArray[np.int64] | None:
        """Propose rows; ``None`` where comparing all of them is as cheap.

        So many more are asked for as a filter may take away: it costs no recall.
        """
        if not self._approximate:
            return None
        self._approximate.forget_removed(self._exact)
        n_filtered = 0 if among is None else len(self._exact) - self._exact.count(among)
        excluded = self._exact.rows_of(exclude)
        rows = self._approximate.candidates(queries, k + n_filtered, excluded)
        return None if rows is None else self._exact.kept(rows, among)

    def _read(self) -> ApproximateIndex | None:
        try:
            read = ApproximateIndex.load(self._file, self._exact.dim, self._all_keys())
        except LibraryDamagedError as error:
            _log.warning("%s", error)
            return None
        if read is None or read.is_worn(len(self._exact)):
            return None
        self._n_saved = len(read)
        missing = read.missing(self._exact.n_rows)
        for first in range(0, len(missing), _ROWS_PER_STEP):
            read.add(self._exact, missing[first : first + _ROWS_PER_STEP])
        return read

    def _build_if_needed(self) -> None:
        n_rows = len(self._exact)
        if self._read_only or n_rows < max(1, self._approximate_from) or self._builder:
            return
        if self._approximate is None or self._approximate.is_worn(n_rows):
            self._builder = threading.Thread(target=self._build, name="approximate index")
            self._builder.start()

    def _build(self) -> None:
        rows = self._exact.kept(np.arange(self._exact.n_rows))
        built = ApproximateIndex.train(self._exact, rows)
        for first in range(0, len(rows), _ROWS_PER_STEP):
            if self._closed:
                return
            built.add(self._exact, rows[first : first + _ROWS_PER_STEP])
        with self._lock:
            built.add(self._exact, np.arange(rows[-1] + 1, self._exact.n_rows))
            self._save(built)
            self._approximate, self._builder = built, None

    def _save(self, index: ApproximateIndex) -> None:
        try:
            index.save(self._file, self._all_keys())
        except (OSError, RuntimeError) as error:  # FAISS raises the latter where the disk is full
            _log.warning("%s could not be written: %s", self._file, error)
        else:
            self._n_saved = len(index)

    def _all_keys(self) -> NDArray[np.int64]:
        self._keys = [np.concatenate(self._keys)]
        return self._keys[0]
