"""Indexes in the background, one job after the other."""

import asyncio
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from audiosearch.background import in_daemon
from audiosearch.errors import (
    AudioSearchError,
    NotFoundError,
    ServerError,
    ServerUnavailableError,
)
from audiosearch.indexing import IndexingStoppedError, index_paths
from audiosearch.report import Report
from executors.documents import Recording
from executors.pipeline import Pipeline, RefusedError
from executors.service.liveness import Liveness

State = Literal["queued", "running", "done", "failed", "stopped"]
KEPT = 100
"""Finished jobs that are remembered."""
MAX_WAITING = 100
"""Jobs that may wait for those before them."""
LISTED = 100
"""Failures and vanished files that are told of a job, and kept of a finished one."""

_READY_TIMEOUT_S = 60.0
_READY_EACH_S = 0.25
_LOOK_EACH_S = 0.1
_log = logging.getLogger(__name__)


@dataclass
class Job:
    """Files and folders that are indexed together.

    Parameters
    ----------
    names : dict
        What was asked for, by where it is on this machine.
    trusted : bool
        Whether the files may lie anywhere.
    retry_failed, prune : bool
        As of ``index_paths``.
    """

    names: dict[str, str]
    trusted: bool = False
    retry_failed: bool = False
    prune: bool = False
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: State = "queued"
    message: str | None = None
    report: Report = field(default_factory=Report)
    n_failed: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    created_at: str = field(default_factory=lambda: _now())
    started_at: str | None = None
    finished_at: str | None = None
    version: int = 0  # grows with every change
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def finished(self) -> bool:
        """Whether nothing will change any longer."""
        return self.state in ("done", "failed", "stopped")

    def name_of(self, path: str) -> str:
        """Name a file as it was asked for: paths of this machine are not told."""
        for place, name in self.names.items():
            if path == place or path.startswith(place.rstrip("/") + "/"):
                return name.rstrip("/") + path[len(place.rstrip("/")) :]
        return Path(path).name

    def without_paths(self, message: str) -> str:
        """Name in a message what was asked for in the place of where it is."""
        for place, name in self.names.items():
            message = message.replace(place, name)
        return message

    def note(self, report: Report, done: int, total: int) -> None:
        """Take down how far it is."""
        self.report, self.bytes_done, self.bytes_total = report, done, total
        self.n_failed = len(report.failed)
        self.version += 1

    def turn(self, state: State, message: str | None = None) -> None:
        """Enter another state."""
        self.state, self.message = state, message
        if state == "running":
            self.started_at = _now()
        else:
            self.finished_at = _now()
            del self.report.failed[LISTED:], self.report.vanished[LISTED:]
        self.version += 1


class Jobs:
    """The jobs, in the order of their arrival.

    Parameters
    ----------
    pipeline : Pipeline
        Indexes and removes.
    liveness : Liveness
        Tells when a microservice that died is back.
    """

    def __init__(self, pipeline: Pipeline, liveness: Liveness) -> None:
        self._pipeline = pipeline
        self._liveness = liveness
        self._jobs: dict[str, Job] = {}
        self._queue: asyncio.Queue[Job] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work."""
        self._worker = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop the job that runs; the next index of its folders goes on where it was."""
        for job in self._jobs.values():
            job.stopping.set()
        if self._worker:
            self._worker.cancel()
            with suppress(asyncio.CancelledError):
                await self._worker

    def submit(self, job: Job) -> None:
        """Put a job behind the others.

        Raises
        ------
        RefusedError
            If too many wait.
        """
        if self._queue.qsize() >= MAX_WAITING:
            raise RefusedError(
                "busy", f"{MAX_WAITING} jobs wait already; try again when some have ended"
            )
        self._jobs[job.id] = job
        finished = [each.id for each in self._jobs.values() if each.finished]
        for job_id in finished[:-KEPT]:
            del self._jobs[job_id]
        self._queue.put_nowait(job)

    def all(self) -> list[Job]:
        """Give the jobs, the newest first."""
        return list(reversed(self._jobs.values()))

    def get(self, job_id: str) -> Job:
        """Give a job.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        """
        if job_id not in self._jobs:
            raise NotFoundError(f"there is no job {job_id}; see those that there are at /jobs")
        return self._jobs[job_id]

    def stop(self, job_id: str) -> Job:
        """Have a job stop; what it has indexed stays.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        RefusedError
            If it has ended.
        """
        job = self.get(job_id)
        if job.finished:
            raise RefusedError("finished", f"the job {job_id} has ended: it is {job.state}")
        job.stopping.set()
        if job.state == "queued":
            job.turn("stopped")
        return job

    async def _work(self) -> None:
        while True:
            job = await self._queue.get()
            if not job.finished:
                job.turn("running")
                await self._run(job)

    async def _run(self, job: Job) -> None:
        link = _Link(self._pipeline, self._liveness, job)
        try:
            work = in_daemon(
                index_paths,
                [Path(each) for each in job.names],
                Path(await self._pipeline.ask("workspace")),
                link.connection,
                job.note,
                job.retry_failed,
                link.remove if job.prune else None,
            )
            report = await asyncio.wrap_future(work)
        except AudioSearchError as error:
            job.turn("failed", str(error))
        except Exception:
            _log.exception("a job failed")
            job.turn("failed", "the job failed inside the server; its log says why")
        else:
            job.note(report, job.bytes_done, job.bytes_total)
            job.turn("stopped" if report.interrupted else "done")


class _Link:
    """What a job's thread sees of the pipeline, which lives in the event loop."""

    def __init__(self, pipeline: Pipeline, liveness: Liveness, job: Job) -> None:
        self._pipeline = pipeline
        self._liveness = liveness
        self._job = job
        self._loop = asyncio.get_running_loop()

    @contextmanager
    def connection(self) -> Iterator["_Link"]:
        """Wait until all microservices answer."""
        self._call(self._until_ready())
        yield self

    def index(self, uris: Sequence[str], folders: Sequence[str]) -> list[dict[str, Any]]:
        """Have files indexed; gives what became of each."""
        docs = [Recording(uri=uri) for uri in uris]
        trusted = self._job.trusted
        done = self._call(self._pipeline.index(docs, list(folders) if trusted else [], trusted))
        return [doc.model_dump(include=_NOTED) for doc in done]

    def remove(self, uris: Sequence[str]) -> list[str]:
        """Have files forgotten; gives the uris of those that were known."""
        done = self._call(self._pipeline.remove([Recording(uri=uri) for uri in uris]))
        return [doc.uri or "" for doc in done if doc.status == "removed"]

    async def _until_ready(self) -> None:
        async with asyncio.timeout(_READY_TIMEOUT_S):
            while not all((await self._liveness.check()).values()):
                await asyncio.sleep(_READY_EACH_S)

    def _call(self, coroutine: Any) -> Any:
        """Wait for the event loop to do something, or for the job to be stopped."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        while not wait([future], _LOOK_EACH_S).done:
            if self._job.stopping.is_set():
                future.cancel()
                raise IndexingStoppedError
        try:
            return future.result()
        except TimeoutError as error:
            raise ServerUnavailableError("a microservice does not answer") from error
        except CancelledError:
            raise IndexingStoppedError from None
        except RefusedError as error:
            broken = error.reason == "unavailable"
            kind = ServerUnavailableError if broken else ServerError
            raise kind(str(error)) from error


_NOTED = {"uri", "status", "code", "message", "duration_s"}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
