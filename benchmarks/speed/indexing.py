"""Measures ``python app.py index``: each kind of recording, by each encoder."""

import json
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from audiosearch.weights import PROJECT_DIR
from benchmarks.speed.inputs import Setup, audio_seconds
from benchmarks.speed.processes import cpu_seconds, loopback_bytes, peak_bytes
from tests.integration.service import Service, app, serving

COMMAND_LINE = "command line"

Kinds = Mapping[str, Sequence[Path]]
"""Recordings by what they are."""


def measure(setup: Setup, kinds: Kinds, warm_up: Path) -> dict[str, Any]:
    """Index each kind with a server that runs, and has indexed one recording.

    Returns
    -------
    dict
        ``runs``: as of ``index``, by kind; ``peak_bytes``: of each role, after all of them.
    """
    with TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        with serving(workspace, *setup.options, **setup.environment) as service:
            index(service, setup, [warm_up])
            runs = {kind: index(service, setup, files) for kind, files in kinds.items()}
            peaks = peak_bytes(psutil.Process(service.process.pid))
    return {"runs": runs, "peak_bytes": peaks}


def measure_alone(setup: Setup, files: Sequence[Path]) -> dict[str, float]:
    """Index with no server running: the command starts one, and ends it."""
    with TemporaryDirectory() as folder:
        elapsed_s, _ = _run(Path(folder) / "workspace", setup, files)
    return {"audio_s": audio_seconds(files), "elapsed_s": elapsed_s}


def index(service: Service, setup: Setup, files: Sequence[Path]) -> dict[str, Any]:
    """Run the command line to its end.

    Returns
    -------
    dict
        ``audio_s``; ``elapsed_s`` from the command's start to its end; ``cpu_s`` of each role;
        ``bytes`` that went over the loopback interface.
    """
    server = psutil.Process(service.process.pid)
    sent, before = loopback_bytes(), cpu_seconds(server)
    elapsed_s, own_s = _run(service.workspace, setup, files)
    after = cpu_seconds(server)
    cpu_s = {role: after[role] - before.get(role, 0.0) for role in after} | {COMMAND_LINE: own_s}
    return {
        "files": len(files),
        "audio_s": audio_seconds(files),
        "elapsed_s": elapsed_s,
        "cpu_s": cpu_s,
        "bytes": loopback_bytes() - sent,
    }


def _run(workspace: Path, setup: Setup, files: Sequence[Path]) -> tuple[float, float]:
    """Give the seconds that the command line takes, by the clock and of the processor."""
    command = app("index", *files, "--workspace", workspace, *setup.options, "--json")
    cpu_s, started = _children_s(), time.perf_counter()
    ended = subprocess.run(
        command, cwd=PROJECT_DIR, env=os.environ | setup.environment, capture_output=True, text=True
    )
    elapsed_s = time.perf_counter() - started
    if ended.returncode:
        raise RuntimeError(f"index failed: {ended.stderr}")
    report = json.loads(ended.stdout)
    if report["added"] != len(files):
        raise RuntimeError(f"expected {len(files)} recordings added: {report}")
    return elapsed_s, _children_s() - cpu_s


def _children_s() -> float:
    """Tell the processor time of the commands that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
