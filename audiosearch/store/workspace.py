"""The small files beside a library: who writes to it, and what its vectors were made with."""

import fcntl
import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO

from audiosearch.errors import LibraryDamagedError, WorkspaceBusyError
from audiosearch.store.checksums import row_checksum
from audiosearch.store.rows import Space

SPACE = "space.json"
APPROXIMATE = "approximate.faiss"
LOCK = "writer.lock"


def lock_workspace(workspace: Path) -> IO[str]:
    """Become the one process that writes to a workspace, until the file returned is closed."""
    lock = (workspace / LOCK).open("a+", errors="replace")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise WorkspaceBusyError(
            f"process {owner} is writing to {workspace}; "
            "wait until it ends, stop it, or use another --workspace; while python app.py serve "
            "runs, it is searched and added to at the same time"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def check_not_busy(workspace: Path) -> None:
    """Raise WorkspaceBusyError if a process is writing to a workspace."""
    if workspace.exists():
        lock_workspace(workspace).close()


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

    Raises
    ------
    LibraryDamagedError
        If the file is not as it was written.
    """
    file = workspace / SPACE
    if not file.exists():
        return None
    try:
        values = json.loads(file.read_bytes())
        checksum = bytes.fromhex(values.pop("checksum"))
        space = Space(**values)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _damaged(file) from error
    if checksum != _checksum(space):
        raise _damaged(file)
    return space


def write_space(workspace: Path, space: Space) -> None:
    """Note what a workspace's vectors were made with; see ``read_space``."""
    partial = workspace / f"{SPACE}.part"
    partial.write_text(json.dumps({**asdict(space), "checksum": _checksum(space).hex()}))
    partial.rename(workspace / SPACE)


def disk_bytes(workspace: Path) -> int:
    """Tell what a workspace takes on the disk, in bytes; what goes meanwhile does not count."""
    total = 0
    for path in workspace.rglob("*"):
        with suppress(FileNotFoundError):
            state = path.stat()
            total += state.st_size if stat.S_ISREG(state.st_mode) else 0
    return total


def remove_derived(workspace: Path) -> None:
    """Remove the files that follow from the database: they are made anew."""
    for name in (APPROXIMATE, SPACE):
        (workspace / name).unlink(missing_ok=True)


def space_to_json(space: Space) -> str:
    """Write a space as JSON."""
    return json.dumps(asdict(space))


def space_from_json(text: str) -> Space:
    """Read what ``space_to_json`` wrote."""
    return Space(**json.loads(text))


def _checksum(space: Space) -> bytes:
    return row_checksum(SPACE, [space_to_json(space)])


def _damaged(file: Path) -> LibraryDamagedError:
    return LibraryDamagedError(f"{file} is damaged; delete it: it is written anew")
