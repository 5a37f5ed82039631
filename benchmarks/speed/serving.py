"""Measures a server: its start, its memory, and how long a search for a clip of 10 s takes."""

import base64
import subprocess
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
import psutil

from audiosearch.store.rows import Space
from audiosearch.weights import PROJECT_DIR
from benchmarks.speed.indexing import index
from benchmarks.speed.inputs import Setup
from benchmarks.speed.library import grow
from benchmarks.speed.processes import proportional_bytes
from tests.integration.service import Service, app, serving

WARM_UP = 5  # searches
STARTS = 5
LIMIT = 10


def help_s() -> float:
    """Give the median time that ``python app.py --help`` takes."""
    taken_s = []
    for _ in range(STARTS):
        started = time.perf_counter()
        subprocess.run(app("--help"), cwd=PROJECT_DIR, stdout=subprocess.DEVNULL, check=True)
        taken_s.append(time.perf_counter() - started)
    return median(taken_s)


def measure(
    setup: Setup,
    workspace: Path,
    space: Space,
    n_windows: int,
    queries: Sequence[Path],
    n_searches: int,
    recordings: Sequence[Path],
) -> dict[str, Any]:
    """Measure a server whose library has so many windows.

    Parameters
    ----------
    setup : Setup
        Its encoder.
    workspace : Path
        Its library, which grows.
    space : Space
        Of the library.
    n_windows : int
        How many it is to have.
    queries : sequence of Path
        What is asked about, in turns.
    n_searches : int
        How often.
    recordings : sequence of Path
        What is indexed in the end.
    """
    grow(workspace, space, n_windows)
    started = time.perf_counter()
    with serving(workspace, *setup.options, **setup.environment) as service:
        ready_s = time.perf_counter() - started
        server = psutil.Process(service.process.pid)
        idle = proportional_bytes(server)
        searches = search(service, queries, n_searches)
        return {
            "windows": n_windows,
            "matrix_bytes": n_windows * space.dim * 4,
            "ready_s": ready_s,
            "idle_bytes": idle,
            **searches,
            "used_bytes": proportional_bytes(server),
            "indexing": index(service, setup, recordings),
        }


def search(service: Service, queries: Sequence[Path], n_searches: int) -> dict[str, Any]:
    """Search over one connection, the first of all apart."""
    turns = cycle([_body(path) for path in queries])
    with httpx.Client(base_url=service.address, timeout=None, trust_env=False) as client:
        first, *_ = [_timed(client, body) for body in islice(turns, WARM_UP)]
        stages = [_timed(client, body) for body in islice(turns, n_searches)]
    return {
        "first_ms": first,
        "stages_ms": {
            stage: percentiles([each[stage] for each in stages])
            for stage in sorted(stages[0], key=lambda stage: stage == "all")
        },
    }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Give the median and the 95th percentile."""
    cuts = quantiles(values, n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94]}


def _body(path: Path) -> dict[str, Any]:
    sound = base64.b64encode(path.read_bytes()).decode()
    query = {"uri": f"data:audio/mpeg;base64,{sound}"}
    return {"data": [query], "parameters": {"limit": LIMIT}}


def _timed(client: httpx.Client, body: dict[str, Any]) -> dict[str, float]:
    """Search once; gives the stages' times in ms, ``other`` what is left of ``all``."""
    started = time.perf_counter()
    response = client.post("/search", json=body).raise_for_status()
    elapsed_ms = 1000 * (time.perf_counter() - started)
    if len(response.json()["data"][0]["matches"]) != LIMIT:
        raise RuntimeError(f"expected {LIMIT} matches: {response.text[:200]}")
    stages = server_timing(response.headers["Server-Timing"])
    return stages | {"other": elapsed_ms - sum(stages.values()), "all": elapsed_ms}


def server_timing(header: str) -> dict[str, float]:
    """Read the header of an answer: milliseconds by stage.

    Examples
    --------
    >>> server_timing("decode;dur=12.5, encode;dur=30.0")
    {'decode': 12.5, 'encode': 30.0}
    """
    entries = (entry.strip().partition(";dur=") for entry in header.split(","))
    return {stage: float(duration_ms) for stage, _, duration_ms in entries}
