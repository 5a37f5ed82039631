"""Tells whether a path stays below folders, whatever links and ``..`` it goes through."""

import os
from collections.abc import Sequence
from pathlib import Path


def find_inside(path: Path, folders: Sequence[Path]) -> Path | None:
    """Give a path as it is called below a folder, if it stays below one when links are followed.

    A path that starts elsewhere is not looked at, though a link or ``/proc`` may lead it inside:
    that would tell what there is elsewhere.
    """
    real_folders = [Path(os.path.realpath(folder)) for folder in folders]
    for folder, real_folder in zip(folders, real_folders, strict=True):
        for start in (folder, real_folder):
            if path.is_relative_to(start):
                is_inside = _leads_below(path, real_folders)
                return folder / path.relative_to(start) if is_inside else None
    return None


def _leads_below(path: Path, real_folders: Sequence[Path]) -> bool:
    try:
        real = Path(os.path.realpath(path))
    except OSError:  # a link of the kernel's that may not be read
        return False
    return any(real.is_relative_to(folder) for folder in real_folders)
