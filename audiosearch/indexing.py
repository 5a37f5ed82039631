"""Indexes files and folders: finds what is new, hands it to a server, and keeps account."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audiosearch.client import Client
from audiosearch.errors import AudioSearchError, NotFoundError
from audiosearch.scan import find_media
from audiosearch.store.sqlite import SQLiteStore

REQUESTS_AT_ONCE = 4
FILES_A_REQUEST = 8
BYTES_A_REQUEST = 8_000_000


@dataclass(frozen=True)
class FoundFile:
    """A file to be indexed; ``size`` in bytes."""

    path: Path
    size: int
    mtime_ns: int


@dataclass
class Report:
    """What became of the files.

    Parameters
    ----------
    added, known, unchanged : int
        How many files were encoded, were known by their audio under another name, were skipped.
    failed : list of dict
        ``path``, ``code`` and ``message`` of each that could not be indexed.
    duration_s : float
        Audio encoded, in seconds.
    elapsed_s : float
        Time taken, in seconds.
    interrupted : bool
        Whether files are left.
    """

    added: int = 0
    known: int = 0
    unchanged: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    duration_s: float = 0.0
    elapsed_s: float = 0.0
    interrupted: bool = False

    @property
    def n_files(self) -> int:
        """Count the files that something became of."""
        return self.added + self.known + self.unchanged + len(self.failed)

    def fail(self, path: str, code: str, message: str) -> None:
        """Note a failure."""
        self.failed.append({"path": path, "code": code, "message": message})

    def note(self, path: str, result: dict[str, Any]) -> None:
        """Note what the server says of a file."""
        if result["status"] == "failed":
            self.fail(path, result["code"] or "error", result["message"] or "")
        else:
            setattr(self, result["status"], getattr(self, result["status"]) + 1)
            if result["status"] == "added":
                self.duration_s += result["duration_s"]


Requests = dict[Future[list[dict[str, Any]]], list[FoundFile]]
"""The requests under way, with the files that each is about."""

OnProgress = Callable[[Report, int, int], None]
"""Called with the report so far, the bytes done and all bytes."""


def index_paths(
    paths: Sequence[Path],
    workspace: Path,
    connection: Callable[[], AbstractContextManager[Client]],
    on_progress: OnProgress,
) -> Report:
    """Index files and folders.

    Parameters
    ----------
    paths : sequence of Path
        What to index.
    workspace : Path
        Where the library is: files that it knows unchanged are not read.
    connection : callable
        Gives a server, if one is needed.
    on_progress : callable
        Told after every request.

    Returns
    -------
    Report
        What became of each file. Ctrl-C ends the work early; what is done is kept.
    """
    report, started = Report(), time.monotonic()
    try:
        new = list(_new_files(paths, workspace, report))
        if new:
            folders = [str(path.absolute()) for path in paths if path.is_dir()]
            with connection() as client:
                _index_files(client, new, folders, report, on_progress)
    except KeyboardInterrupt:
        report.interrupted = True
    report.elapsed_s = time.monotonic() - started
    return report


def _new_files(paths: Iterable[Path], workspace: Path, report: Report) -> Iterator[FoundFile]:
    """Find the files that the library does not know as they are."""
    known = _known_files(workspace)
    seen: set[Path] = set()
    for path in paths:
        try:
            found = list(find_media(path))
        except NotFoundError as error:
            report.fail(str(path), error.code, str(error))
            continue
        for each in found:
            if each in seen:
                continue
            seen.add(each)
            try:
                state = each.stat()
            except OSError:
                size, mtime_ns = 0, 0  # the server tells what is wrong with it
            else:
                size, mtime_ns = state.st_size, state.st_mtime_ns
            if (str(each), size, mtime_ns) in known:
                report.unchanged += 1
            else:
                yield FoundFile(each, size, mtime_ns)


def _known_files(workspace: Path) -> set[tuple[str | None, int | None, int | None]]:
    try:
        store = SQLiteStore(workspace, read_only=True)
    except NotFoundError:
        return set()
    complete = {each.id for each in store.recordings() if each.complete}
    known = {
        (file.path, file.size, file.mtime_ns)
        for file in store.files()
        if file.recording_id in complete
    }
    store.close()
    return known


def _index_files(
    client: Client,
    files: list[FoundFile],
    folders: list[str],
    report: Report,
    on_progress: OnProgress,
) -> None:
    total = sum(file.size for file in files)
    done = 0
    on_progress(report, done, total)
    pool = ThreadPoolExecutor(REQUESTS_AT_ONCE)
    running: Requests = {}
    try:
        for batch in _batches(_encodable(files, report)):
            uris = [str(file.path) for file in batch]
            running[pool.submit(client.index, uris, folders)] = batch
            while len(running) == REQUESTS_AT_ONCE:
                done += _collect(running, report)
                on_progress(report, done, total)
        while running:
            done += _collect(running, report)
            on_progress(report, done, total)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _collect(running: Requests, report: Report) -> int:
    """Wait for a request, note its results, and give the bytes that it was about."""
    finished, _ = wait(running, return_when=FIRST_COMPLETED)
    done = 0
    for future in finished:
        batch = running.pop(future)
        done += sum(file.size for file in batch)
        try:
            results = future.result()
        except AudioSearchError as error:
            for file in batch:
                report.fail(str(file.path), error.code, str(error))
        else:
            for file, result in zip(batch, results, strict=True):
                report.note(str(file.path), result)
    return done


def _encodable(files: Iterable[FoundFile], report: Report) -> Iterator[FoundFile]:
    """Leave out names that are not valid UTF-8: no answer could spell them."""
    for file in files:
        try:
            str(file.path).encode()
        except UnicodeEncodeError:
            name = str(file.path).encode(errors="backslashreplace").decode()
            report.fail(name, "unreadable", "its name is not valid UTF-8; rename it")
        else:
            yield file


def _batches(files: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    """Put small files together: a request costs about as much as decoding one."""
    batch: list[FoundFile] = []
    for file in files:
        size = sum(each.size for each in batch) + file.size
        if batch and (len(batch) == FILES_A_REQUEST or size > BYTES_A_REQUEST):
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch
