"""Loads flow.yml with the command line's options, and serves it."""

import ctypes
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from audiosearch.config import encoder_options, read_flow_yml
from audiosearch.errors import ServerError
from audiosearch.weights import PROJECT_DIR

CHILDREN_EACH_S = 0.05
PR_SET_PDEATHSIG = 1  # of linux/prctl.h
_parent = 0  # of the microservice that is being started

# docarray imports TensorFlow wherever it is installed, which costs every process 2.4 s and 500 MB.
# The one encoder that computes with it takes this away again.
sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]
os.environ.setdefault("JINA_OPTOUT_TELEMETRY", "1")
os.environ.setdefault("JINA_LOG_LEVEL", "ERROR")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
warnings.filterwarnings("ignore", "pkg_resources is deprecated")  # Jina's; setuptools is pinned


def flow_config(
    workspace: Path,
    host: str | None = None,
    port: int | None = None,
    encoder: str | None = None,
    unverified_weights: bool = False,
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
    unverified_weights : bool
        Accept weights that are not the published ones.

    Returns
    -------
    dict
        What ``Flow.load_config`` takes; its paths are absolute.
    """
    config = read_flow_yml()
    config["with"]["workspace"] = str(workspace.resolve())
    gateway = config["gateway"]
    gateway["uses"] = str(PROJECT_DIR / gateway["uses"])
    gateway["host"] = host or gateway["host"]
    gateway["port"] = gateway["port"] if port is None else port
    for box in config["executors"]:
        box["py_modules"] = str(PROJECT_DIR / box["py_modules"])
        options = box["uses_with"]
        if "library_roots" in options:
            options["library_roots"] = [
                str(PROJECT_DIR / each) for each in options["library_roots"]
            ]
        if box["name"] == "encoder":
            options |= encoder_options(encoder, unverified_weights)
    return config


def serve(config: dict[str, Any], on_ready: Callable[[], None], all_or_none: bool = False) -> None:
    """Run the Flow until SIGINT or SIGTERM.

    Parameters
    ----------
    config : dict
        As of ``flow_config``.
    on_ready : callable
        Called when the gateway answers.
    all_or_none : bool
        Die at once where a microservice does: Jina would neither notice nor start it again.

    Raises
    ------
    ServerError
        If a microservice does not start; it has said why.
    """
    import rich
    from jina import Flow
    from jina.excepts import RuntimeFailToStart

    rich.get_console().quiet = True  # Jina's banner names addresses on which nobody listens

    os.register_at_fork(before=_note_parent, after_in_child=_die_with_parent)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if all_or_none:
        threading.Thread(target=_die_with_a_child, args=(stop,), daemon=True).start()
    try:
        with Flow.load_config(config) as flow:
            on_ready()
            flow.block(stop)
    except RuntimeFailToStart as error:
        raise ServerError("the Flow did not start") from error


def _die_with_a_child(stop: threading.Event) -> None:
    """End this server when a microservice was killed; one that refuses to start tells why."""
    while not stop.is_set():
        with suppress(ChildProcessError):  # there is none yet
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # Jina reaps it
            killed = ended and ended.si_code != os.CLD_EXITED and ended.si_status != signal.SIGTERM
            if killed and not stop.is_set():
                os.kill(os.getpid(), signal.SIGKILL)
        stop.wait(CHILDREN_EACH_S)


def _note_parent() -> None:
    global _parent
    _parent = os.getpid()


def _die_with_parent() -> None:
    """Have Linux kill this microservice with the process that started it.

    Else one that outlives a killed server would keep the workspace's lock.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != _parent:  # it was gone before Linux knew
        os.kill(os.getpid(), signal.SIGKILL)
