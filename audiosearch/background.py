"""Runs a call in a thread that does not keep the program alive."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_daemon(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Future[Result]:
    """Call a function in a daemon thread: unlike an executor's, nothing waits for it at the exit.

    Parameters
    ----------
    function : callable
        What to call, with the arguments that follow.

    Returns
    -------
    Future
        Its result or exception.
    """
    future: Future[Result] = Future()
    future.set_running_or_notify_cancel()  # nobody can call it off any longer

    def run() -> None:
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
