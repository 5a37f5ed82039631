"""The embedded store: SQLite keeps everything, a matrix in memory answers searches."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import IndexMismatchError, NotFoundError
from audiosearch.store.base import Store
from audiosearch.store.check import Inspection, inspect
from audiosearch.store.checksums import row_checksum
from audiosearch.store.database import Database
from audiosearch.store.filtering import select
from audiosearch.store.loading import block_times, load_index
from audiosearch.store.meta import read_meta, start
from audiosearch.store.records import (
    grow_recording,
    read_file,
    read_recording,
    read_recordings,
    read_totals,
    remove_orphan,
    replace_file,
)
from audiosearch.store.repair import rewrite
from audiosearch.store.rows import (
    Damage,
    File,
    Filter,
    Neighbours,
    Recording,
    Space,
    Totals,
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
    SPACE,
    lock_workspace,
    space_from_json,
    space_to_json,
    write_space,
)
from audiosearch.types import Tags, Vectors

DATABASE = "library.sqlite"
APPROXIMATE = "approximate.faiss"


class SQLiteStore(Store):
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
        database = workspace / DATABASE
        if read_only and not database.exists():
            raise NotFoundError(
                f"there is no library in {workspace}; make one with: python app.py index PATH"
            )
        if not read_only:
            workspace.mkdir(parents=True, exist_ok=True)
            self._lock = lock_workspace(workspace)
        try:
            self._db = Database(database, read_only)
            try:
                start(self._db, self._read_only)
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            self._unlock()
            raise

    @property
    def library_id(self) -> str:
        """A random name that tells this library from others."""
        return str(read_meta(self._db, "library_id"))

    @property
    def space(self) -> Space | None:
        """What the stored vectors were made with; ``None`` while there are none."""
        text = read_meta(self._db, "space")
        return space_from_json(text) if text else None

    def folders(self) -> dict[str, str]:
        """Give the library folders: absolute path by name."""
        return dict(self._db.rows("folders", "ORDER BY name"))

    def add_folder(self, name: str, path: str) -> None:
        """Register a library folder under a name that is not in use."""
        with self._db.transaction():
            self._db.write("folders", (name, path), "INSERT OR REPLACE")

    def file(self, uri: str) -> File | None:
        """Give the file known by this uri."""
        return read_file(self._db, uri)

    def files(self) -> Iterator[File]:
        """Give all known files, in the order of their uris."""
        for row in self._db.rows("files", "ORDER BY uri"):
            yield File(*row)

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

    def recording(self, recording_id: str) -> Recording | None:
        """Give a recording by its id."""
        row = read_recording(self._db, recording_id)
        files = self._db.rows("files", "WHERE recording_id = ? ORDER BY uri", (recording_id,))
        uris = [file.uri for file in (File(*each) for each in files)]
        return recording_of(row, uris) if row and uris else None

    def recordings(self) -> Iterator[Recording]:
        """Give all recordings, in the order of their ids."""
        return read_recordings(self._db)

    def totals(self) -> Totals:
        """Count recordings, windows and hours."""
        return read_totals(self._db)

    def add_block(self, file: File, recording: Recording, block: WindowBlock, space: Space) -> None:
        """Write one block with its recording and file, all or nothing; see ``Store.add_block``."""
        known = self.space
        if known and known != space:
            raise IndexMismatchError(
                f"this library was made with {known}, and received vectors of {space}; "
                "index into another --workspace, or delete this one and run again: "
                f"python app.py index PATH --encoder {space.encoder}"
            )
        rounded = block.vectors.astype(np.float16)
        windows = (block.start_s.tobytes(), block.end_s.tobytes(), rounded.tobytes())
        row = (recording.id, block.index, len(rounded), *windows)
        with self._db.transaction():
            if not known:
                self._db.write("meta", ("space", space_to_json(space)))
            grow_recording(self._db, recording, block)
            self._db.write("blocks", row)
            orphans = replace_file(self._db, file)
        if not known:
            write_space(self._workspace, space)
        self._forget(orphans)
        if self._index:
            times = np.stack([block.start_s, block.end_s], axis=1)
            checksum = row_checksum("blocks", row)
            self._index.extend([recording.id], [checksum], [times], rounded.astype(np.float32))

    def set_tags(self, recording_id: str, tags: Tags) -> None:
        """Replace a recording's tags."""
        with self._db.transaction():
            if row := read_recording(self._db, recording_id):
                recording = replace(recording_of(row, ()), tags=tags)
                self._db.write("recordings", recording_row(recording), conflict=REPLACE_RECORDING)

    def window_times(self, recording_id: str) -> NDArray[np.float64]:
        """Give the windows' starts and ends, in seconds, shape=(n_windows, 2), in order."""
        rows = self._db.rows("blocks", "WHERE recording_id = ? ORDER BY block", (recording_id,))
        return np.concatenate([np.empty((0, 2)), *(block_times(row) for row in rows)])

    def remove(self, recording_id: str) -> bool:
        """Remove a recording with its files and windows; tell whether it was there."""
        cursor = self._db.execute("DELETE FROM recordings WHERE id = ?", (recording_id,))
        self._forget([recording_id])
        return cursor.rowcount > 0

    def select(self, condition: Filter) -> set[str] | None:
        """Give the ids of the recordings that a filter lets through; ``None`` for all."""
        return select(self._db, condition)

    def nearest(self, queries: Vectors, k: int, among: Collection[str] | None = None) -> Neighbours:
        """Find the windows nearest to any query window; see ``Store.nearest``."""
        return self._loaded(queries).nearest(queries, k, among)

    def window_distances(self, recording_id: str, queries: Vectors) -> WindowDistances:
        """Compare all windows of one recording with query windows [shape=(n_queries, dim)]."""
        return self._loaded(queries).window_distances(recording_id, queries)

    def check(self) -> list[Damage]:
        """Verify all that is kept; see ``Store.check``."""
        return self._inspect().damage

    def repair(self) -> list[Damage]:
        """Drop what cannot be trusted; see ``Store.repair``."""
        found = self._inspect()
        if found.damage:
            self._drop_index()
            for name in (APPROXIMATE, SPACE):  # they are made anew
                (self._workspace / name).unlink(missing_ok=True)
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
        space = self.space
        if space and queries.shape[1:] != (space.dim,):
            raise IndexMismatchError(
                f"received query vectors of shape {queries.shape}, expected (n, {space.dim}): "
                f"this library was made with {space}"
            )
        if self._index is None:
            self._index = SearchIndex(
                queries.shape[1],
                self._workspace / APPROXIMATE,
                self._approximate_from,
                self._read_only,
            )
            with self._db.snapshot():
                load_index(self._index, self._db, self.recordings())
        return self._index

    def _forget(self, recording_ids: Collection[str]) -> None:
        if self._index:
            for recording_id in recording_ids:
                self._index.remove(recording_id)
            if self._index.is_wasteful:
                self._drop_index()

    def _drop_index(self) -> None:
        if self._index:
            self._index.close()
            self._index = None

    def _unlock(self) -> None:
        if self._lock:
            self._lock.close()
