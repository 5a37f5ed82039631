"""The embedded store: SQLite keeps everything, a matrix in memory answers searches."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import IndexMismatchError, NotFoundError
from audiosearch.store.blocks import block_heard, block_row, block_vectors
from audiosearch.store.check import Inspection, inspect
from audiosearch.store.checksums import row_checksum
from audiosearch.store.database import Database
from audiosearch.store.hearing import write_heard
from audiosearch.store.loading import extend_index, load_index
from audiosearch.store.meta import is_empty, start
from audiosearch.store.reading import LibraryReader
from audiosearch.store.records import (
    delete_recording,
    grow_recording,
    read_recording,
    remove_orphan,
    replace_file,
)
from audiosearch.store.repair import rewrite
from audiosearch.store.rows import (
    Damage,
    File,
    Neighbours,
    Recording,
    Space,
    WindowBlock,
    WindowDistances,
)
from audiosearch.store.schema import (
    REPLACE_RECORDING,
    recording_of,
    recording_row,
)
from audiosearch.store.search import APPROXIMATE_FROM, SearchIndex
from audiosearch.store.workspace import (
    APPROXIMATE,
    lock_workspace,
    remove_derived,
    space_to_json,
    write_space,
)
from audiosearch.types import Tags, Vectors

DATABASE = "library.sqlite"


class SQLiteStore(LibraryReader):
    """A library in a workspace folder.

    Vectors are stored as float16: the rounding is part of what is stored. Rows whose checksum is
    wrong are reported, and answered by no method.

    Parameters
    ----------
    workspace : Path
        The folder.
    read_only : bool
        Readers see whole blocks only, while another process may write.
    approximate_from : int
        How many windows are searched approximately; fewer are all compared.

    Raises
    ------
    NotFoundError
        If there is no library to read.
    WorkspaceBusyError
        If another process writes to the workspace.
    LibraryDamagedError
        If its database cannot be read; also raised by methods that need what cannot be read.
    """

    def __init__(
        self,
        workspace: Path,
        read_only: bool = False,
        approximate_from: int = APPROXIMATE_FROM,
    ) -> None:
        self._workspace = workspace
        self._read_only = read_only
        self._approximate_from = approximate_from
        self._lock: IO[str] | None = None
        self._index: SearchIndex | None = None
        self._version = 0  # of the database, as the index was loaded from it
        database = workspace / DATABASE
        if read_only and not database.exists():
            raise NotFoundError(
                f"there is no library in {workspace}; make one with: python app.py index PATH"
            )
        if not read_only:
            workspace.mkdir(parents=True, exist_ok=True)
            self._lock = lock_workspace(workspace)
        try:
            super().__init__(Database(database, read_only))
            try:
                start(self._db, self._read_only)
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            self._unlock()
            raise

    def add_folder(self, name: str, path: str) -> None:
        """Register a library folder under a name that is not in use."""
        with self._db.transaction():
            self._db.write("folders", (name, path), "INSERT OR REPLACE")

    def put_file(self, file: File) -> None:
        """Add or replace a file; a recording that no file holds any longer is removed."""
        with self._db.transaction():
            orphans = replace_file(self._db, file)
        self._forget(orphans)

    def remove_file(self, uri: str) -> bool:
        """Forget a file, and the recording that it alone held; tell whether it was known."""
        with self._db.transaction():
            known = self.file(uri)
            self._db.execute("DELETE FROM files WHERE uri = ?", (uri,))
            orphans = remove_orphan(self._db, known)
        self._forget(orphans)
        return known is not None

    def add_block(self, file: File, recording: Recording, block: WindowBlock, space: Space) -> None:
        """Write one block with its recording and file, all or nothing; see ``Store.add_block``."""
        known = self.space
        if known and known != space:
            raise IndexMismatchError(
                f"this library was made with {known}, and received vectors of {space}; "
                "index into another --workspace, or delete this one and run again: "
                f"python app.py index PATH --encoder {space.encoder}"
            )
        row = block_row(recording.id, block)
        with self._db.transaction():
            if not known:
                self._db.write("meta", ("space", space_to_json(space)))
            grow_recording(self._db, recording, block)
            self._db.write("blocks", row)
            write_heard(self._db, recording.id, block_heard(row))
            orphans = replace_file(self._db, file)
        if not known:
            write_space(self._workspace, space)
        self._forget(orphans)
        if self._index:
            whole = (*row, row_checksum("blocks", row))
            extend_index(self._index, [whole], block_vectors([whole]))

    def set_tags(self, recording_id: str, tags: Tags) -> None:
        """Replace a recording's tags."""
        with self._db.transaction():
            if row := read_recording(self._db, recording_id):
                recording = replace(recording_of(row, ()), tags=tags)
                retagged = recording_row(recording, row[-1])
                self._db.write("recordings", retagged, conflict=REPLACE_RECORDING)

    def remove(self, recording_id: str) -> bool:
        """Remove a recording with its files and windows; tell whether it was there."""
        with self._db.transaction():
            deleted = delete_recording(self._db, recording_id)
        self._forget(deleted)
        return bool(deleted)

    def nearest(
        self,
        queries: Vectors,
        k: int,
        among: Collection[str] | None = None,
        exclude: Collection[str] = (),
    ) -> Neighbours:
        """Find the windows nearest to any query window; see ``Store.nearest``."""
        if self._index and self._db.version != self._version:  # another process has written
            self._drop_index()
        return self._loaded(queries).nearest(queries, k, among, exclude)

    def window_distances(self, recording_id: str, queries: Vectors) -> WindowDistances:
        """Compare all windows of one recording with query windows [shape=(n_queries, dim)]."""
        return self._loaded(queries).window_distances(recording_id, queries)

    def pair_distances(self) -> NDArray[np.float32]:
        """Sample the distances between windows of different recordings, ascending."""
        space = self.space
        if space is None:
            return np.empty(0, np.float32)
        return self._loaded(np.empty((0, space.dim), np.float32)).pair_distances()

    def check(self) -> list[Damage]:
        """Verify all that is kept; see ``Store.check``."""
        return self._inspect().damage

    def repair(self) -> list[Damage]:
        """Drop what cannot be trusted; see ``Store.repair``."""
        found = self._inspect()
        if found.damage:
            self._drop_index()
            remove_derived(self._workspace)
            rewrite(self._db, found)
            start(self._db, self._read_only)
        return found.damage

    @property
    def is_approximate(self) -> bool:
        """Whether searches use the approximate index: not while it is loaded or built."""
        return self._index is not None and self._index.is_approximate

    def finish_building(self) -> None:
        """Wait until the approximate index is ready, if it is being built."""
        if self._index:
            self._index.finish_building()

    def close(self) -> None:
        """Give up the database and the lock."""
        self._drop_index()
        self._db.close()
        self._unlock()

    def _inspect(self) -> Inspection:
        with self._db.snapshot():
            return inspect(self._db, self._workspace / APPROXIMATE)

    def _loaded(self, queries: Vectors) -> SearchIndex:
        """Load the index at its first use: a process that only writes does without its memory."""
        index = self._index
        if index is None:
            space = self.space
            index = self._load(space.dim if space else queries.shape[1])
            if space:  # else the first vectors that come may be of another length
                self._index = index
        if queries.shape[1:] != (index.dim,):
            raise IndexMismatchError(
                f"received query vectors of shape {queries.shape}, expected (n, {index.dim}): "
                f"this library was made with {self.space}"
            )
        return index

    def _load(self, dim: int) -> SearchIndex:
        """Load the index of the library's vectors, which have this length."""
        index = SearchIndex(
            dim, self._workspace / APPROXIMATE, self._approximate_from, self._read_only
        )
        with self._db.snapshot():
            load_index(index, self._db, self.recordings())
            self._version = self._db.version
        return index

    def _forget(self, recording_ids: Collection[str]) -> None:
        if self._index:
            for recording_id in recording_ids:
                self._index.remove(recording_id)
            if self._index.is_wasteful:
                self._drop_index()
        if recording_ids and is_empty(self._db):
            self._drop_index()
            remove_derived(self._workspace)

    def _drop_index(self) -> None:
        if self._index:
            self._index.close()
            self._index = None

    def _unlock(self) -> None:
        if self._lock:
            self._lock.close()
