"""The tables of the embedded store, and what is asked of them."""

import json
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from audiosearch.store.folding import fold, fold_values
from audiosearch.store.rows import File, Recording

FORMAT = 4

TABLES = ("meta", "folders", "recordings", "files", "blocks")

# The last column of each is a checksum of the others: see audiosearch/store/checksums.py.
# ``folded`` is what texts are searched in: a file's uri, the values of a recording's tags.
# The table ``heard`` has none: it is made of the blocks' and compared with them.
SCHEMA = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    checksum BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE folders (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    checksum BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE recordings (
    id TEXT PRIMARY KEY,
    duration_s REAL NOT NULL,
    complete INTEGER NOT NULL,
    n_blocks INTEGER NOT NULL,
    n_windows INTEGER NOT NULL,
    silent_windows INTEGER NOT NULL,
    tags TEXT NOT NULL,
    added_at TEXT NOT NULL,
    folded TEXT NOT NULL,
    seek_table BLOB NOT NULL,
    checksum BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE files (
    uri TEXT PRIMARY KEY,
    path TEXT,
    size INTEGER,
    mtime_ns INTEGER,
    recording_id TEXT REFERENCES recordings (id) ON DELETE CASCADE,
    code TEXT,
    message TEXT,
    failed_at TEXT,
    labels TEXT,
    folded TEXT NOT NULL,
    checksum BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_recording ON files (recording_id);
CREATE INDEX files_by_path ON files (path);
CREATE INDEX failed_files ON files (uri, code) WHERE code IS NOT NULL;
CREATE TABLE blocks (
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    block INTEGER NOT NULL,
    n_windows INTEGER NOT NULL,
    start_s BLOB NOT NULL,
    end_s BLOB NOT NULL,
    vectors BLOB NOT NULL,
    peaks BLOB NOT NULL,
    heard BLOB NOT NULL,
    checksum BLOB NOT NULL,
    PRIMARY KEY (recording_id, block)
) STRICT;
CREATE TABLE heard (
    class INTEGER NOT NULL,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    score INTEGER NOT NULL,
    PRIMARY KEY (class, recording_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX heard_by_recording ON heard (recording_id);
"""

REPLACE_RECORDING = """
ON CONFLICT (id) DO UPDATE SET
    duration_s = excluded.duration_s, complete = excluded.complete, n_blocks = excluded.n_blocks,
    n_windows = excluded.n_windows, silent_windows = excluded.silent_windows,
    tags = excluded.tags, added_at = excluded.added_at, folded = excluded.folded,
    seek_table = excluded.seek_table, checksum = excluded.checksum
"""


def file_row(file: File) -> tuple[Any, ...]:
    """Make a row of ``files``."""
    return (*astuple(file), fold(file.uri))


def file_of(row: tuple[Any, ...]) -> File:
    """Make a file of its row."""
    *values, _ = row
    return File(*values)


def recording_row(recording: Recording, seek_table: bytes) -> tuple[Any, ...]:
    """Make a row of ``recordings``, of the very types that SQLite gives back."""
    return (
        recording.id,
        float(recording.duration_s),
        int(recording.complete),
        recording.n_blocks,
        recording.n_windows,
        recording.silent_windows,
        json.dumps(recording.tags, ensure_ascii=False),
        recording.added_at,
        fold_values(recording.tags),
        seek_table,
    )


def recording_of(row: tuple[Any, ...], uris: Sequence[str]) -> Recording:
    """Make a recording of its row and of its files' uris."""
    recording_id, duration_s, complete, n_blocks, n_windows, silent, tags, added_at, *_ = row
    return Recording(
        id=recording_id,
        duration_s=duration_s,
        complete=bool(complete),
        n_blocks=n_blocks,
        n_windows=n_windows,
        silent_windows=silent,
        tags=json.loads(tags),
        added_at=added_at,
        uris=tuple(uris),
    )
