"""Loads flow.yml with the command line's options, and serves it."""

import os
import sys
from pathlib import Path
from typing import Any

import yaml

from audiosearch.weights import PROJECT_DIR

# docarray imports TensorFlow wherever it is installed, which costs every process 2.4 s and 500 MB.
# The one encoder that computes with it takes this away again.
sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]
os.environ.setdefault("JINA_OPTOUT_TELEMETRY", "1")
os.environ.setdefault("JINA_LOG_LEVEL", "ERROR")

FLOW_YML = PROJECT_DIR / "flow.yml"


def flow_config(
    workspace: Path,
    host: str | None = None,
    port: int | None = None,
    encoder: str | None = None,
) -> dict[str, Any]:
    """Read flow.yml and apply options.

    Parameters
    ----------
    workspace : Path
        Where the library is kept.
    host, port : optional
        Where the gateway listens, in the YAML's stead.
    encoder : str, optional
        The encoder to use, without fallback.

    Returns
    -------
    dict
        What ``Flow.load_config`` takes; its paths are absolute.
    """
    config: dict[str, Any] = yaml.safe_load(FLOW_YML.read_text())
    config["with"]["workspace"] = str(workspace.resolve())
    gateway = config["gateway"]
    gateway["uses"] = str(PROJECT_DIR / gateway["uses"])
    gateway["host"] = host or gateway["host"]
    gateway["port"] = port or gateway["port"]
    for box in config["executors"]:
        box["py_modules"] = str(PROJECT_DIR / box["py_modules"])
        options = box["uses_with"]
        if "library_roots" in options:
            options["library_roots"] = [
                str(PROJECT_DIR / each) for each in options["library_roots"]
            ]
        if encoder and "model" in options:
            options |= {"model": encoder, "fallback": None}
    return config


def serve(config: dict[str, Any]) -> None:
    """Run the Flow until SIGINT or SIGTERM.

    Parameters
    ----------
    config : dict
        As of ``flow_config``.
    """
    from jina import Flow

    with Flow.load_config(config) as flow:
        flow.block()
