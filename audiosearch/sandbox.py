"""Runs decoders in processes of their own, so that a hostile file harms at most itself."""

import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from audiosearch.deadline import Deadline
from audiosearch.errors import AudioDecodeError, AudioSearchError, ServerUnavailableError
from audiosearch.lifetime import die_with_parent
from audiosearch.sources import Source, name_of

MEMORY_MB = 2048
"""Twice what ten minutes of eight channels at 192 kHz need."""
_CALLS_EACH = 500  # of a worker, before another takes its place: decoders may leak
_GRACE_S = 10.0  # in which a worker starts, and Pebble ends one that is late
_MB = 2**20
_NEVER = Deadline()

T = TypeVar("T")


class Sandbox:
    """Processes that read files for us, and may crash, hang or run out of memory over them.

    They start at once (a call that comes before they have, waits), are replaced when they die, and
    die with the process that made them. Threads may share a sandbox.

    Parameters
    ----------
    workers : int
        How many calls run at once; more wait for their turn.
    memory_mb : int
        What one call may allocate, in MiB, beyond what an idle worker has.
    niceness : int
        How far the workers stand back for other processes, from 0 to 19.
    """

    def __init__(self, workers: int = 2, memory_mb: int = MEMORY_MB, niceness: int = 0) -> None:
        # Linux ends a worker when the thread that started it ends, so a thread of ours does.
        self._starter = ThreadPoolExecutor(1, "sandbox")
        self._workers = [_Worker(memory_mb, niceness, self._starter) for _ in range(workers)]
        self._idle: queue.Queue[_Worker] = queue.Queue()
        for worker in self._workers:
            self._idle.put(worker)

    def run(
        self,
        function: Callable[..., T],
        source: Source,
        *args: Any,
        timeout_s: float,
        deadline: Deadline = _NEVER,
    ) -> T:
        """Call a function in a worker, and give what it returns.

        Parameters
        ----------
        function : callable
            Of a module that workers can import, such as ``decode``.
        source : Path or bytes
            Its first argument: the file that it reads.
        *args
            Its others.
        timeout_s : float
            How long it may take once it has begun, in seconds.
        deadline : Deadline
            Of the request that waits for it, the wait for a worker included.

        Raises
        ------
        AudioSearchError
            As the function raised it.
        AudioDecodeError
            If it takes too long or too much memory, breaks its worker, or raises another error.
        DeadlineError
            If the deadline passes.
        ServerUnavailableError
            If the sandbox is closed.
        """
        worker = self._next_worker(deadline)
        try:
            seconds = max(0.001, min(timeout_s, deadline.left_s))
            return worker.run(seconds, function, source, *args)
        except TimeoutError as error:
            deadline.check()
            raise AudioDecodeError(
                f"{name_of(source)} took longer than {timeout_s:g} s to read: it is damaged or "
                "hostile, or the machine too busy; convert it to another format, such as FLAC"
            ) from error
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the workers, and the calls that run."""
        for worker in self._workers:
            worker.close()
        self._starter.shutdown()

    def _next_worker(self, deadline: Deadline) -> "_Worker":
        while True:
            deadline.check()
            try:
                return self._idle.get(timeout=min(max(0, deadline.left_s), threading.TIMEOUT_MAX))
            except queue.Empty:  # the deadline has passed
                continue


class _Worker:
    """A process that runs one call at a time, and those that take its place.

    Each has a Pebble pool of its own: one that dies in a larger pool may take its neighbours' calls
    along.
    """

    def __init__(self, memory_mb: int, niceness: int, starter: ThreadPoolExecutor) -> None:
        self._memory_mb = memory_mb
        self._niceness = niceness
        self._starter = starter
        self._lock = threading.Lock()
        self._closed = False
        self._pool = self._new_pool()
        self._future: ProcessFuture[Any] = self._schedule(_GRACE_S, os.getpid)  # starts it

    def run(self, timeout_s: float, function: Callable[..., T], source: Source, *args: Any) -> T:
        """Call a function; TimeoutError if it takes too long."""
        try:
            result: T = self._try_twice(timeout_s, function, source, *args)
            return result
        except ProcessExpired as error:
            raise AudioDecodeError(
                f"{name_of(source)} broke the decoder ({_ending(error.exitcode)}): it is damaged "
                "or hostile; export it again from its source"
            ) from error
        except RuntimeError as error:
            raise ServerUnavailableError(
                "the processes that decode cannot be started; ask again in a moment"
            ) from error
        except CancelledError as error:
            raise ServerUnavailableError("the service is stopping; ask again later") from error

    def close(self) -> None:
        """End the process, and the call that it runs."""
        with self._lock:
            self._closed = True
        self._future.cancel()
        self._pool.stop()
        self._pool.join()

    def _try_twice(self, timeout_s: float, *call: Any) -> Any:
        try:
            return self._try(timeout_s, *call)
        except RuntimeError:  # the worker had died before it took the call
            self._restart()
            return self._try(timeout_s, *call)

    def _try(self, timeout_s: float, *call: Any) -> Any:
        future = self._schedule(timeout_s, _call, self._memory_mb, *call)
        try:
            return future.result(timeout_s + _GRACE_S)
        except TimeoutError:
            if not future.done():  # Pebble lost the worker: it ended as if all were well
                self._restart()
            raise

    def _schedule(
        self, timeout_s: float, function: Callable[..., T], *args: Any
    ) -> ProcessFuture[T]:
        with self._lock:
            if self._closed:
                raise CancelledError
            scheduled: ProcessFuture[T] = self._starter.submit(
                self._pool.schedule, function, args=args, timeout=timeout_s
            ).result()
            self._future = scheduled
        return scheduled

    def _restart(self) -> None:
        self._pool.stop()
        self._pool.join()
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=1,
            max_tasks=_CALLS_EACH,
            initializer=_confine,
            initargs=(os.getpid(), self._memory_mb, self._niceness),
            context=_Context(),
        )


def _confine(parent: int, memory_mb: int, niceness: int) -> None:
    """Bind a worker to its limits, and to the process that started it."""
    die_with_parent(parent)
    _silence()
    os.nice(niceness)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Pebble's waits until the decoder returns
    import av  # noqa: F401 (now, so that the first call need not wait)
    import soundfile  # noqa: F401
    import soxr  # noqa: F401

    status = Path("/proc/self/status").read_text()
    idle_kb = int(status.partition("VmData:")[2].split()[0])
    limit = idle_kb * 1024 + memory_mb * _MB
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Path("/proc/self/oom_score_adj").write_text("1000")  # where memory is short, first of all


def _silence() -> None:
    """Drop what decoders print: a broken file makes some write thousands of lines into the log."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _call(memory_mb: int, function: Callable[..., T], source: Source, *args: Any) -> T:
    """Call a function in a worker, and give whatever it raises as an error of ours."""
    try:
        return function(source, *args)
    except AudioSearchError:
        raise
    except MemoryError as error:
        raise AudioDecodeError(
            f"{name_of(source)} needs more than {memory_mb} MB to read: it is damaged or hostile, "
            "or has too many channels; export it again from its source"
        ) from error
    except Exception as error:  # nobody has listed what decoders raise; its text may name paths
        raise AudioDecodeError(
            f"{name_of(source)} broke the decoder ({type(error).__name__}): it is damaged "
            "or hostile; export it again from its source"
        ) from error


def _ending(exit_code: int) -> str:
    """Say how a process ended.

    Examples
    --------
    >>> _ending(-11), _ending(3)
    ('SIGSEGV', 'exit code 3')
    """
    return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"


class _Process(SpawnProcess):
    """A process that does not import its parent's ``__main__``, which may be all of Jina."""

    _lock = threading.Lock()

    def start(self) -> None:
        with self._lock, _bare_main():
            super().start()


class _Context(SpawnContext):
    """How workers start: fork would copy locks that threads of Jina and gRPC hold."""

    Process: ClassVar[type[SpawnProcess]] = _Process


@contextmanager
def _bare_main() -> Iterator[None]:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
