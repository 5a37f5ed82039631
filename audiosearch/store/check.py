"""Tells what of a library cannot be trusted."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from audiosearch.errors import LibraryDamagedError
from audiosearch.heard.windows import N_KEPT
from audiosearch.store.approximate import index_size
from audiosearch.store.blocks import block_heard
from audiosearch.store.database import Database, Row, is_sound
from audiosearch.store.hearing import keep_best_scores
from audiosearch.store.meta import is_empty
from audiosearch.store.rows import Damage
from audiosearch.store.schema import SCHEMA, TABLES, file_of, recording_of
from audiosearch.store.workspace import SPACE, read_space, space_from_json, space_to_json

_FLOAT64 = 8
_FLOAT16 = 2
_PEAK = 2  # two int8
_HEARD = N_KEPT * 4  # two uint16 a class
_DEFINITIONS = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
_INCOMPLETE = "its row, files or blocks are missing or contradict each other"


@dataclass
class Inspection:
    """What was found in a library.

    Parameters
    ----------
    damage : list of Damage
        What cannot be trusted.
    trusted : set of str
        Ids of the recordings of which all can.
    meta : dict
        What is known of the library as a whole.
    """

    damage: list[Damage] = field(default_factory=list)
    trusted: set[str] = field(default_factory=set)
    meta: dict[str, str] = field(default_factory=dict)

    def blame(self, what: str, why: str) -> None:
        """Note a damage."""
        self.damage.append(Damage(what, why))

    def sound_rows(self, database: Database, table: str) -> Iterator[Row]:
        """Yield the sound rows of a table as far as it can be read; note the others."""
        try:
            for row in database.scan(table):
                if is_sound(table, row):
                    yield row[:-1]
                else:
                    self.blame(f"{table} {row[0]!r}", "its checksum is wrong")
        except LibraryDamagedError as error:
            self.blame(table, str(error))


def inspect(database: Database, cache: Path) -> Inspection:
    """Read a whole library.

    Parameters
    ----------
    database : Database
        Its tables.
    cache : Path
        The file of its approximate index.

    Returns
    -------
    Inspection
        What is wrong, and which recordings are right.
    """
    found = Inspection()
    _check_structure(database, found)
    found.meta = dict(found.sound_rows(database, "meta"))
    _check_files(database, cache, found)
    for _ in found.sound_rows(database, "folders"):
        pass
    _check_recordings(database, found)
    return found


def _check_files(database: Database, cache: Path, found: Inspection) -> None:
    """Check what lies beside the database, and learn from it what that has lost."""
    for key in ("format", "library_id"):
        if key not in found.meta:
            found.blame(f"meta {key!r}", "it is missing")
    try:
        space, empty = read_space(database.file.parent), is_empty(database)
    except LibraryDamagedError as error:
        found.blame(SPACE, str(error))
    else:
        if space and "space" not in found.meta:
            if not empty:  # else a process was killed before it could remove the file
                found.blame("meta 'space'", f"it is missing, though there is {SPACE}")
                found.meta["space"] = space_to_json(space)
        elif found.meta.get("space") != (space_to_json(space) if space else None):
            found.blame(SPACE, "it contradicts the database")
    try:
        if cache.exists():
            index_size(cache)
    except LibraryDamagedError as error:
        found.blame(cache.name, str(error))


def _check_recordings(database: Database, found: Inspection) -> None:
    """Check that recordings, files and blocks belong together."""
    recordings = {row[0]: recording_of(row, ()) for row in found.sound_rows(database, "recordings")}
    files = [file_of(row) for row in found.sound_rows(database, "files")]
    held = {file.recording_id for file in files if file.recording_id}
    dim = space_from_json(found.meta["space"]).dim if "space" in found.meta else 0
    blocks: dict[str, list[tuple[int, int]]] = {}
    heard: dict[str, dict[int, int]] = {}
    for row in found.sound_rows(database, "blocks"):
        recording_id, block, n_windows, *arrays = row
        *sizes, peaks_size, heard_size = (len(each) for each in arrays)
        expected = [n_windows * _FLOAT64, n_windows * _FLOAT64, n_windows * dim * _FLOAT16]
        if sizes == expected and peaks_size % _PEAK == 0 and heard_size in (0, n_windows * _HEARD):
            blocks.setdefault(recording_id, []).append((block, n_windows))
            keep_best_scores(heard.setdefault(recording_id, {}), block_heard(row))
    for recording_id in sorted(recordings.keys() | held | blocks.keys()):
        recording = recordings.get(recording_id)
        own = sorted(blocks.get(recording_id, []))
        if (
            recording
            and recording_id in held
            and [number for number, _ in own] == list(range(recording.n_blocks))
            and sum(n_windows for _, n_windows in own) == recording.n_windows
        ):
            found.trusted.add(recording_id)
        else:
            found.blame(f"recording {recording_id!r}", _INCOMPLETE)
    _check_heard(database, heard, found)


def _check_heard(
    database: Database, expected: Mapping[str, Mapping[int, int]], found: Inspection
) -> None:
    """Check that what is noted of whole recordings is what is heard in their windows."""
    noted: dict[str, dict[int, int]] = {}
    try:
        for number, recording_id, score in database.stream("SELECT * FROM heard"):
            noted.setdefault(recording_id, {})[number] = score
    except LibraryDamagedError as error:
        found.blame("heard", str(error))
    for recording_id in sorted(found.trusted):
        if noted.get(recording_id, {}) != expected.get(recording_id, {}):
            found.blame(f"heard {recording_id!r}", "it is not what is heard in its windows")


def _check_structure(database: Database, found: Inspection) -> None:
    """Let SQLite check its pages, indexes and references."""
    try:
        for (problem,) in database.query("PRAGMA integrity_check"):
            if problem != "ok":
                found.blame(database.file.name, str(problem))
        if database.query(_DEFINITIONS) != _expected_definitions():
            found.blame(database.file.name, "its tables are not as this program makes them")
        for table in (*TABLES, "heard"):
            for row in database.query(f"PRAGMA foreign_key_check({table})"):
                found.blame(f"{row[0]} {row[1]}", f"it belongs to no row of {row[2]}")
    except LibraryDamagedError as error:
        found.blame(database.file.name, str(error))


def _expected_definitions() -> list[Row]:
    with closing(sqlite3.connect(":memory:")) as new:
        new.executescript(SCHEMA)
        return new.execute(_DEFINITIONS).fetchall()
