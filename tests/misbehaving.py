"""Functions that do to a sandbox's worker what hostile files do to decoders."""

import os
import resource
import signal
import sys
import time

import numpy as np

from audiosearch import errors


def sleep(source: bytes) -> int:
    """Sleep as many seconds as the source says, and give the process's id."""
    time.sleep(float(source))
    return os.getpid()


def loop_in_c(source: bytes) -> int:
    """Take minutes without ever coming back to Python, where signals are handled."""
    return sum(range(10**12)) + len(source)


def crash(source: bytes) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def exit_with(source: bytes) -> None:
    os._exit(int(source))


def allocate(source: bytes) -> int:
    """Allocate as many MB as the source says, and touch them."""
    return np.ones(int(source) * 2**20, np.uint8).size


def raise_ours(source: bytes) -> None:
    raise getattr(errors, source.decode())("what was received")


def raise_value_error(source: bytes) -> None:
    raise ValueError("no such chunk")


def imported(source: bytes) -> list[str]:
    return sorted(sys.modules)


def surroundings(source: bytes) -> tuple[int, int, bool]:
    """Give niceness, the largest core dump, and whether Ctrl-C is ignored."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return os.nice(0), resource.getrlimit(resource.RLIMIT_CORE)[0], ignored
