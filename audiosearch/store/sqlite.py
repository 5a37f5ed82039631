"""The embedded store: SQLite keeps everything, a matrix in memory answers searches."""

import logging
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from audiosearch.errors import IndexMismatchError, LibraryDamagedError, NotFoundError
from audiosearch.store.base import (
    Damage,
    File,
    Filter,
    Neighbours,
    Recording,
    Space,
    Store,
    WindowBlock,
    WindowDistances,
)
from audiosearch.store.check import Inspection, inspect
from audiosearch.store.checksums import row_checksum
from audiosearch.store.database import Database, Row, is_sound
from audiosearch.store.repair import rewrite
from audiosearch.store.schema import (
    FORMAT,
    REPLACE_RECORDING,
    files_where,
    recording_of,
    recording_row,
    recordings_where,
)
from audiosearch.store.search import APPROXIMATE_FROM, SearchIndex
from audiosearch.store.workspace import (
    SPACE,
    lock_workspace,
    space_from_json,
    space_to_json,
    write_space,
)
from audiosearch.store.workspace import check_not_busy as check_not_busy
from audiosearch.store.workspace import read_space as read_space
from audiosearch.types import Tags, Vectors

DATABASE = "library.sqlite"
APPROXIMATE = "approximate.faiss"

_BLOCKS_PER_STEP = 48

