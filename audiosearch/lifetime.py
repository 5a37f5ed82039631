"""Lets processes die with the one that needs them."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Have Linux kill this process when the thread that started it ends, be it by a kill -9.

    Parameters
    ----------
    parent : int
        The process that started this one: if it is gone already, this one is killed at once.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before Linux knew
        os.kill(os.getpid(), signal.SIGKILL)
