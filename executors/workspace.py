"""Where the microservices find the library."""

from pathlib import Path

from jina import Executor


def workspace_of(executor: Executor) -> Path:
    """Tell the workspace folder: the Flow's ``workspace``, or the one given to the Executor."""
    flow = getattr(executor.runtime_args, "workspace", None)
    return Path(flow or executor._init_workspace or "workspace")