_log = logging.getLogger(__name__)


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
                self._start()
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            self._unlock()
            raise

    @property
    def library_id(self) -> str:
        """A random name that tells this library from others."""
        return str(self._meta("library_id"))

    @property
    def space(self) -> Space | None:
        """What the stored vectors were made with; ``None`` while there are none."""
        text = self._meta("space")
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
        row = next(self._db.rows("files", "WHERE uri = ?", (uri,)), None)
        return File(*row) if row else None

    def files(self) -> Iterator[File]:
        """Give all known files, in the order of their uris."""
        for row in self._db.rows("files", "ORDER BY uri"):
            yield File(*row)

    def put_file(self, file: File) -> None:
        """Add or replace a file; a recording that no file holds any longer is removed."""
        with self._db.transaction():
            orphans = self._replace_file(file)
        self._forget(orphans)

    def remove_file(self, uri: str) -> bool:
        """Forget a file, and the recording that it alone held; tell whether it was known."""
        with self._db.transaction():
            known = self.file(uri)
            self._db.execute("DELETE FROM files WHERE uri = ?", (uri,))
            orphans = self._remove_orphan(known)
        self._forget(orphans)
        return known is not None

    def recording(self, recording_id: str) -> Recording | None:
        """Give a recording by its id."""
        row = self._recording_row(recording_id)
        files = self._db.rows("files", "WHERE recording_id = ? ORDER BY uri", (recording_id,))
        uris = [file.uri for file in (File(*each) for each in files)]
        return recording_of(row, uris) if row and uris else None

    def recordings(self) -> Iterator[Recording]:
        """Give all recordings, in the order of their ids."""
        uris: dict[str, list[str]] = {}
        for file in self.files():
            if file.recording_id:
                uris.setdefault(file.recording_id, []).append(file.uri)
        for row in self._db.rows("recordings", "ORDER BY id"):
            if row[0] in uris:
                yield recording_of(row, uris[row[0]])

    def add_block(self, file: File, recording: Recording, block: WindowBlock, space: Space) -> None:
        """Write one block with its recording and file, all or nothing; see ``Store.add_block``."""
        known = self.space
        if known and known != space:
            raise IndexMismatchError(
                f"this library was made with {known}, and received vectors of {space}; "
                f"index into another --workspace, or delete {self._workspace} and run again: "
                f"python app.py index PATH --encoder {space.encoder}"
            )
        rounded = block.vectors.astype(np.float16)
        windows = (block.start_s.tobytes(), block.end_s.tobytes(), rounded.tobytes())
        row = (recording.id, block.index, len(rounded), *windows)
        with self._db.transaction():
            if not known:
                self._db.write("meta", ("space", space_to_json(space)))
            self._grow_recording(recording, len(rounded))
            self._db.write("blocks", row)
            orphans = self._replace_file(file)
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
            if row := self._recording_row(recording_id):
                recording = replace(recording_of(row, ()), tags=tags)
                self._db.write("recordings", recording_row(recording), conflict=REPLACE_RECORDING)

    def window_times(self, recording_id: str) -> NDArray[np.float64]:
        """Give the windows' starts and ends, in seconds, shape=(n_windows, 2), in order."""
        rows = self._db.rows("blocks", "WHERE recording_id = ? ORDER BY block", (recording_id,))
        return np.concatenate([np.empty((0, 2)), *(_times(row) for row in rows)])

    def remove(self, recording_id: str) -> bool:
        """Remove a recording with its files and windows; tell whether it was there."""
        cursor = self._db.execute("DELETE FROM recordings WHERE id = ?", (recording_id,))
        self._forget([recording_id])
        return cursor.rowcount > 0

    def select(self, condition: Filter) -> set[str] | None:
        """Give the ids of the recordings that a filter lets through; ``None`` for all."""
        if condition == Filter():
            return None
        clause, values = recordings_where(condition)
        if condition.tags:
            ids = {row[0] for row in self._db.rows("recordings", f"WHERE {clause}", values)}
        else:  # ids alone need no checksum: a wrong one names no recording
            rows = self._db.query(f"SELECT id FROM recordings WHERE {clause}", values)
            ids = {recording_id for (recording_id,) in rows}
        if condition.uri_prefix:
            clause, values = files_where(condition)
            files = self._db.rows("files", f"WHERE {clause}", values)
            ids &= {File(*row).recording_id for row in files}
        return ids

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
            self._start()
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

    def _start(self) -> None:
        """Check that this program wrote the library, and mend what is beside it."""
        if self._read_only:
            return self._check_format()
        if not next(self._db.scan("meta", "WHERE key = 'format'"), None):
            with self._db.transaction():
                self._db.write("meta", ("format", str(FORMAT)))
                self._db.write("meta", ("library_id", uuid.uuid4().hex))
        self._check_format()
        try:
            space = self.space
        except LibraryDamagedError as error:  # can be repaired
            _log.warning("%s", error)
        else:
            if space:
                write_space(self._workspace, space)

    def _check_format(self) -> None:
        row = next(self._db.scan("meta", "WHERE key = 'format'"), (None, None))
        if row[1] == str(FORMAT) and is_sound("meta", row):
            return
        if len(row) == 3 and not is_sound("meta", row):  # no other version has had three columns
            raise self._damaged("format")
        raise IndexMismatchError(
            f"the library in {self._workspace} has format {row[1]}, expected {FORMAT}: "
            "open it with the version of the program that wrote it"
        )

    def _damaged(self, key: str) -> LibraryDamagedError:
        return LibraryDamagedError(
            f"{self._db.file} is damaged ({key} is not as it was written): run python app.py check "
            "--repair; if that cannot read it either, delete the workspace and index again"
        )

    def _meta(self, key: str) -> str | None:
        """Give a value; one that is there but damaged is an error: much depends on each."""
        where = "WHERE key = ?"
        row = next(self._db.rows("meta", where, (key,)), None)
        if row is None and next(self._db.scan("meta", where, (key,)), None):
            raise self._damaged(key)
        return str(row[1]) if row else None

    def _recording_row(self, recording_id: str) -> Row | None:
        return next(self._db.rows("recordings", "WHERE id = ?", (recording_id,)), None)

    def _grow_recording(self, recording: Recording, n_windows: int) -> None:
        """Write a recording's row for one block more."""
        row = self._recording_row(recording.id)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        known = recording_of(row, ()) if row else Recording(recording.id, 0, False, added_at=now)
        grown = replace(
            recording,
            n_blocks=known.n_blocks + 1,
            n_windows=known.n_windows + n_windows,
            silent_windows=known.silent_windows + recording.silent_windows,
            added_at=known.added_at,
        )
        self._db.write("recordings", recording_row(grown), conflict=REPLACE_RECORDING)

    def _replace_file(self, file: File) -> list[str]:
        """Write a file's row and delete the recording that it alone held; give its id."""
        known = self.file(file.uri)
        self._db.write("files", astuple(file), "INSERT OR REPLACE")
        return self._remove_orphan(known)

    def _remove_orphan(self, file: File | None) -> list[str]:
        """Delete the recording that a file held, unless another holds it; give its id."""
        orphans = self._db.query(
            "DELETE FROM recordings WHERE id = ? AND NOT EXISTS "
            "(SELECT 1 FROM files WHERE recording_id = recordings.id) RETURNING id",
            (file.recording_id if file else None,),
        )
        return [recording_id for (recording_id,) in orphans]

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
                self._load(self._index)
        return self._index

    def _load(self, index: SearchIndex) -> None:
        """Fill the index with the sound blocks of sound recordings, and report what is missing."""
        missing = {each.id: each.n_blocks for each in self.recordings()}
        blocks = self._db.sound_rows("blocks", "ORDER BY rowid")
        known = (row for row in blocks if row[0] in missing)
        steps = iter(lambda: list(islice(known, _BLOCKS_PER_STEP)), [])
        for step, vectors in _one_ahead(_vectors, steps):
            index.extend(
                [row[0] for row in step],
                [row[-1] for row in step],
                [_times(row) for row in step],
                vectors.reshape(-1, index.dim),
            )
            for row in step:
                missing[row[0]] -= 1
        for recording_id, n_blocks in missing.items():
            if n_blocks:
                _log.warning(
                    "%s: %d blocks of the recording %s are missing; list all damage with: "
                    "python app.py check",
                    self._db.file,
                    n_blocks,
                    recording_id,
                )
        index.restore()

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


def _times(block: Row) -> NDArray[np.float64]:
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
