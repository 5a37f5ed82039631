"""What the service counts and measures of itself, for Prometheus."""

import os
import time
from collections.abc import Mapping
from typing import Any

import psutil
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from executors.service.waiting_room import WaitingRoom

MEDIA_TYPE = CONTENT_TYPE_LATEST
_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5, 10, 30, 60)


class Metrics:
    """The service's counters.

    Parameters
    ----------
    searches : WaitingRoom
        The searches under way.
    """

    def __init__(self, searches: WaitingRoom) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._of(
            Counter, "requests", "Requests answered.", ["method", "route", "status"]
        )
        self._seconds = self._of(
            Histogram, "request_seconds", "Time to answer.", ["method", "route"], buckets=_SECONDS
        )
        self._stages = self._of(
            Histogram, "stage_seconds", "Time a search takes.", ["stage"], buckets=_SECONDS
        )
        self._of(Gauge, "searches_running", "Searches being answered.").set_function(
            lambda: searches.running
        )
        self._of(Gauge, "searches_waiting", "Searches that wait for their turn.").set_function(
            lambda: searches.waiting
        )
        self._memory = self._of(
            Gauge, "memory_bytes", "Memory of all processes, shared pages divided among them."
        )
        self._library = {
            "recordings": self._of(Gauge, "recordings", "Recordings in the library."),
            "windows": self._of(Gauge, "windows", "Windows in the library."),
            "duration_s": self._of(Gauge, "audio_seconds", "Audio in the library."),
        }
        self._failures = self._of(Gauge, "failures", "Files that failed, by reason.", ["code"])

    def observe_stages(self, timings: Mapping[str, float]) -> None:
        """Note how long the stages of a search took, in seconds."""
        for stage, seconds in timings.items():
            self._stages.labels(stage).observe(seconds)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note a request that was answered."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def render(self, library: Mapping[str, Any], memory_bytes: float) -> bytes:
        """Write all in Prometheus's text format.

        Parameters
        ----------
        library : mapping
            As of ``status`` of ``executors/facts.py``.
        memory_bytes : float
            As of ``memory_of_all``.
        """
        self._memory.set(memory_bytes)
        for name, gauge in self._library.items():
            gauge.set(library[name])
        self._failures.clear()
        for code, count in library["failures"].items():
            self._failures.labels(code).set(count)
        return generate_latest(self._registry)

    def _of(self, kind: Any, name: str, help_: str, labels: Any = (), **options: Any) -> Any:
        return kind(f"audiosearch_{name}", help_, labels, registry=self._registry, **options)


class Measured:
    """Measures every request.

    Parameters
    ----------
    app : ASGIApp
        What answers.
    metrics : Metrics
        What takes note.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note how it was answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            elapsed_s = time.perf_counter() - started
            self._metrics.observe_request(_label(scope["method"]), route, status, elapsed_s)


def memory_of_all() -> float:
    """Add up the proportional set sizes of the service's processes, in bytes; it takes its time."""
    root = psutil.Process(os.getppid())
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return float(total)


def _label(method: str) -> str:
    """Name a method, or those that somebody has made up: each label is kept for ever."""
    return method if method in _METHODS else "other"
