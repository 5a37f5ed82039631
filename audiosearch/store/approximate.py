"""An approximate index: proposes rows that may be near, for the exact one to compare."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import LibraryDamagedError
from audiosearch.store.checksums import file_checksum
from audiosearch.store.exact import ExactIndex, Rows
from audiosearch.types import Vectors
from audiosearch.vectors import l2_normalize

# Measured by benchmarks/store.py; docs/library.md has the recall.
_LISTS_PER_SQRT_ROW = 2
_LISTS_SEARCHED = 16  # at least, for each query
_LISTS_SEARCHED_IN_ALL = 256  # few queries can afford more each
_ROWS_PER_LIST_IN_TRAINING = 40
_TRAINING_ROUNDS = 8
_EXCLUDED_SHARE = 16  # if more than a 16th is excluded, lists are searched in vain
_OVERFETCH = 1.5  # 8 bits a number order near rows wrongly: ask for more than are wanted

# What follows FAISS's index in a file: how long that is, then a SHA-256 of all before it.
_FOOTER = struct.Struct("<8sQ")
_MAGIC = b"audios01"
_DIGEST_SIZE = 32


class ApproximateIndex:
    """FAISS's inverted lists of vectors of 8 bits a number.

    FAISS numbers its vectors in the order of their coming; ``rows`` translates that to rows of the
    exact index, which differ after a restart if some were removed.

    Parameters
    ----------
    index : faiss.IndexIVF
        A trained index.
    rows : [shape=(n,)], int64
        The row of each of FAISS's numbers; -1 if that is gone.
    """

    def __init__(self, index: Any, rows: Rows) -> None:
        self._index = index
        self._rows = rows
        self._n_removed = 0
        self._remove(np.flatnonzero(rows < 0))
        self.n_trained = (index.nlist / _LISTS_PER_SQRT_ROW) ** 2

    @classmethod
    def train(cls, exact: ExactIndex, rows: Rows) -> "ApproximateIndex":
        """Make an empty index for some rows of the exact one, trained on a sample of them."""
        import faiss

        n_lists = min(len(rows), round(_LISTS_PER_SQRT_ROW * np.sqrt(len(rows))))
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(exact.dim),
            exact.dim,
            n_lists,
            faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT,
        )
        index.cp.niter = _TRAINING_ROUNDS
        index.cp.min_points_per_centroid = 1
        n_sample = min(len(rows), n_lists * _ROWS_PER_LIST_IN_TRAINING)
        sample = np.random.default_rng(0).choice(rows, n_sample, replace=False)
        index.train(exact.vectors(np.sort(sample)))
        return cls(index, np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, exact: ExactIndex, rows: Rows) -> None:
        """Add rows of the exact index."""
        ids = np.arange(len(self._rows), len(self._rows) + len(rows))
        self._index.add_with_ids(exact.vectors(rows), ids)
        self._rows = np.concatenate([self._rows, rows])

    def forget_removed(self, exact: ExactIndex) -> None:
        """Leave out rows that the exact index has removed: they would take others' places."""
        if exact.n_removed != self._n_removed:
            self._n_removed = exact.n_removed
            ids = np.flatnonzero(self._rows >= 0)
            self._remove(ids[exact.removed(self._rows[ids])])

    def missing(self, n_rows: int) -> Rows:
        """Tell which of the exact index's first rows are not in it."""
        absent = np.ones(n_rows, np.bool_)
        absent[self._rows[self._rows >= 0]] = False
        return np.flatnonzero(absent)

    def is_worn(self, n_rows: int) -> bool:
        """Tell whether it should be built anew for so many rows."""
        return n_rows > 2 * self.n_trained or 2 * n_rows < len(self._rows)

    def candidates(self, queries: Vectors, k: int, excluded: Rows) -> Rows | None:
        """Propose rows, about ``k`` for each query; ``None`` if comparing all is as cheap.

        So many more lists are searched as rows to be excluded may fill: they cost no recall.
        """
        n_wanted = round(_OVERFETCH * k)
        if max(8 * n_wanted * len(queries), _EXCLUDED_SHARE * len(excluded)) > len(self._rows):
            return None
        n_lists = max(_LISTS_SEARCHED, _LISTS_SEARCHED_IN_ALL // len(queries))
        n_lists += math.ceil(len(excluded) * self._index.nlist / len(self._rows))
        options = self._search_options(n_lists, excluded)
        _, found = self._index.search(l2_normalize(queries), n_wanted, params=options)
        rows = np.unique(self._rows[found[found >= 0]])
        return rows[rows >= 0]

    def _search_options(self, n_lists: int, excluded: Rows) -> Any:
        import faiss

        options: dict[str, Any] = {"nprobe": n_lists}
        if len(excluded):
            allowed = np.isin(self._rows, excluded, invert=True)
            selector: Any = faiss.IDSelectorBitmap  # takes an array, unlike its stub
            options["sel"] = selector(np.packbits(allowed, bitorder="little"))
        return faiss.SearchParametersIVF(**options)

    def _remove(self, ids: NDArray[np.int64]) -> None:
        if len(ids):
            self._index.remove_ids(ids)
            self._rows[ids] = -1

    def save(self, file: Path, keys: NDArray[np.int64]) -> None:
        """Write it to a file.

        Parameters
        ----------
        file : Path
            Where to.
        keys : [shape=(n_rows,)], int64
            What names each row of the exact index for ever.
        """
        import faiss

        partial = file.with_name(f"{file.name}.part")
        faiss.write_index(self._index, str(partial))
        n_bytes = partial.stat().st_size
        with partial.open("ab") as opened:
            opened.write(np.where(self._rows >= 0, keys[self._rows], 0).tobytes())
            opened.write(_FOOTER.pack(_MAGIC, n_bytes))
        digest = file_checksum(partial, partial.stat().st_size)
        with partial.open("ab") as opened:
            opened.write(digest)
        partial.rename(file)

    @classmethod
    def load(cls, file: Path, dim: int, keys: NDArray[np.int64]) -> "ApproximateIndex | None":
        """Read what ``save`` wrote; ``None`` if that was for vectors of another length.

        Raises
        ------
        LibraryDamagedError
            If it is not what ``save`` wrote.
        """
        n_bytes = index_size(file)
        import faiss

        with file.open("rb") as opened:
            opened.seek(n_bytes)
            saved = np.frombuffer(opened.read()[: -_FOOTER.size - _DIGEST_SIZE], np.int64)
        index = faiss.read_index(str(file))
        if index.d != dim:
            return None
        order = np.argsort(keys)
        at = np.searchsorted(keys, saved, sorter=order).clip(max=len(keys) - 1)
        return cls(index, np.where(keys[order[at]] == saved, order[at], -1))


def index_size(file: Path) -> int:
    """Check a saved index, and tell how many bytes of it are FAISS's.

    Raises
    ------
    LibraryDamagedError
        If its checksum is wrong.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        opened.seek(max(0, size - _FOOTER.size - _DIGEST_SIZE))
        footer, digest = opened.read(_FOOTER.size), opened.read()
    if size < _FOOTER.size + _DIGEST_SIZE or digest != file_checksum(file, size - _DIGEST_SIZE):
        raise LibraryDamagedError(f"{file} is damaged; delete it, it is built anew")
    magic, n_bytes = _FOOTER.unpack(footer)
    if magic != _MAGIC:
        raise LibraryDamagedError(f"{file} was written by another version; delete it")
    return int(n_bytes)
