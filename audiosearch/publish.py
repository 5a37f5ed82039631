"""Files that appear whole or not at all, also where two processes write the same ones."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a folder for one process; another one waits for it. A killed process lets go.

    Parameters
    ----------
    folder : Path
        An existing folder; no file is written into it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def publish(temporary: Path, final: Path) -> None:
    """Give a finished file its name, once its bytes are on the disk.

    Parameters
    ----------
    temporary : Path
        The finished file, in the folder of ``final``.
    final : Path
        Its name from now on; a file of that name is replaced.
    """
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(final)
