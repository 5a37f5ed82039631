"""Describes the machine and the versions, without which no figure means anything."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from audiosearch.openvino_runtime import has_bf16
from audiosearch.weights import PROJECT_DIR

PACKAGES = (
    *("jina", "docarray", "numpy", "openvino", "tensorflow-cpu", "faiss-cpu"),
    *("soundfile", "soxr", "librosa", "resampy", "av"),
)


def describe() -> dict[str, Any]:
    """Describe the machine, the program and the moment."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": cpu_line("model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "amx": has_amx(),
        "bf16": has_bf16(),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in PACKAGES},
    }


def has_amx() -> bool:
    """Tell whether the processor multiplies matrices of bf16 in tiles."""
    return "amx_bf16" in cpu_line("flags").split()


def cpu_line(name: str) -> str:
    """Read what Linux says of the first core."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    values = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(values, "")


def _commit() -> str | None:
    """Name the commit; ``None`` where there is no repository."""
    command = ["git", "-C", str(PROJECT_DIR), "describe", "--always", "--dirty"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return ended.stdout.strip()
