"""Reads and writes the rows of files and recordings; writing is within a caller's transaction."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from audiosearch.store.database import Database, Row
from audiosearch.store.meta import is_empty
from audiosearch.store.rows import File, Recording, Totals, WindowBlock
from audiosearch.store.schema import (
    REPLACE_RECORDING,
    file_of,
    file_row,
    recording_of,
    recording_row,
)

# A folder's files: 0 follows the slash.
_AT = "uri = ? OR (uri > ? AND uri < ?) OR path = ? OR (path > ? AND path < ?)"


def read_file(database: Database, uri: str) -> File | None:
    """Give the file known by a uri."""
    row = next(database.rows("files", "WHERE uri = ?", (uri,)), None)
    return file_of(row) if row else None


def read_files_at(database: Database, uri: str, path: str) -> list[File]:
    """Give the files of a uri or path, or below a folder of it, in the order of their uris."""
    values = [bound for name in (uri, path) for bound in (name, f"{name}/", f"{name}0")]
    return [file_of(row) for row in database.rows("files", f"WHERE {_AT} ORDER BY uri", values)]


def read_failures(database: Database, after: str, limit: int | None) -> list[File]:
    """Give files that could not be indexed, in the order of their uris."""
    rows = database.rows("files", "WHERE code IS NOT NULL AND uri > ? ORDER BY uri", (after,))
    return [file_of(row) for row in islice(rows, limit)]


def count_failures(database: Database) -> dict[str, int]:
    """Count the files that could not be indexed, by their codes."""
    counts = "SELECT code, count(*) FROM files WHERE code IS NOT NULL GROUP BY code"
    return dict(database.query(counts))


def read_recording(database: Database, recording_id: str) -> Row | None:
    """Give a recording's row."""
    return next(database.rows("recordings", "WHERE id = ?", (recording_id,)), None)


def read_uris(database: Database, recording_id: str) -> list[str]:
    """Give the uris of a recording's files, in order."""
    files = database.rows("files", "WHERE recording_id = ? ORDER BY uri", (recording_id,))
    return [file_of(row).uri for row in files]


def read_recordings(database: Database) -> Iterator[Recording]:
    """Give all recordings with their files' uris, in the order of their ids."""
    uris: dict[str, list[str]] = {}
    for row in database.rows("files", "ORDER BY uri"):
        file = file_of(row)
        if file.recording_id:
            uris.setdefault(file.recording_id, []).append(file.uri)
    for row in database.rows("recordings", "ORDER BY id"):
        if row[0] in uris:
            yield recording_of(row, uris[row[0]])


def read_totals(database: Database) -> Totals:
    """Add up the recordings' rows."""
    rows = database.query(
        "SELECT count(*), coalesce(sum(n_windows), 0), coalesce(sum(duration_s), 0) FROM recordings"
    )
    return Totals(*rows[0])


def read_fingerprint(database: Database) -> str:
    """Digest the checksums of all recordings and of the files that hold them."""
    digest = hashlib.sha256()
    for rows in (
        "recordings ORDER BY id",
        "files WHERE recording_id IS NOT NULL ORDER BY uri",
    ):
        for (checksum,) in database.stream(f"SELECT checksum FROM {rows}"):
            digest.update(checksum)
        digest.update(rows.encode())
    return digest.hexdigest()[:32]


def grow_recording(database: Database, recording: Recording, block: WindowBlock) -> None:
    """Write a recording's row for its next block."""
    row = read_recording(database, recording.id)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    known = recording_of(row, ()) if row else Recording(recording.id, 0, False, added_at=now)
    grown = replace(
        recording,
        n_blocks=known.n_blocks + 1,
        n_windows=known.n_windows + len(block.vectors),
        silent_windows=known.silent_windows + recording.silent_windows,
        added_at=known.added_at,
    )
    database.write("recordings", recording_row(grown, block.seek_table), conflict=REPLACE_RECORDING)


def replace_file(database: Database, file: File) -> list[str]:
    """Write a file's row and delete the recording that it alone held; give its id."""
    known = read_file(database, file.uri)
    database.write("files", file_row(file), "INSERT OR REPLACE")
    return remove_orphan(database, known)


def delete_recording(database: Database, recording_id: str) -> list[str]:
    """Delete a recording with its files and blocks; give its id if it was there."""
    return _delete(database, "id = ?", recording_id)


def remove_orphan(database: Database, file: File | None) -> list[str]:
    """Delete the recording that a file held, unless another holds it; give its id."""
    nobody = "NOT EXISTS (SELECT 1 FROM files WHERE recording_id = recordings.id)"
    return _delete(database, f"id = ? AND {nobody}", file.recording_id if file else None)


def _delete(database: Database, which: str, recording_id: str | None) -> list[str]:
    """Delete a recording; with the last one goes the space: an empty library takes any."""
    deleted = database.query(f"DELETE FROM recordings WHERE {which} RETURNING id", (recording_id,))
    if deleted and is_empty(database):
        database.execute("DELETE FROM meta WHERE key = 'space'")
    return [each for (each,) in deleted]
