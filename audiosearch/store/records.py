"""Reads and writes the rows of files and recordings; writing is within a caller's transaction."""

from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import UTC, datetime

from audiosearch.store.database import Database, Row
from audiosearch.store.rows import File, Recording, Totals, WindowBlock
from audiosearch.store.schema import REPLACE_RECORDING, recording_of, recording_row


def read_file(database: Database, uri: str) -> File | None:
    """Give the file known by a uri."""
    row = next(database.rows("files", "WHERE uri = ?", (uri,)), None)
    return File(*row) if row else None


def read_recording(database: Database, recording_id: str) -> Row | None:
    """Give a recording's row."""
    return next(database.rows("recordings", "WHERE id = ?", (recording_id,)), None)


def read_recordings(database: Database) -> Iterator[Recording]:
    """Give all recordings with their files' uris, in the order of their ids."""
    uris: dict[str, list[str]] = {}
    for row in database.rows("files", "ORDER BY uri"):
        file = File(*row)
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
    database.write("recordings", recording_row(grown), conflict=REPLACE_RECORDING)


def replace_file(database: Database, file: File) -> list[str]:
    """Write a file's row and delete the recording that it alone held; give its id."""
    known = read_file(database, file.uri)
    database.write("files", astuple(file), "INSERT OR REPLACE")
    return remove_orphan(database, known)


def remove_orphan(database: Database, file: File | None) -> list[str]:
    """Delete the recording that a file held, unless another holds it; give its id."""
    orphans = database.query(
        "DELETE FROM recordings WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM files WHERE recording_id = recordings.id) RETURNING id",
        (file.recording_id if file else None,),
    )
    return [recording_id for (recording_id,) in orphans]
