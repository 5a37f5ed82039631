"""What a library says of itself: its format, its id, its space."""

import logging
import uuid
from pathlib import Path

from audiosearch.errors import IndexMismatchError, LibraryDamagedError
from audiosearch.store.database import Database, is_sound
from audiosearch.store.schema import FORMAT
from audiosearch.store.workspace import remove_derived, space_from_json, write_space

_log = logging.getLogger(__name__)


def start(database: Database, read_only: bool) -> None:
    """Check that this program wrote the library; write what a new one says of itself.

    Raises
    ------
    IndexMismatchError
        If another version of the program wrote it.
    LibraryDamagedError
        If its format cannot be read.
    """
    if not read_only and not next(database.scan("meta", "WHERE key = 'format'"), None):
        with database.transaction():
            database.write("meta", ("format", str(FORMAT)))
            database.write("meta", ("library_id", uuid.uuid4().hex))
    _check_format(database)
    if not read_only:
        _mend_space_file(database)


def read_meta(database: Database, key: str) -> str | None:
    """Give a value; one that is there but damaged is an error: much depends on each."""
    where = "WHERE key = ?"
    row = next(database.rows("meta", where, (key,)), None)
    if row is None and next(database.scan("meta", where, (key,)), None):
        raise _damaged(database.file, key)
    return str(row[1]) if row else None


def is_empty(database: Database) -> bool:
    """Tell whether a library has no recording."""
    return not database.query("SELECT 1 FROM recordings LIMIT 1")


def _check_format(database: Database) -> None:
    row = next(database.scan("meta", "WHERE key = 'format'"), (None, None))
    if row[1] == str(FORMAT) and is_sound("meta", row):
        return
    if len(row) == 3 and not is_sound("meta", row):  # no other version has had three columns
        raise _damaged(database.file, "format")
    is_older = str(row[1]).isdecimal() and int(row[1]) < FORMAT
    raise IndexMismatchError(
        f"the library in {database.file.parent.name} has format {row[1]}, expected {FORMAT}: "
        + (
            "an older version of the program wrote it; index again into a new workspace: "
            "python app.py index PATH --workspace NEW"
            if is_older
            else "open it with the version of the program that wrote it"
        )
    )


def _mend_space_file(database: Database) -> None:
    try:
        text = read_meta(database, "space")
    except LibraryDamagedError as error:  # can be repaired
        _log.warning("%s", error)
    else:
        if text:
            write_space(database.file.parent, space_from_json(text))
        elif is_empty(database):
            remove_derived(database.file.parent)


def _damaged(file: Path, key: str) -> LibraryDamagedError:
    name = f"{file.parent.name}/{file.name}"
    return LibraryDamagedError(
        f"{name} is damaged ({key} is not as it was written): run python app.py check --repair; "
        "if that cannot read it either, delete the workspace and index again"
    )
