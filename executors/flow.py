"""Loads flow.yml with the command line's options, and serves it."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from audiosearch.config import encoder_options, read_flow_yml
from audiosearch.errors import ServerError
from audiosearch.lifetime import die_with_parent
from audiosearch.weights import PROJECT_DIR

CHILDREN_EACH_S = 0.05
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
    preload: bool = True,
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
    preload : bool
        Whether the indexer may read the vectors at its start, as the YAML tells it to.

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
        if not preload:
            options.pop("preload", None)
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
        Die at once where a microservice does, instead of starting it again.

    Raises
    ------
    ServerError
        If a microservice does not start; it has said why.
    """
    import rich
    from jina.excepts import RuntimeFailToStart

    # Jina's banner names addresses on which nobody listens, and its errors repeat ours.
    rich.get_console().quiet = os.environ["JINA_LOG_LEVEL"] == "ERROR"

    os.register_at_fork(before=_note_parent, after_in_child=lambda: become_microservice(_parent))
    run = _run_all_or_none if all_or_none else _run_supervised
    try:
        run(load_flow(config), on_ready)
    except RuntimeFailToStart as error:
        raise ServerError(
            "the Flow did not start; what Jina says of it is shown with JINA_LOG_LEVEL=INFO"
        ) from error


def load_flow(config: dict[str, Any]) -> Any:
    """Make a Flow; Jina, which writes YAML on the way, would break long paths at their spaces."""
    from jina import Flow
    from jina.jaml import JAML

    JAML.dump = staticmethod(partial(JAML.dump, width=sys.maxsize))
    return Flow.load_config(config)


def pods_of(flow: Any) -> list[tuple[str, Any]]:
    """Give the names and Jina pods of the microservices that a Flow has started by now."""
    return [
        (name, pod)
        for name, deployment in list(flow._deployment_nodes.items())  # may grow meanwhile
        for replicas in list(deployment.shards.values())
        for pod in list(replicas._pods)
    ]


def become_microservice(parent: int) -> None:
    """Bind this process to its server: it must not outlive it and keep the workspace's lock.

    Ctrl-C in a terminal does not reach it: the server ends it when its work is done.

    Parameters
    ----------
    parent : int
        The process that started it.
    """
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not the server's, until Jina sets its own
    die_with_parent(parent)


def _run_supervised(flow: Any, on_ready: Callable[[], None]) -> None:
    from executors.supervision import Supervisor

    started, stop = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        if not started.is_set():  # Jina would go on starting; nothing has been promised yet
            os._exit(0)
        stop.set()

    _on_signals(end)
    threading.Thread(target=_die_with_a_child, args=(flow, started), daemon=True).start()
    flow.start()
    started.set()
    supervisor = Supervisor(flow)
    try:
        on_ready()
    except BaseException:  # the microservices would live on, and this process wait for them
        stop.set()
        raise
    finally:
        supervisor.run(stop)


def _run_all_or_none(flow: Any, on_ready: Callable[[], None]) -> None:
    stop = threading.Event()
    _on_signals(lambda *_: stop.set())
    threading.Thread(target=_die_with_a_child, args=(flow, stop), daemon=True).start()
    with flow:
        on_ready()
        flow.block(stop)


def _on_signals(handler: Callable[..., None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _die_with_a_child(flow: Any, until: threading.Event) -> None:
    """End this server when a microservice was killed; one that refuses to start tells why."""
    while not until.wait(CHILDREN_EACH_S):
        statuses = [pod.worker.exitcode or 0 for _, pod in pods_of(flow)]
        if any(status < 0 and status != -signal.SIGTERM for status in statuses):
            os.kill(os.getpid(), signal.SIGKILL)


def _note_parent() -> None:
    global _parent
    _parent = os.getpid()
