"""A library's SQLite file: its tables, whose rows carry checksums, and its errors."""

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audiosearch.errors import (
    DiskFullError,
    InvalidQueryError,
    LibraryDamagedError,
    UnreadableFileError,
)
from audiosearch.store.checksums import row_checksum
from audiosearch.store.schema import SCHEMA

Row = tuple[Any, ...]

# Our statements are fixed: what SQLite finds wrong with them is wrong with the file.
_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
}
# What the operating system refuses.
_REFUSED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}

_ROWS_AT_ONCE = 16  # a block's row may have a megabyte

_log = logging.getLogger(__name__)


class Database:
    """The tables of a library.

    Parameters
    ----------
    file : Path
        The SQLite file; made, with its tables, if it is to be written.
    read_only : bool
        Whether another process may write to it.

    Raises
    ------
    LibraryDamagedError
        By all methods, if SQLite cannot make sense of the file.
    UnreadableFileError
        If it cannot be opened, or may not be written.
    InvalidQueryError
        By all methods, of text that UTF-8 cannot spell.
    DiskFullError
        By those that write.
    """

    def __init__(self, file: Path, read_only: bool = False) -> None:
        self.file = file
        self._lock = threading.RLock()
        if file.exists() and not file.is_file():  # SQLite would wait for a pipe's other end
            raise UnreadableFileError(f"{file} is not a regular file, as a library's must be")
        with self._telling():
            self.connection = sqlite3.connect(
                f"{file.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
        self.connection.text_factory = _decode
        try:
            self.execute("PRAGMA foreign_keys = ON")
            if not read_only:
                self._create()
        except BaseException:
            self.close()
            raise

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        with self._lock, self._telling():
            return self.connection.execute(statement, values)

    def query(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement, and give all that it answers."""
        with self._lock, self._telling():
            return self.connection.execute(statement, values).fetchall()

    def stream(self, statement: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """Run one statement, and yield what it answers as it is found."""
        rows = self.execute(statement, values)
        while True:
            with self._lock, self._telling():
                found = rows.fetchmany(_ROWS_AT_ONCE)
            if not found:
                return
            yield from found

    def scan(self, table: str, rest: str = "", values: Sequence[Any] = ()) -> Iterator[Row]:
        """Give whole rows of a table, unchecked, each with its checksum in the end.

        Parameters
        ----------
        table : str
            The table.
        rest : str
            What follows in the statement: WHERE, ORDER BY.
        values : sequence
            What its question marks mean.
        """
        return self.stream(f"SELECT * FROM {table} {rest}", values)

    def sound_rows(self, table: str, rest: str = "", values: Sequence[Any] = ()) -> Iterator[Row]:
        """Yield the whole rows whose checksum is right; the others are only reported."""
        for row in self.scan(table, rest, values):
            if is_sound(table, row):
                yield row
            else:
                _log.warning(
                    "%s: a row of %s is damaged and left out (%r); list all damage with: "
                    "python app.py check",
                    self.file,
                    table,
                    row[0],
                )

    def rows(self, table: str, rest: str = "", values: Sequence[Any] = ()) -> Iterator[Row]:
        """Yield the same rows without their checksums."""
        for row in self.sound_rows(table, rest, values):
            yield row[:-1]

    def write(self, table: str, row: Row, verb: str = "INSERT", conflict: str = "") -> None:
        """Insert a row with its checksum."""
        marks = ", ".join("?" * (len(row) + 1))
        statement = f"{verb} INTO {table} VALUES ({marks}) {conflict}"
        self.execute(statement, (*row, row_checksum(table, row)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of what follows, or nothing."""
        with self._lock:
            self.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read all of what follows as it is at one moment."""
        with self._lock:
            self.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    @property
    def version(self) -> int:
        """A number that changes when another process has written."""
        return int(self.query("PRAGMA data_version")[0][0])

    def become(self, other: "Database") -> None:
        """Replace all pages by those of another database, all or nothing."""
        with self._lock, self._telling():
            other.connection.backup(self.connection)

    def close(self) -> None:
        """Close the file, when no other thread is in the midst of a statement: SQLite crashes."""
        with self._lock:
            self.connection.close()

    def _roll_back(self) -> None:
        """End a transaction, unless SQLite has ended it on an error."""
        if self.connection.in_transaction:
            self.execute("ROLLBACK")

    def _create(self) -> None:
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = FULL")
        if not self.execute("SELECT 1 FROM sqlite_master").fetchone():
            with self.transaction():
                for statement in SCHEMA.split(";"):
                    self.execute(statement)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell users what SQLite's errors mean for them; the others are left as they are."""
        try:
            yield
        except UnicodeDecodeError as error:  # a message that cites damaged text
            raise self._damaged(error) from error
        except UnicodeEncodeError as error:
            raise InvalidQueryError(
                f"received {error.object!r}, expected text that UTF-8 can spell"
            ) from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            if code & 0xFF in _REFUSED:
                raise UnreadableFileError(
                    f"{self.file} cannot be used ({error}): check who may read and write it and "
                    "its folder"
                ) from error
            if code & 0xFF in _DAMAGE or code == sqlite3.SQLITE_IOERR_SHORT_READ:
                raise self._damaged(error) from error
            if code == sqlite3.SQLITE_FULL:
                raise DiskFullError(
                    "the disk of the workspace is full; what was written before is kept: "
                    "make room, and run it again"
                ) from error
            raise

    def _damaged(self, error: Exception) -> LibraryDamagedError:
        name = f"{self.file.parent.name}/{self.file.name}"
        return LibraryDamagedError(
            f"{name} is damaged ({error}): run python app.py check --repair, which keeps what can "
            "be trusted; if that cannot read it either, delete the workspace and index again"
        )


def is_sound(table: str, row: Row) -> bool:
    """Tell whether a whole row's checksum, its last value, is right."""
    return bool(row[-1] == row_checksum(table, row[:-1]))


def _decode(text: bytes) -> str:
    """Decode also damaged text, whose checksum then tells."""
    return text.decode(errors="surrogateescape")
