"""The tables of the embedded store, and what is asked of them."""

import json
from collections.abc import Sequence
from typing import Any

from audiosearch.store.rows import Recording

FORMAT = 2

TABLES = ("meta", "folders", "recordings", "files", "blocks")

# The last column of each is a checksum of the others: see audiosearch/store/checksums.py.
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
    checksum BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_recording ON files (recording_id);
CREATE TABLE blocks (
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    block INTEGER NOT NULL,
    n_windows INTEGER NOT NULL,
    start_s BLOB NOT NULL,
    end_s BLOB NOT NULL,
    vectors BLOB NOT NULL,
    checksum BLOB NOT NULL,
    PRIMARY KEY (recording_id, block)
) STRICT;
"""

REPLACE_RECORDING = """
ON CONFLICT (id) DO UPDATE SET
    duration_s = excluded.duration_s, complete = excluded.complete, n_blocks = excluded.n_blocks,
    n_windows = excluded.n_windows, silent_windows = excluded.silent_windows,
    tags = excluded.tags, added_at = excluded.added_at, checksum = excluded.checksum
"""


def recording_row(recording: Recording) -> tuple[Any, ...]:
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
    )


def recording_of(row: tuple[Any, ...], uris: Sequence[str]) -> Recording:
    """Make a recording of its row and of its files' uris."""
    recording_id, duration_s, complete, n_blocks, n_windows, silent, tags, added_at = row
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
