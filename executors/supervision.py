"""Looks after the microservices of a running Flow, which Jina itself never starts again."""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from executors.flow import become_microservice, pods_of  # before Jina: it keeps TensorFlow out

GATEWAY = "gateway"  # as Jina names it
POLL_S = 0.1
RESTARTS = 5
PERIOD_S = 60.0
"""A microservice is started again at most ``RESTARTS`` times in so many seconds."""
DRAIN_S = 7.0
"""How long the gateway has to answer what it was asked before; it gives up a little sooner."""
END_S = 3.0
"""How long the others have then to end what they do."""

logger = logging.getLogger(__name__)


class Supervisor:
    """Starts microservices again that die, and ends them all in the end.

    Must be used in the main thread: Linux ends a microservice with the *thread* that started it.

    Parameters
    ----------
    flow : jina.Flow
        Started. It must not be closed: Jina would wait a minute for a process that was killed.
    """

    def __init__(self, flow: Any) -> None:
        self._microservices = [_Microservice(name, pod) for name, pod in pods_of(flow)]

    def run(self, stop: threading.Event) -> None:
        """Look after the microservices until ``stop`` is set, then end them.

        The gateway goes first: what it is answering is answered, and nothing new comes in.
        """
        while not stop.is_set():
            for microservice in self._microservices:
                microservice.look_after()
            time.sleep(POLL_S)
        gateways = [each for each in self._microservices if each.name == GATEWAY]
        _end([each.process for each in gateways], DRAIN_S)
        _end([each.process for each in self._microservices if each not in gateways], END_S)


class _Microservice:
    """One of the Flow's processes.

    Parameters
    ----------
    name : str
        Its name in flow.yml, which its replicas share.
    pod : jina.orchestrate.pods.Pod
        What Jina started it as.
    """

    def __init__(self, name: str, pod: Any) -> None:
        self.name = name
        self._options = {
            "args": pod.args,
            "name": pod.name,
            "runtime_cls": pod.runtime_cls,
            "envs": pod._envs,
        }
        self.process: BaseProcess = pod.worker
        self._restarts: deque[float] = deque(maxlen=RESTARTS)  # when, by the monotonic clock
        self._due: float | None = None  # when it is started again, while it is dead

    def look_after(self) -> None:
        """Start it again if it has died, at once or, where it dies again and again, later."""
        if self._due is None and self.process.exitcode is not None:
            now = time.monotonic()
            self._due = next_restart(self._restarts, now)
            wait_s = self._due - now
            when = f"in {wait_s:.0f} s" if wait_s > 0 else "now"
            logger.warning("%s %s; it is started again %s", self.name, _ending(self.process), when)
        if self._due is not None and self._due <= time.monotonic():
            self._start()

    def _start(self) -> None:
        self.process.close()
        self.process = _safe_context().Process(
            target=_run, args=(os.getpid(), self._options), name=self.name
        )
        self.process.start()
        self._restarts.append(time.monotonic())
        self._due = None


def next_restart(restarts: Sequence[float], now: float) -> float:
    """Tell when to start again what has died.

    Parameters
    ----------
    restarts : sequence of float
        The moments of the last restarts, the earliest first, in seconds.
    now : float
        By the same clock.

    Returns
    -------
    float
        Now, or the moment from which on there were fewer than ``RESTARTS`` in ``PERIOD_S``.
    """
    if len(restarts) < RESTARTS:
        return now
    return max(now, restarts[-RESTARTS] + PERIOD_S)


def _safe_context() -> Any:
    """Choose how to start a process.

    A fork needs no imports and is quick, but of several threads it copies the locks (gRPC's, say)
    and not who would free them. This process has one thread, unless a library left another behind.
    """
    alone = len(list(Path("/proc/self/task").iterdir())) == 1
    return multiprocessing.get_context("fork" if alone else "spawn")


def _run(parent: int, options: dict[str, Any]) -> None:
    """Be a microservice; nobody waits for the events by which Jina's own orchestration learns."""
    become_microservice(parent)
    import rich
    from jina.serve.executors.run import run

    rich.get_console().quiet = False  # what Jina says by now are errors: why it does not start
    events = ("is_started", "is_shutdown", "is_ready", "is_signal_handlers_installed")
    run(**options, **{each: threading.Event() for each in events})


def _ending(process: BaseProcess) -> str:
    """Tell how a process ended."""
    status = process.exitcode or 0
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended by itself (exit status {status})"


def _end(processes: Sequence[BaseProcess], timeout_s: float) -> None:
    """Ask processes to end, and kill those that have not after a time."""
    deadline = time.monotonic() + timeout_s
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        process.kill()
        process.join()
