"""Tells which files of a disk are new, changed or gone since they were indexed."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audiosearch.errors import NotFoundError
from audiosearch.report import Report
from audiosearch.scan import find_media
from audiosearch.store import open_store
from audiosearch.store.rows import File
from audiosearch.tags import Labels, digest


@dataclass(frozen=True)
class FoundFile:
    """A file to be indexed; ``size`` in bytes."""

    path: Path
    size: int
    mtime_ns: int


@dataclass
class Known:
    """What a library knows of the files of its disk.

    Parameters
    ----------
    files : dict
        Each file by its path.
    complete : set of str
        Ids of the recordings that are wholly indexed.
    """

    files: dict[str, File] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)


def read_known(workspace: Path) -> Known:
    """Read what the library of a workspace knows; nothing where there is none."""
    try:
        store = open_store(workspace, read_only=True)
    except NotFoundError:
        return Known()
    try:
        files = {file.path: file for file in store.files() if file.path}
        return Known(files, {each.id for each in store.recordings() if each.complete})
    finally:
        store.close()


def find_changed(
    paths: Sequence[Path], known: Known, report: Report, retry_failed: bool = False
) -> list[FoundFile]:
    """Find the files that the library does not know as they are, without opening any.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    known : Known
        What the library knows.
    report : Report
        Gets the files that need no work: unchanged ones, and those that failed before.
    retry_failed : bool
        Try files that failed again though they have not changed.

    Returns
    -------
    list of FoundFile
        Each once.
    """
    labels = Labels()
    changed = []
    for found in _found(paths, report):
        file = known.files.get(str(found.path))
        if not file or (file.size, file.mtime_ns) != (found.size, found.mtime_ns):
            changed.append(found)
        elif file.code and not retry_failed:
            report.fail(str(found.path), file.code, file.message or "")
            report.failed_before += 1
        elif (
            file.recording_id in known.complete
            and digest(labels.row(file.uri, found.path)) == file.labels
        ):
            report.unchanged += 1
        else:
            changed.append(found)
    return changed


def find_vanished(paths: Sequence[Path], known: Known) -> list[str]:
    """Find the known files below folders that are no longer there.

    Parameters
    ----------
    paths : sequence of Path
        The folders; others are ignored.
    known : Known
        What the library knows.

    Returns
    -------
    list of str
        The files' uris, in order.
    """
    folders = tuple(os.path.abspath(path).rstrip("/") + "/" for path in paths if path.is_dir())
    return [
        file.uri
        for path, file in known.files.items()
        if path.startswith(folders) and not os.path.lexists(path)
    ]


def still_known(uris: Collection[str], workspace: Path) -> list[str]:
    """Give those of the uris that the library knows: a file that has moved has lost its own."""
    if not uris:
        return []
    now = {file.uri for file in read_known(workspace).files.values()}
    return [uri for uri in uris if uri in now]


def _found(paths: Sequence[Path], report: Report) -> Iterator[FoundFile]:
    seen: set[Path] = set()
    for path in paths:
        try:
            found = list(find_media(path))
        except NotFoundError as error:
            report.fail(str(path), error.code, str(error))
            continue
        for each in found:
            if each not in seen:
                seen.add(each)
                yield _with_state(each)


def _with_state(path: Path) -> FoundFile:
    try:
        state = path.stat()
    except OSError:
        return FoundFile(path, 0, 0)  # the server tells what is wrong with it
    return FoundFile(path, state.st_size, state.st_mtime_ns)
