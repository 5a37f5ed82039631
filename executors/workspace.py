"""What the microservices share when they start."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jina import Executor

from audiosearch.errors import AudioSearchError, InvalidQueryError

START_ERROR = "Error: "
"""How a line begins that says why a microservice did not start."""


def workspace_of(executor: Executor) -> Path:
    """Tell the workspace folder: the Flow's ``workspace``, or the one given to the Executor."""
    flow = getattr(executor.runtime_args, "workspace", None)
    return Path(flow or executor._init_workspace or "workspace")


@contextmanager
def errors_told() -> Iterator[None]:
    """Print an error of ours as one line: Jina tells only that a microservice did not start."""
    try:
        yield
    except AudioSearchError as error:
        print(f"{START_ERROR}{error}", file=sys.stderr, flush=True)
        raise


def jina_options(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse options that neither the microservice nor Jina has: Jina would ignore them.

    Parameters
    ----------
    options : dict
        What is left of ``uses_with`` and what Jina adds to it.

    Returns
    -------
    dict
        The same.

    Raises
    ------
    InvalidQueryError
        If one is unknown.
    """
    unknown = options.keys() - inspect.signature(Executor.__init__).parameters.keys()
    with errors_told():
        if unknown:
            raise InvalidQueryError(
                f"received the unknown option {min(unknown)!r}, expected those of the class "
                "that uses_with belongs to; see its docstring"
            )
    return options
