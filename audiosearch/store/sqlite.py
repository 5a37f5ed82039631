"""The embedded store: SQLite keeps everything, a matrix in memory answers searches."""

import fcntl
import json
import os
import sqlite3
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from audiosearch.errors import IndexMismatchError, NotFoundError, WorkspaceBusyError
from audiosearch.store.base import (
    File,
    Filter,
    Neighbours,
    Recording,
    Space,
    Store,
    WindowBlock,
    WindowDistances,
)
from audiosearch.store.exact import ExactIndex
from audiosearch.types import Vectors

DATABASE = "library.sqlite"
SPACE = "space.json"
LOCK = "writer.lock"
FORMAT = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE folders (name TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE recordings (
    id TEXT PRIMARY KEY,
    duration_s REAL NOT NULL,
    complete INTEGER NOT NULL,
    silent_windows INTEGER NOT NULL,
    tags TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;
CREATE TABLE files (
    uri TEXT PRIMARY KEY,
    path TEXT,
    size INTEGER,
    mtime_ns INTEGER,
    recording_id TEXT REFERENCES recordings (id) ON DELETE CASCADE,
    code TEXT,
    message TEXT,
    failed_at TEXT
) STRICT;
CREATE INDEX files_by_recording ON files (recording_id);
CREATE TABLE blocks (
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    block INTEGER NOT NULL,
    n_windows INTEGER NOT NULL,
    start_s BLOB NOT NULL,
    end_s BLOB NOT NULL,
    vectors BLOB NOT NULL,
    PRIMARY KEY (recording_id, block)
) STRICT;
"""

_RECORDINGS = """
SELECT id, duration_s, complete,
       (SELECT count(*) FROM blocks WHERE recording_id = id),
       (SELECT coalesce(sum(n_windows), 0) FROM blocks WHERE recording_id = id),
       silent_windows, tags, added_at,
       (SELECT json_group_array(uri) FROM (
            SELECT uri FROM files WHERE recording_id = id ORDER BY uri))
FROM recordings
"""


class SQLiteStore(Store):
    """A library in a workspace folder.

    Vectors are stored as float16: the rounding is part of what is stored.

    Parameters
    ----------
    workspace : Path
        The folder.
    read_only : bool
        Readers see whole blocks only, while another process may write.

    Raises
    ------
    NotFoundError
        If there is no library to read.
    WorkspaceBusyError
        If another process writes to the workspace.
    """

    def __init__(self, workspace: Path, read_only: bool = False) -> None:
        self._workspace = workspace
        self._lock: IO[str] | None = None
        database = workspace / DATABASE
        if read_only and not database.exists():
            raise NotFoundError(
                f"there is no library in {workspace}; make one with: python app.py index PATH"
            )
        if not read_only:
            workspace.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(workspace)
        self._db = sqlite3.connect(
            f"{database.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        self._db.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            self._create()
        self._check_format()
        self._index: ExactIndex | None = None

    @property
    def library_id(self) -> str:
        """A random name that tells this library from others."""
        return str(self._meta("library_id"))

    @property
    def space(self) -> Space | None:
        """What the stored vectors were made with; ``None`` while there are none."""
        text = self._meta("space")
        return Space(**json.loads(text)) if text else None

    def folders(self) -> dict[str, str]:
        """Give the library folders: absolute path by name."""
        return dict(self._db.execute("SELECT name, path FROM folders ORDER BY name"))

    def add_folder(self, name: str, path: str) -> None:
        """Register a library folder under a name that is not in use."""
        self._db.execute("INSERT INTO folders VALUES (?, ?)", (name, path))

    def file(self, uri: str) -> File | None:
        """Give the file known by this uri."""
        row = self._db.execute("SELECT * FROM files WHERE uri = ?", (uri,)).fetchone()
        return File(*row) if row else None

    def files(self) -> Iterator[File]:
        """Give all known files, in the order of their uris."""
        for row in self._db.execute("SELECT * FROM files ORDER BY uri"):
            yield File(*row)

    def put_file(self, file: File) -> None:
        """Add or replace a file; a recording that no file holds any longer is removed."""
        with self._transaction():
            orphans = self._replace_file(file)
        self._forget(orphans)

    def recording(self, recording_id: str) -> Recording | None:
        """Give a recording by its id."""
        row = self._db.execute(_RECORDINGS + "WHERE id = ?", (recording_id,)).fetchone()
        return _recording(row) if row else None

    def recordings(self) -> Iterator[Recording]:
        """Give all recordings, in the order of their ids."""
        for row in self._db.execute(_RECORDINGS + "ORDER BY id"):
            yield _recording(row)

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
        row = (
            recording.id,
            recording.duration_s,
            recording.complete,
            recording.silent_windows,
            json.dumps(recording.tags, ensure_ascii=False),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        windows = (block.start_s.tobytes(), block.end_s.tobytes(), rounded.tobytes())
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('space', ?)", (_json(space),))
            self._db.execute(
                "INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "duration_s = excluded.duration_s, complete = excluded.complete, "
                "silent_windows = silent_windows + excluded.silent_windows, tags = excluded.tags",
                row,
            )
            self._db.execute(
                "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
                (recording.id, block.index, len(rounded), *windows),
            )
            orphans = self._replace_file(file)
        if not known:
            self._write_space_file(space)
        self._forget(orphans)
        if self._index is not None:
            self._index.add(recording.id, replace(block, vectors=rounded.astype(np.float32)))

    def remove(self, recording_id: str) -> bool:
        """Remove a recording with its files and windows; tell whether it was there."""
        cursor = self._db.execute("DELETE FROM recordings WHERE id = ?", (recording_id,))
        self._forget([recording_id])
        return cursor.rowcount > 0

    def select(self, condition: Filter) -> set[str] | None:
        """Give the ids of the recordings that a filter lets through; ``None`` for all."""
        if condition == Filter():
            return None
        clauses: list[str] = []
        values: list[Any] = []
        if condition.uri_prefix:
            prefixes = " OR ".join("substr(uri, 1, length(?)) = ?" for _ in condition.uri_prefix)
            clauses.append(f"id IN (SELECT recording_id FROM files WHERE {prefixes})")
            values += [part for prefix in condition.uri_prefix for part in (prefix, prefix)]
        for column, ids in (("id IN", condition.recording_id), ("id NOT IN", condition.exclude)):
            if ids:
                clauses.append(f"{column} ({_marks(ids)})")
                values += ids
        for key, allowed in condition.tags.items():
            tag = f"SELECT 1 FROM json_each(tags) WHERE key = ? AND value IN ({_marks(allowed)})"
            clauses.append(f"EXISTS ({tag})")
            values += [key, *allowed]
        rows = self._db.execute(f"SELECT id FROM recordings WHERE {' AND '.join(clauses)}", values)
        return {recording_id for (recording_id,) in rows}

    def nearest(self, queries: Vectors, k: int, among: Collection[str] | None = None) -> Neighbours:
        """Find the windows nearest to any query window; see ``Store.nearest``."""
        return self._loaded(queries).nearest(queries, k, among)

    def window_distances(self, recording_id: str, queries: Vectors) -> WindowDistances:
        """Compare all windows of one recording with query windows [shape=(n_queries, dim)]."""
        return self._loaded(queries).window_distances(recording_id, queries)

    def close(self) -> None:
        """Give up the database and the lock."""
        self._db.close()
        if self._lock:
            self._lock.close()

    def _loaded(self, queries: Vectors) -> ExactIndex:
        """Load the index at its first use: a process that only writes does without its memory."""
        space = self.space
        if space and queries.shape[1:] != (space.dim,):
            raise IndexMismatchError(
                f"received query vectors of shape {queries.shape}, expected (n, {space.dim}): "
                f"this library was made with {space}"
            )
        if self._index is None:
            index = ExactIndex(queries.shape[1])
            blocks = self._db.execute(
                "SELECT recording_id, block, start_s, end_s, vectors FROM blocks ORDER BY rowid"
            )
            for recording_id, number, start_s, end_s, vectors in blocks:
                rows = np.frombuffer(vectors, np.float16).astype(np.float32)
                block = WindowBlock(
                    number,
                    np.frombuffer(start_s),
                    np.frombuffer(end_s),
                    rows.reshape(-1, index.dim),
                )
                index.add(recording_id, block)
            self._index = index
        return self._index

    def _forget(self, recording_ids: Collection[str]) -> None:
        if self._index is not None:
            for recording_id in recording_ids:
                self._index.remove(recording_id)

    def _replace_file(self, file: File) -> list[str]:
        """Write a file's row and delete the recording that it alone held; give its id."""
        known = self.file(file.uri)
        self._db.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(file)
        )
        orphans = self._db.execute(
            "DELETE FROM recordings WHERE id = ? AND NOT EXISTS "
            "(SELECT 1 FROM files WHERE recording_id = recordings.id) RETURNING id",
            (known.recording_id if known else None,),
        )
        return [recording_id for (recording_id,) in orphans.fetchall()]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _create(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            with self._transaction():
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.executemany(
                    "INSERT INTO meta VALUES (?, ?)",
                    [("format", str(FORMAT)), ("library_id", uuid.uuid4().hex)],
                )
        elif space := self.space:
            self._write_space_file(space)

    def _check_format(self) -> None:
        found = self._meta("format")
        if found != str(FORMAT):
            raise IndexMismatchError(
                f"the library in {self._workspace} has format {found}, expected {FORMAT}: "
                "open it with the version of the program that wrote it"
            )

    def _meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def _write_space_file(self, space: Space) -> None:
        partial = self._workspace / f"{SPACE}.part"
        partial.write_text(_json(space))
        partial.rename(self._workspace / SPACE)


def read_space(workspace: Path) -> Space | None:
    """Tell what a workspace's vectors were made with, without opening its library.

    Parameters
    ----------
    workspace : Path
        The folder.

    Returns
    -------
    Space or None
        ``None`` while nothing is indexed.
    """
    file = workspace / SPACE
    return Space(**json.loads(file.read_text())) if file.exists() else None


def check_not_busy(workspace: Path) -> None:
    """Raise WorkspaceBusyError if a process is writing to a workspace."""
    if workspace.exists():
        _lock(workspace).close()


def _lock(workspace: Path) -> IO[str]:
    lock = (workspace / LOCK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise WorkspaceBusyError(
            f"process {owner} is writing to {workspace}; "
            "wait until it ends, stop it, or use another --workspace"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _recording(row: tuple[Any, ...]) -> Recording:
    recording_id, duration_s, complete, n_blocks, n_windows, silent, tags, added_at, uris = row
    return Recording(
        id=recording_id,
        duration_s=duration_s,
        complete=bool(complete),
        n_blocks=n_blocks,
        n_windows=n_windows,
        silent_windows=silent,
        tags=json.loads(tags),
        added_at=added_at,
        uris=tuple(json.loads(uris)),
    )


def _json(space: Space) -> str:
    return json.dumps(asdict(space))


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))
