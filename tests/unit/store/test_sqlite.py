import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audiosearch.errors import (
    IndexMismatchError,
    InvalidQueryError,
    UnreadableFileError,
    WorkspaceBusyError,
)
from audiosearch.store import open_store
from audiosearch.store.database import Database
from audiosearch.store.rows import Space
from audiosearch.store.schema import FORMAT
from audiosearch.store.sqlite import SQLiteStore
from audiosearch.store.workspace import check_not_busy, read_space
from tests.contract.test_stores import SPACE, add


def set_meta(workspace: Path, key: str, value: str) -> None:
    database = Database(workspace / "library.sqlite")
    database.write("meta", (key, value), "INSERT OR REPLACE")
    database.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_format_is_refused(tmp_path: Path, read_only: bool) -> None:
    store = SQLiteStore(tmp_path)
    add(store, "a1")
    store.close()
    set_meta(tmp_path, "format", str(FORMAT + 1))
    set_meta(tmp_path, "space", json.dumps({"what": "only the newer program knows"}))
    with pytest.raises(IndexMismatchError, match=f"format {FORMAT + 1}, expected {FORMAT}"):
        SQLiteStore(tmp_path, read_only)
    assert read_space(tmp_path) == SPACE


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_format_is_to_be_indexed_again(tmp_path: Path, read_only: bool) -> None:
    SQLiteStore(tmp_path).close()
    set_meta(tmp_path, "format", str(FORMAT - 1))
    expected = rf"format {FORMAT - 1}, expected {FORMAT}: an older .* into a new workspace: python"
    with pytest.raises(IndexMismatchError, match=expected):
        SQLiteStore(tmp_path, read_only)


def test_the_space_is_told_without_the_library(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path)
    assert read_space(tmp_path) is None
    add(store, "a1")
    assert read_space(tmp_path) == SPACE == store.space
    assert isinstance(read_space(tmp_path), Space)
    store.close()


def test_a_lost_space_file_is_written_again(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path)
    add(store, "a1")
    store.close()
    (tmp_path / "space.json").unlink()
    SQLiteStore(tmp_path).close()
    assert read_space(tmp_path) == SPACE


def test_a_busy_workspace_is_told(tmp_path: Path) -> None:
    check_not_busy(tmp_path / "nothing")
    check_not_busy(tmp_path)
    store = SQLiteStore(tmp_path)
    with pytest.raises(WorkspaceBusyError, match=r"process [0-9]+ is writing"):
        check_not_busy(tmp_path)
    store.close()
    check_not_busy(tmp_path)


def test_a_refused_library_stays_free_for_others(tmp_path: Path) -> None:
    SQLiteStore(tmp_path).close()
    set_meta(tmp_path, "format", str(FORMAT + 1))
    with pytest.raises(IndexMismatchError) as refused:
        SQLiteStore(tmp_path)
    check_not_busy(tmp_path)
    assert refused.value.code == "index_mismatch"


def test_odd_folder_names(tmp_path: Path) -> None:
    workspace = tmp_path / "50% of #1?mode=memory"
    store = SQLiteStore(workspace)
    add(store, "a1")
    store.close()
    assert (workspace / "library.sqlite").exists()
    reader = SQLiteStore(workspace, read_only=True)
    assert [each.id for each in reader.recordings()] == ["a1"]
    reader.close()


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_no_file_is_told(
    tmp_path: Path, make: Callable[[Path], None], read_only: bool
) -> None:
    make(tmp_path / "library.sqlite")
    with pytest.raises(UnreadableFileError, match=r"library\.sqlite is not a regular file"):
        open_store(tmp_path, read_only)
    check_not_busy(tmp_path)


def test_text_that_utf_8_cannot_spell_is_told(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(InvalidQueryError, match=r"received .*udcff.*, expected text"):
        store.file("lib/\udcff.ogg")
    store.close()


def test_an_index_left_by_a_crash_is_removed_from_an_empty_library(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    add(store, "a1")
    left = (tmp_path / "space.json").read_bytes()
    store.remove("a1")
    store.close()
    (tmp_path / "space.json").write_bytes(left)
    (tmp_path / "approximate.faiss").write_bytes(b"of vectors that are gone")
    reader = open_store(tmp_path, read_only=True)
    assert [each.what for each in reader.check()] == ["approximate.faiss"]
    reader.close()
    store = open_store(tmp_path)
    assert store.check() == []
    assert read_space(tmp_path) is None
    store.close()


def test_a_library_of_which_nothing_can_be_kept_takes_another_space(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path)
    add(store, "a1")
    store._db.execute("DELETE FROM blocks")
    assert [each.what for each in store.repair()] == ["recording 'a1'"]
    assert store.space is read_space(tmp_path) is None
    assert store.check() == []
    store.close()


CLOSED_WHILE_READ = """
import sys, threading
from contextlib import suppress
from pathlib import Path
from sqlite3 import ProgrammingError
from audiosearch.store.sqlite import SQLiteStore

def read(store):
    with suppress(ProgrammingError):  # it is closed
        while True:
            store.folders(), list(store.files()), store.totals()

for number in range(30):
    store = SQLiteStore(Path(sys.argv[1], str(number)))
    for folder in range(50):
        store.add_folder(f"folder {folder}", f"/folder {folder}")
    readers = [threading.Thread(target=read, args=(store,)) for _ in range(3)]
    for reader in readers:
        reader.start()
    store.close()
    for reader in readers:
        reader.join()
"""


def test_closing_does_not_crash_threads_that_read(tmp_path: Path) -> None:
    """SQLite itself does, if a connection is closed within another thread's statement."""
    command = [sys.executable, "-c", CLOSED_WHILE_READ, str(tmp_path)]
    assert subprocess.run(command, timeout=120, check=False).returncode == 0
