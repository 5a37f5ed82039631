"""Indexes files and folders: hands what has changed to a server, and keeps account."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from audiosearch.background import in_daemon
from audiosearch.changes import FoundFile, find_changed, find_vanished, read_known, still_known
from audiosearch.errors import (
    AudioSearchError,
    DiskFullError,
    ServerError,
    ServerUnavailableError,
)
from audiosearch.report import Report

REQUESTS_AT_ONCE = 4
FILES_A_REQUEST = 8
BYTES_A_REQUEST = 8_000_000
TRIES = 3
MAX_IN_VAIN = 10
BACKOFF_S = 0.25  # the pause after a failure, longer with each further one in a row


class Server(Protocol):
    """What indexes files, such as a ``Client``."""

    def index(self, uris: list[str], folders: list[str]) -> list[dict[str, Any]]:
        """Have files indexed; gives what became of each."""
        ...


Connection = Callable[[], AbstractContextManager[Server]]
"""Gives a server, if one is needed."""

Remove = Callable[[Sequence[str]], Sequence[str]]
"""Removes files by their uris; gives those that were there."""

OnProgress = Callable[[Report, int, int], None]
"""Called with the report so far, the bytes done and all bytes."""


class IndexingStoppedError(Exception):
    """A server has been told to index no more."""


def index_paths(
    paths: Sequence[Path],
    workspace: Path,
    connection: Connection,
    on_progress: OnProgress,
    retry_failed: bool = False,
    prune: Remove | None = None,
) -> Report:
    """Index files and folders.

    Parameters
    ----------
    paths : sequence of Path
        What to index.
    workspace : Path
        Where the library is: files that it knows unchanged are not read.
    connection : callable
        Gives a server, if one is needed; asked again where that one breaks.
    on_progress : callable
        Told after every request.
    retry_failed : bool
        Try files that failed again though they have not changed.
    prune : callable, optional
        Removes the files that are gone from the folders.

    Returns
    -------
    Report
        What became of each file. Ctrl-C, or a server that is told to stop, ends the work early;
        what is done is kept.

    Raises
    ------
    DiskFullError
        If the workspace's disk is full; what is done is kept.
    """
    report, started = Report(), time.monotonic()
    try:
        known = read_known(workspace)
        vanished = find_vanished(paths, known)
        changed = find_changed(paths, known, report, retry_failed)
        if changed:
            folders = [os.path.abspath(path) for path in paths if path.is_dir()]
            _Work(changed, folders, report, on_progress).run(connection)
        report.vanished = still_known(vanished, workspace) if changed else vanished
        if prune and report.vanished:
            report.pruned = len(prune(report.vanished))
            report.vanished = []
    except (KeyboardInterrupt, IndexingStoppedError):
        report.interrupted = True
    report.elapsed_s = time.monotonic() - started
    return report


@dataclass(frozen=True)
class _Batch:
    """Files that are sent in one request, and how often that was tried in vain."""

    files: list[FoundFile]
    tries: int = 0


Requests = dict[Future[list[dict[str, Any]]], _Batch]
"""The requests under way, with the files that each is about."""


class _Work:
    """Sends files until something became of each.

    A request that fails is tried again, file by file and one at a time: so a file that breaks the
    server is found, and takes no other with it.
    """

    def __init__(
        self, files: list[FoundFile], folders: list[str], report: Report, on_progress: OnProgress
    ) -> None:
        self._total = sum(file.size for file in files)
        self._pending = deque(_Batch(each) for each in _batches(_encodable(files, report)))
        self._running: Requests = {}
        self._folders = folders
        self._report = report
        self._on_progress = on_progress
        self._done = 0
        self._in_vain = 0  # requests and starts that failed since a request succeeded

    def run(self, connection: Connection) -> None:
        """Send all, to another server where one breaks; give up after many failures in a row."""
        started = False
        while self._pending:
            try:
                with connection() as client:
                    started = True
                    self._on_progress(self._report, self._done, self._total)
                    self._send(client)
            except ServerError as error:
                broken = isinstance(error, ServerUnavailableError)
                if not started and not broken:
                    raise
                self._in_vain += 1
                if not broken or self._in_vain >= MAX_IN_VAIN:
                    while self._pending:
                        self._fail(self._pending.popleft(), error)

    def _send(self, client: Server) -> None:
        while self._pending or self._running:
            while self._may_send():
                batch = self._pending.popleft()
                uris = [str(file.path) for file in batch.files]
                self._running[in_daemon(client.index, uris, self._folders)] = batch
            self._collect()

    def _may_send(self) -> bool:
        """Tell whether to send the next batch: one that failed before goes alone."""
        if not self._pending or not self._running:
            return bool(self._pending)
        under_way = [*self._running.values(), self._pending[0]]
        return len(self._running) < REQUESTS_AT_ONCE and not any(each.tries for each in under_way)

    def _collect(self) -> None:
        """Wait for a request, and note what became of its files."""
        finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
        broken: AudioSearchError | None = None
        for future in finished:
            batch = self._running.pop(future)
            try:
                results = future.result()
            except AudioSearchError as error:
                broken = error
                self._put_back(batch, error)
            else:
                self._note(batch, results)
        if broken is None:
            return
        if isinstance(broken, ServerUnavailableError) or self._in_vain + 1 >= MAX_IN_VAIN:
            for batch in self._running.values():
                self._put_back(batch, broken)
            self._running.clear()
            raise broken
        self._in_vain += 1
        time.sleep(BACKOFF_S * self._in_vain)

    def _note(self, batch: _Batch, results: list[dict[str, Any]]) -> None:
        for file, result in zip(batch.files, results, strict=True):
            if result["code"] == DiskFullError.code:
                raise DiskFullError(result["message"])
            self._report.note(str(file.path), result)
        self._in_vain = 0
        self._progress(batch)

    def _put_back(self, batch: _Batch, error: AudioSearchError) -> None:
        """Put the files of a request back, each for itself, or list them as failed."""
        tries = batch.tries + 1
        if tries < TRIES:
            self._pending.extendleft(_Batch([file], tries) for file in batch.files)
        else:
            self._fail(batch, error)

    def _fail(self, batch: _Batch, error: AudioSearchError) -> None:
        for file in batch.files:
            self._report.fail(str(file.path), error.code, str(error))
        self._progress(batch)

    def _progress(self, batch: _Batch) -> None:
        self._done += sum(file.size for file in batch.files)
        self._on_progress(self._report, self._done, self._total)


def _encodable(files: Iterable[FoundFile], report: Report) -> Iterator[FoundFile]:
    """Leave out names that are not valid UTF-8: no answer could spell them."""
    for file in files:
        try:
            str(file.path).encode()
        except UnicodeEncodeError:
            name = os.fsencode(file.path).decode(errors="backslashreplace")
            report.fail(name, "unreadable", "its name is not valid UTF-8; rename it")
        else:
            yield file


def _batches(files: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    """Put small files together: a request costs about as much as decoding one.

    The smallest come first: they are found soon, and none waits while a long one is read.
    """
    batch: list[FoundFile] = []
    for file in sorted(files, key=lambda each: each.size):
        size = sum(each.size for each in batch) + file.size
        if batch and (len(batch) == FILES_A_REQUEST or size > BYTES_A_REQUEST):
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch
